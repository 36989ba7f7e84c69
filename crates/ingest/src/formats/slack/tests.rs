//! Exports of Slack, against events worked out by hand.

use serde_json::{Value, json};

use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{Kept, check_fixture, read, settings};
use crate::inputs::Block;

const USERS: &str = r#"[{"id":"U0MIA0001","team_id":"T0HOME001","name":"mia","real_name":"Mia Wong","is_primary_owner":true,
    "profile":{"email":"mia@shop.test"},"enterprise_user":null},
    {"id":"U0TOM0002","team_id":"T0HOME001","name":"tom","profile":{"display_name":"Tommy"}},
    {"id":"U0ANNA003","team_id":"T0HOME001","name":"anna","profile":{}}]"#;

const DAY: &str = r#"[{"type":"message","user":"U0ANNA003","text":"Hello?","ts":"1740992400.000100"},
    {"type":"message","user":"U0MIA0001","text":"Hello!","ts":"1740992460.000100","thread_ts":"1740992400.000100"},
    {"type":"message","user":"U0TOM0002","text":"Yes?","ts":"1740992520.000100","thread_ts":"1740992400.000100"},
    {"type":"message","subtype":"bot_message","bot_id":"B0DESK001","username":"Help desk","text":"Done",
     "ts":"1740992580.000100","thread_ts":"1740992400.000100"}]"#;

fn authors(agents: &[&str], bots: &[&str]) -> Vec<Value> {
    let settings = FormatSettings { agents: Names::new(agents), bots: Names::new(bots), ..settings() };
    let inputs = [("x/help/2025-03-03.json", DAY.as_bytes()), ("x/users.json", USERS.as_bytes())];
    let events = read(&Slack, &inputs, &settings).json();
    events.iter().map(|event| event["author"].clone()).collect()
}

fn head<'a>(name: &'a str, text: &'a str) -> Head<'a> {
    Head { name, bytes: text.as_bytes(), whole: true, file: None }
}

#[test]
fn an_export_with_people_of_another_team() {
    check_fixture(&Slack, "slack/connect", &settings(), 14);
}

#[test]
fn agents_are_named_in_any_way() {
    let expected = [json!("contact"), json!("agent"), json!("contact"), json!("bot")];
    for name in ["U0MIA0001", "@mia", "mia wong", "mia@shop.test", "shop.test"] {
        assert_eq!(authors(&[name], &[]), expected, "{name}");
    }
    assert_eq!(authors(&["tommy"], &["mia"]), ["contact", "bot", "agent", "bot"].map(|author| json!(author)));
    assert_eq!(authors(&["T0HOME001"], &[]), ["agent", "agent", "agent", "bot"].map(|author| json!(author)));
    assert_eq!(
        authors(&["mia", "Help desk"], &[]),
        ["contact", "agent", "contact", "agent"].map(|author| json!(author))
    );
}

#[test]
fn names_in_messages_do_where_users_are_not_listed() {
    let day = r#"[{"type":"message","user":"U0ANNA003","text":"Hello?","ts":"1740992400.000100","user_team":"T0OTHER01",
        "user_profile":{"name":"anna","real_name":"Anna","team":"T0OTHER01"}},
        {"type":"message","user":"U0MIA0001","text":"Hello!","ts":"1740992460.000100","user_team":"T0HOME001",
        "user_profile":{"name":"mia","real_name":"Mia Wong","display_name":"Miaow","team":"T0HOME001"}},
        {"type":"message","user":"U0MIA0001","text":"Bye!","ts":"1740992520.000100","user_team":"T0HOME001"}]"#;
    for name in ["mia", "Mia Wong", "miaow", "T0HOME001"] {
        let settings = FormatSettings { agents: Names::new([name]), ..settings() };
        let events = read(&Slack, &[("x/help/2025-03-03.json", day.as_bytes())], &settings).json();
        let authors: Vec<&Value> = events.iter().map(|event| &event["author"]).collect();
        assert_eq!(authors, [&json!("contact"), &json!("agent"), &json!("agent")], "{name}");
    }
}

#[test]
fn nobody_is_an_agent_by_guess() {
    // All three are of one team; without a look at users.json nothing is known at all.
    for files in [&[("x/users.json", USERS)][..], &[]] {
        let settings = settings();
        for (name, text) in files {
            let Ok(Opening::Blocks { decoder, .. }) = Slack.open(&head(name, text), &settings) else {
                panic!("no blocks")
            };
            read_records(USERS).iter().for_each(|record| decoder.survey(&Block::of(record.as_bytes(), 1, 0)));
        }
        let day = head("x/help/2025-03-03.json", DAY);
        let Ok(Opening::Blocks { decoder, .. }) = Slack.open(&day, &settings) else { panic!("no blocks") };
        let message = r#"{"type":"message","user":"U0ANNA003","text":"Hello?","ts":"1740992400.000100"}"#;
        let error = decoder.decode(&Block::of(message.as_bytes(), 1, 0), &mut Kept::default()).unwrap_err();
        let expected = "x/help/2025-03-03.json";
        assert!(matches!(error, IngestError::NeedsOption { ref input, option: "--agents", .. } if input == expected));
    }
}

