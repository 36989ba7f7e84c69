//! What a mapping can say.

use super::*;
use crate::formats::adapter::names::Names;

/// An event of which a test writes what it is about.
fn closed(more: &str) -> String {
    format!("[[event]]\ntype = 'closed'\nid = '{{id}}'\ntime = '{{at}}'\nconversation_id = 'c'\nsource = 's'\n{more}\n")
}

/// Checks one field of an event whose other fields are always the same, by rows of `id,at,a,b`.
#[track_caller]
fn check_field(field: &str, spec: &str, rows: &[(&str, Option<&str>)]) {
    let mut input = String::from("id,at,a,b\n");
    let mut events = String::new();
    for (id, (row, value)) in rows.iter().enumerate() {
        input.push_str(&format!("{id},2025-03-03T09:00:00Z,{row}\n"));
        let value = value.map(|value| format!(",\"{field}\":\"{value}\"")).unwrap_or_default();
        events.push_str(&format!(
            "{{\"source\":\"s\",\"event_id\":\"{id}\",\"occurred_at\":\"2025-03-03T09:00:00.000000Z\",\
             \"event_type\":\"closed\",\"conversation_id\":\"c\"{value}}}\n"
        ));
    }
    check(&closed(spec), &input, &events, &[], 0);
}

#[test]
fn templates_put_columns_into_texts() {
    check_field("topic", "topic = '{a}'", &[("x,", Some("x")), (" ,y", None)]);
    check_field("topic", "topic = '{a}:{b}'", &[("x,y", Some("x:y")), ("x,", None), (",y", None)]);
    check_field("topic", "topic = '{{{ a }}} {b}!'", &[("x,y", Some("{x} y!"))]);
    check_field("topic", "topic = 'always'", &[("x,y", Some("always"))]);
    check_field("topic", "topic = ''", &[("x,y", None)]);
}

#[test]
fn values_are_mapped() {
    let map = "topic = { column = 'a', map = { Bill = 'billing', \"late*\" = 'delivery', spam = '' }";
    for (more, other) in [("", Some("x")), (", otherwise = 'keep'", Some("x")), (", otherwise = 'null'", None)] {
        let rows = [
            ("Bill,", Some("billing")),
            ("BILL,", Some("billing")),
            ("late again,", Some("delivery")),
            ("spam,", None),
            ("x,", other),
            (",", None),
        ];
        check_field("topic", &format!("{map}{more} }}"), &rows);
    }
    let rows = [("Bill,", Some("billing")), ("x,", Some("rest")), (",", Some("rest"))];
    check_field("topic", &format!("{map}, otherwise = 'null', default = 'rest' }}"), &rows);
    check(
        &closed("topic = { column = 'a', map = { x = 'y' }, otherwise = 'reject' }"),
        "id,at,a\n1,2025-03-03T09:00:00Z,z\n",
        "",
        &[("topic is unknown", 2)],
        0,
    );
}

#[test]
fn values_are_changed_in_order() {
    let spec = "topic = { column = 'a', strip = ['agent:', 'bot:'], lower = true, map = { mia = 'M' } }";
    check_field("topic", spec, &[("Agent:Mia,", Some("M")), ("bot:EVE,", Some("eve")), ("agent:,", None)]);
    // BLAKE3 of the five bytes of x@y.z by another implementation, 32 digits of it.
    let hash = "e9294da1ece87e794c2ed7951683050c";
    check_field(
        "contact_id",
        "contact_id = { column = 'a', lower = true, hash = true }",
        &[("X@Y.z,", Some(hash)), (",", None)],
    );
}

#[test]
fn the_first_value_that_is_there_counts() {
    let spec = "team = ['{a}', { column = 'b', when = { column = 'b', is_not = 'nobody' } }, 'rest']";
    check_field("team", spec, &[("x,y", Some("x")), (",y", Some("y")), (",nobody", Some("rest")), (",", Some("rest"))]);
}

#[test]
fn a_pair_is_the_same_whichever_comes_first() {
    let spec = "team = { pair = ['a', 'b'] }";
    check_field("team", spec, &[("1,2", Some("1:2")), ("2,1", Some("1:2")), ("2,2", Some("2:2")), ("1,", None)]);
}

#[test]
fn conditions_choose_rows() {
    let event = |when: &str| closed(&format!("when = {when}"));
    let input = "id,at,a,b\n1,2025-03-03T09:00:00Z,Yes,1\n2,2025-03-03T09:00:00Z,no,\n3,2025-03-03T09:00:00Z,,3\n";
    let cases: [(&str, &[&str]); 10] = [
        ("{ column = 'a', is = 'yes' }", &["1"]),
        ("{ column = 'a', is = ['yes', 'no'] }", &["1", "2"]),
        ("{ column = 'a', is = 'y*' }", &["1"]),
        ("{ column = 'a', is_not = 'yes' }", &["2", "3"]),
        ("{ column = 'a', empty = true }", &["3"]),
        ("{ column = 'b', empty = false }", &["1", "3"]),
        ("[{ column = 'a', empty = false }, { column = 'b', empty = false }]", &["1"]),
        ("{ any = [{ column = 'a', empty = true }, { column = 'b', empty = true }] }", &["2", "3"]),
        (
            "{ any = [[{ column = 'a', is = 'no' }, { column = 'b', empty = true }], { column = 'b', is = 3 }] }",
            &["2", "3"],
        ),
        ("{ text = '{a}{b}', is = 'yes1' }", &["1"]),
    ];
    for (when, ids) in cases {
        for text in [event(when), format!("[input]\nwhen = {when}\n{}", closed(""))] {
            let kept = read(&mapping(&text), ("in", input), &keeping_bodies());
            let found: Vec<String> =
                kept.json().iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found, ids, "{when}");
            assert_eq!(kept.ignored, 3 - ids.len() as u64, "{when}");
        }
    }
}

#[test]
fn one_row_gives_several_events() {
    let text = "[fields]\nsource = 's'\nconversation_id = '{id}'\ntopic = '{topic}'\n\
                [[event]]\ntype = 'opened'\nid = 'o:{id}'\ntime = '{from}'\n\
                [[event]]\ntype = 'closed'\nid = 'c:{id}'\ntime = '{to}'\ntopic = 'none'\n";
    let input = "id,from,to,topic\n\
                 1,2025-03-03T09:00:00Z,2025-03-03T10:00:00Z,a\n\
                 2,2025-03-03T09:00:00Z,,b\n\
                 3,,,c\n\
                 4,yesterday,2025-03-03T10:00:00Z,d\n";
    let event = |id: &str, hour: &str, event_type: &str, conversation: &str, topic: &str| {
        format!(
            "{{\"source\":\"s\",\"event_id\":\"{id}\",\"occurred_at\":\"2025-03-03T{hour}:00:00.000000Z\",\
             \"event_type\":\"{event_type}\",\"conversation_id\":\"{conversation}\",\"topic\":\"{topic}\"}}\n"
        )
    };
    let events = [
        event("o:1", "09", "opened", "1", "a"),
        event("c:1", "10", "closed", "1", "none"),
        event("o:2", "09", "opened", "2", "b"),
        event("c:4", "10", "closed", "4", "none"),
    ];
    check(text, input, &events.concat(), &[("occurred_at is not a time", 5)], 1);
}

#[test]
fn times_may_be_in_several_columns_and_formats() {
    let text = "[input]\nzone = 'Europe/Berlin'\ntime_format = ['epoch_s', '%d.%m.%Y %H:%M']\n\
                [[event]]\ntype = 'closed'\nid = '{id}'\nconversation_id = 'c'\nsource = 's'\n\
                time = ['{a}', { text = '{b} {c}', format = '%Y-%m-%d %H:%M', zone = 'UTC' }]\n";
    let input = "id,a,b,c\n1,1740992400,,\n2,03.03.2025 10:00,,\n3,,2025-03-03,09:00\n4,,2025-03-03,\n5,9:00,,\n";
    let event = |id: u32| {
        format!(
            "{{\"source\":\"s\",\"event_id\":\"{id}\",\"occurred_at\":\"2025-03-03T09:00:00.000000Z\",\
             \"event_type\":\"closed\",\"conversation_id\":\"c\"}}\n"
        )
    };
    check(text, input, &[1, 2, 3].map(event).concat(), &[("occurred_at is not a time", 6)], 1);
}

#[test]
fn a_zone_of_the_user_is_taken_where_the_mapping_has_none() {
    let text = closed("").replace("'{at}'", "{ column = 'at', format = '%Y-%m-%d %H:%M' }");
    let settings = FormatSettings { zone: Some(Zone::parse("Asia/Tokyo").unwrap()), ..FormatSettings::default() };
    let input = ("in", "id,at\n1,2025-03-03 18:00\n");
    let time = |text: &str| read(&mapping(text), input, &settings).json()[0]["occurred_at"].clone();
    assert_eq!(time(&text), "2025-03-03T09:00:00.000000Z");
    assert_eq!(time(&format!("[input]\nzone = 'UTC'\n{text}")), "2025-03-03T18:00:00.000000Z");
}