/// The elements of a list, each as a text.
fn read_records(list: &str) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(list).unwrap();
    list.iter().map(Value::to_string).collect()
}

#[test]
fn a_renamed_channel_stays_the_same() {
    let settings = FormatSettings { agents: Names::new(["mia"]), ..settings() };
    let ids = |list: &str, day: &str, name: &str| {
        let channels = format!(r#"[{{"id":"C0HELP001","name":"{name}","created":1,"members":[]}}]"#);
        let inputs = [(list, channels.as_bytes()), (day, DAY.as_bytes())];
        let events = read(&Slack, &inputs, &settings).json();
        let ids: Vec<Value> = events.iter().map(|event| event["event_id"].clone()).collect();
        (ids, events[0]["team"].clone())
    };
    let (before, old_name) = ids("a.zip!channels.json", "a.zip!help/2025-03-03.json", "help");
    let (after, new_name) = ids("b/channels.json", "b/support/2025-03-03.json", "support");
    assert_eq!(before, after);
    assert_eq!(before[0], json!("C0HELP001:1740992400.000100"));
    assert_eq!((old_name, new_name), (json!("help"), json!("support")));
    let (dotted, _) = ids("channels.json", "./help/2025-03-03.json", "help");
    assert_eq!(before, dotted);
    // Without channels.json beside it the folder's name is all there is.
    let (elsewhere, _) = ids("c/channels.json", "help/2025-03-03.json", "help");
    assert_eq!(elsewhere[0], json!("help:1740992400.000100"));
}

#[test]
fn one_instant_in_two_channels_is_two_messages() {
    let settings = FormatSettings { agents: Names::new(["mia"]), ..settings() };
    let inputs = [("a/1/2025-03-03.json", DAY.as_bytes()), ("a/2/2025-03-03.json", DAY.as_bytes())];
    let events = read(&Slack, &inputs, &settings).json();
    assert_eq!(events.len(), 8);
    assert_eq!(
        (&events[0]["event_id"], &events[4]["event_id"]),
        (&json!("1:1740992400.000100"), &json!("2:1740992400.000100"))
    );
    assert_eq!(events[5]["conversation_id"], json!("2:1740992400.000100"));
}

#[test]
fn a_day_without_a_folder_needs_the_channel_in_its_messages() {
    let settings = FormatSettings { agents: Names::new(["mia"]), ..settings() };
    let kept = read(&Slack, &[("2025-03-03.json", DAY.as_bytes())], &settings);
    assert_eq!(kept.counts(), (0, 4, 0));
    assert!(kept.reasons().iter().all(|(reason, ..)| *reason == "channel is missing"));
    let text = r#"{"type":"message","channel":"C0HELP001","user":"U0ANNA003","ts":"1740992400.000100"}"#;
    let events = read(&Slack, &[("standard input", text.as_bytes())], &settings).json();
    assert_eq!((&events[0]["event_id"], &events[0]["team"]), (&json!("C0HELP001:1740992400.000100"), &Value::Null));
}

#[test]
fn every_file_of_an_export_is_known() {
    let kinds = [
        ("x/help/2025-03-03.json", DAY, Some(Kind::Messages)),
        ("x/users.json", USERS, Some(Kind::Users)),
        ("x/dms.json", r#"[{"id":"D0ANNA003","created":1,"members":["U0MIA0001","U0ANNA003"]}]"#, Some(Kind::Channels)),
        ("x/mpims.json", " [ ]\n", Some(Kind::Other)),
        ("x/file_conversations.json", "[\n\n]", Some(Kind::Other)),
        ("x/huddle_transcripts.json", "null", Some(Kind::Other)),
        ("x/lists.json", "{}", Some(Kind::Other)),
        ("x/lists.json", "none", None),
        ("x/users.json", "[]", Some(Kind::Other)),
        ("x/help/2025-03-03.json", "[]", Some(Kind::Other)),
        ("x/content_flags.json", r#"[{"flag":1}]"#, Some(Kind::Other)),
        ("users.json", r#"[{"id":17,"role":"agent"}]"#, None),
        ("x/other.json", "[]", None),
        ("x/messages.json", r#"{"type":"message","id":"1","user":"anna"}"#, None),
        ("x/page.json", r#"{"type":"conversation","id":"1","created_at":1}"#, None),
    ];
    for (name, text, kind) in kinds {
        assert_eq!(kind_of(&head(name, text)), kind, "{name} {text}");
    }
    // Cut off in the middle of a record, and behind a line that is broken.
    for text in [&DAY[..60], &DAY[..DAY.len() - 20], &format!("rubbish\n{DAY}")] {
        let cut = Head { whole: false, ..head("x", text) };
        assert_eq!(kind_of(&cut), (text.contains("\"ts\"")).then_some(Kind::Messages), "{text}");
    }
    let long = r#"[{"text":"aaaaaaa","bot_id":"B0DESK001","attachments":[{"fallback":"aaaaaaa"#;
    assert_eq!(kind_of(&Head { whole: false, ..head("x/help/2025-03-03.json", long) }), Some(Kind::Messages));
}