const PEOPLE: &str = "[people]\nagents = ['shop.example', 'Mia']\nbots = ['bot@shop.example']\n\
                      [[event]]\ntype = 'message'\nid = '{id}'\ntime = '{at}'\nconversation_id = 'c'\nsource = 's'\n\
                      direction = { role_of = 'from' }\nauthor = { role_of = 'from' }\n\
                      contact_id = { contact_of = ['from', 'to'] }\nagent_id = { agent_of = 'from' }\n";

#[test]
fn lists_say_who_is_who() {
    let input = "id,at,from,to\n\
                 1,2025-03-03T09:00:00Z,anna@home.example,help@shop.example\n\
                 2,2025-03-03T09:00:00Z,help@SHOP.example,anna@home.example\n\
                 3,2025-03-03T09:00:00Z,bot@shop.example,anna@home.example\n\
                 4,2025-03-03T09:00:00Z,mia,anna@home.example\n\
                 5,2025-03-03T09:00:00Z,zoe,mia\n\
                 6,2025-03-03T09:00:00Z,Help Desk <help@shop.example>,anna@home.example\n";
    let event = |id: u32, contact: &str, direction: &str, author: &str, agent: &str| {
        let agent = if agent.is_empty() { String::new() } else { format!(",\"agent_id\":\"{agent}\"") };
        format!(
            "{{\"source\":\"s\",\"event_id\":\"{id}\",\"occurred_at\":\"2025-03-03T09:00:00.000000Z\",\
             \"event_type\":\"message\",\"conversation_id\":\"c\",\"contact_id\":\"{contact}\",\
             \"direction\":\"{direction}\",\"author\":\"{author}\"{agent}}}\n"
        )
    };
    let anna = "anna@home.example";
    let events = [
        event(1, anna, "inbound", "contact", ""),
        event(2, anna, "outbound", "agent", "help@SHOP.example"),
        event(3, anna, "outbound", "bot", ""),
        event(4, anna, "outbound", "agent", "mia"),
        event(5, "zoe", "inbound", "contact", ""),
        event(6, anna, "outbound", "agent", "Help Desk <help@shop.example>"),
    ];
    check(PEOPLE, input, &events.concat(), &[], 0);
    // The user's lists come on top.
    let settings = FormatSettings { agents: Names::new(["zoe"]), ..FormatSettings::default() };
    let kept = read(&mapping(PEOPLE), ("in", input), &settings);
    assert_eq!(kept.json()[4]["author"], "agent");
}

#[test]
fn flags_are_words_conditions_or_constants() {
    let text = |private: &str| {
        format!(
            "[[event]]\ntype = 'message'\nid = '{{id}}'\ntime = '{{at}}'\nconversation_id = 'c'\n\
             direction = 'outbound'\nauthor = 'agent'\nprivate = {private}\n"
        )
    };
    let input = "id,at,a\n1,2025-03-03T09:00:00Z,TRUE\n2,2025-03-03T09:00:00Z,0\n3,2025-03-03T09:00:00Z,\n";
    for (private, expected) in [
        ("true", [true, true, true]),
        ("false", [false, false, false]),
        ("'{a}'", [true, false, false]),
        ("{ column = 'a' }", [true, false, false]),
        ("{ column = 'a', map = { true = false, '0' = true } }", [false, true, false]),
        ("{ column = 'a', is = 'true' }", [true, false, false]),
        ("{ column = 'a', empty = true }", [false, false, true]),
        ("[{ column = 'a', is_not = 'true' }, { column = 'a', empty = false }]", [false, true, false]),
        ("{ any = [{ column = 'a', is = 'true' }, { column = 'a', empty = true }] }", [true, false, true]),
    ] {
        let kept = read(&mapping(&text(private)), ("in", input), &keeping_bodies());
        // What is not private says nothing of it.
        let found: Vec<bool> = kept.json().iter().map(|event| event.get("private").is_some()).collect();
        assert_eq!(found, expected, "{private}");
    }
    let input = "id,at,a\n1,2025-03-03T09:00:00Z,perhaps\n";
    check(&text("'{a}'"), input, "", &[("private has the wrong type", 2)], 0);
}

#[test]
fn types_may_be_in_a_column() {
    let text = "[[event]]\nid = '{id}'\ntime = '{at}'\nconversation_id = 'c'\n\
                type = { column = 'what', map = { done = 'closed', again = 'reopened' }, otherwise = 'null' }\n";
    let input = "id,at,what\n1,2025-03-03T09:00:00Z,Done\n2,2025-03-03T09:00:00Z,again\n3,2025-03-03T09:00:00Z,seen\n";
    let kept = read(&mapping(text), ("in", input), &keeping_bodies());
    let types: Vec<serde_json::Value> = kept.json().iter().map(|event| event["event_type"].clone()).collect();
    assert_eq!(types, ["closed", "reopened"]);
    assert_eq!(kept.ignored, 1);
    let kept = read(&mapping(&text.replace("'null'", "'keep'")), ("in", input), &keeping_bodies());
    assert_eq!(kept.reasons()[0].0, "event_type is unknown");
}

#[test]
fn what_an_event_needs_is_asked_of_every_row() {
    let text = "[[event]]\ntype = 'message'\nid = '{id}'\ntime = { column = 'at', empty = 'reject' }\n\
                conversation_id = '{c}'\ndirection = '{d}'\nauthor = '{who}'\n";
    let input = "id,at,c,d,who\n\
                 ,2025-03-03T09:00:00Z,c,inbound,contact\n\
                 2,,c,inbound,contact\n\
                 3,2025-03-03T09:00:00Z,,inbound,contact\n\
                 4,2025-03-03T09:00:00Z,c,,contact\n\
                 5,2025-03-03T09:00:00Z,c,sideways,contact\n\
                 6,2025-03-03T09:00:00Z,c,outbound,\n\
                 7,2025-03-03T09:00:00,c,inbound,contact\n";
    let rejects = [
        ("event_id is missing", 2),
        ("occurred_at is missing", 3),
        ("conversation_id is missing", 4),
        ("direction is missing", 5),
        ("direction is unknown", 6),
        ("author is missing", 7),
        ("occurred_at is not a time", 8),
    ];
    check(text, input, "", &rejects, 0);
}

#[test]
fn texts_that_mean_nothing_are_none() {
    let text = format!("[input]\nnulls = ['NULL', 0]\n{}", closed("topic = '{a}'"));
    let input = "id,at,a\n1,2025-03-03T09:00:00Z,NULL\n2,NULL,x\n3,2025-03-03T09:00:00Z,0\n";
    let kept = read(&mapping(&text), ("in", input), &keeping_bodies());
    assert!(kept.json().iter().all(|event| event.get("topic").is_none()));
    assert_eq!((kept.json().len(), kept.ignored), (2, 1));
}

#[test]
fn sources_are_the_records_then_the_users_then_the_mappings() {
    let base = closed("").replace("source = 's'\n", "");
    let input = ("in", "id,at,a\n1,2025-03-03T09:00:00Z,x\n");
    let source = |mapping: Mapping, user: Option<&str>| {
        let settings = FormatSettings { source: user.map(str::to_owned), ..FormatSettings::default() };
        read(&Arc::new(mapping), input, &settings).json()[0]["source"].clone()
    };
    let parse = |more: &str, name: &str| Mapping::parse(&format!("[fields]\n{more}\n{base}"), name).unwrap();
    assert_eq!(source(parse("", "dir/my.shop.toml"), None), "my.shop");
    assert_eq!(source(parse("source = 'own'", FILE), None), "own");
    assert_eq!(source(parse("source = 'own'", FILE), Some("user")), "user");
    assert_eq!(source(parse("source = '{a}'", FILE), Some("user")), "x");
}

#[test]
fn keywords_become_opt_outs() {
    let text = PEOPLE.replace("source = 's'\n", "source = 's'\nbody = '{body}'\n");
    let input = "id,at,from,to,body\n1,2025-03-03T09:00:00Z,zoe,mia,stop\n2,2025-03-03T09:00:00Z,mia,zoe,stop\n";
    let kept = read(&mapping(&text), ("in", input), &keeping_bodies());
    let types: Vec<serde_json::Value> = kept.json().iter().map(|event| event["event_type"].clone()).collect();
    assert_eq!(types, ["opted_out", "message"]);
}

#[test]
fn names_digests_and_closes_are_told() {
    let text = closed("");
    let mapping = Mapping::parse(&text, "dir/m.toml").unwrap();
    assert_eq!(mapping.name(), "dir/m.toml");
    assert_eq!(mapping.digest(), blake3::hash(text.as_bytes()).to_hex().as_str());
    assert!(mapping.has_closes());
    let opened = text.replace("'closed'", "'opened'");
    assert!(!Mapping::parse(&opened, FILE).unwrap().has_closes());
    // They are in another table.
    assert!(Mapping::parse(&format!("[input]\ncloses = true\n{opened}"), FILE).unwrap().has_closes());
}

#[test]
fn long_names_of_fields_are_known_too() {
    let text = "[[event]]\nevent_type = 'closed'\nevent_id = '{id}'\noccurred_at = '{at}'\nconversation_id = 'c'\n";
    let kept = read(&mapping(text), ("in", "id,at\n1,2025-03-03T09:00:00Z\n"), &keeping_bodies());
    assert_eq!(kept.json()[0]["event_id"], "1");
}
