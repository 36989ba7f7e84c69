//! What is said of every mistake, and where it is.

use super::*;

/// Replaces a piece of the sound mapping and compares what is said of it; `expected` begins behind the file's name.
#[track_caller]
fn check(replaced: &str, by: &str, expected: &str) {
    let text = SOUND.replacen(replaced, by, 1);
    assert_ne!(text, SOUND, "{replaced:?} is not in the text");
    let error = Mapping::parse(&text, FILE).unwrap_err().to_string();
    assert_eq!(error, format!("m.toml{expected}"));
}

#[test]
fn the_sound_mapping_is_sound() {
    assert_eq!(mapping(SOUND).spec().events.len(), 2);
}

#[test]
fn what_is_no_toml_is_shown_by_its_line() {
    let text = SOUND.replacen("type = \"opened\"", "type = \"opened", 1);
    let error = Mapping::parse(&text, FILE).unwrap_err();
    assert_eq!(error.to_string(), "m.toml, line 13: no TOML: invalid basic string, expected `\"`");
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Box<toml::de::Error>>());
    assert_eq!(cause.map(|error| error.message()), Some("invalid basic string, expected `\"`"));
    check("zone = ", "zone = \"UTC\"\nzone = ", ", line 3: no TOML: duplicate key");
}

#[test]
fn unknown_keys_have_a_neighbour() {
    check(
        "[fields]",
        "[field]",
        ", line 5: a mapping has no key \"field\"; did you mean \"fields\"? known: input, people, fields, event",
    );
    check(
        "zone = ",
        "timezone = ",
        ", line 2: [input] has no key \"timezone\"; known: layout, delimiter, columns, under, nulls, zone, \
         time_format, closes, when",
    );
    check(
        "conversation_id = ",
        "conversation = ",
        ", line 6: [fields] has no key \"conversation\"; did you mean \"conversation_id\"? known: id, event_id, time, \
         occurred_at, source, conversation_id, contact_id, channel, direction, author, agent_id, team and 5 more",
    );
    check(
        "type = \"opened\"\nid",
        "type = \"opened\"\ntyp = \"x\"\nid",
        ", line 14: [[event]] has no key \"typ\"; did you mean \"type\"? known: type, event_type, each, when, id, \
         event_id, time, occurred_at, source, conversation_id, contact_id, channel and 9 more",
    );
    check(
        "column = \"Source\"",
        "colum = \"Source\"",
        ", line 9: a value has no key \"colum\"; did you mean \"column\"? known: column, path, text, pair, role_of, \
         contact_of, agent_of, when, strip, lower, map, otherwise and 2 more",
    );
    check(
        "{ column = \"OPEN_DT\" }",
        "{ column = \"OPEN_DT\", fromat = \"rfc3339\" }",
        ", line 15: a time has no key \"fromat\"; did you mean \"format\"? known: column, path, text, format, zone, \
         empty",
    );
    check(
        "[fields]",
        "[people]\nagent = []\n[fields]",
        ", line 6: [people] has no key \"agent\"; did you mean \"agents\"? known: agents, bots",
    );
}

#[test]
fn what_is_missing_is_asked_for() {
    check(
        "type = \"opened\"\n",
        "",
        ", line 12: [[event]] has no \"type\"; say what a row is: message, opened, closed, ...",
    );
    check(
        "id = \"opened:{CASE}\"\n",
        "",
        ", line 12: [[event]] has no \"id\"; make one of columns, as in \"opened:{TICKET}\"",
    );
    check(
        "time = { column = \"OPEN_DT\" }\n",
        "",
        ", line 12: [[event]] has no \"time\"; say when it happened, as in { column = \"CREATED_AT\" }",
    );
    check(
        "conversation_id = \"{CASE}\"",
        "",
        ", line 12: [[event]] has no \"conversation_id\"; say which ticket or thread it belongs to",
    );
    check(
        "conversation_id = \"{CASE}\"",
        "conversation_id = \"\"",
        ", line 12: [[event]] has no \"conversation_id\"; say which ticket or thread it belongs to",
    );
    for (event_type, key, advice) in [
        ("message", "direction", "a message is inbound or outbound"),
        ("message\"\ndirection = \"", "direction", "a message is inbound or outbound"),
        ("message\"\ndirection = \"outbound", "author", "an outbound message is by an agent, bot or system"),
        ("deleted", "target_event_id", "a deletion names the event that is gone"),
        ("opted_out", "contact_id", "an opt-out or opt-in is somebody's"),
    ] {
        let expected = format!(", line 12: [[event]] has no \"{key}\"; {advice}");
        check("type = \"opened\"", &format!("type = \"{event_type}\""), &expected);
    }
    check(
        "column = \"Source\"\n",
        "",
        ", line 8: a value has no \"column\"; say where the value is: column = \"..\", path = \"..\" or \
         text = \"..{column}..\"",
    );
    check(
        "map = { \"Constituent Call\" = \"voice\" }",
        "otherwise = \"null\"",
        ", line 10: a value has no \"map\"; \"otherwise\" is for values that are not in a map",
    );
    check(
        "[fields.channel]",
        "[fields.team]\ncolumn = \"x\"\nwhen = { column = \"y\" }\n[fields.channel]",
        ", line 10: a condition has no \"is\"; give is, is_not, empty, or any",
    );
    check(
        "type = \"opened\"",
        "type = \"opened\"\neach = { as = \"x\" }",
        ", line 14: a list has no \"list\"; give the path of the list",
    );
    let no_events = SOUND.split("[[event]]").next().unwrap();
    assert_eq!(
        Mapping::parse(no_events, FILE).unwrap_err().to_string(),
        "m.toml: no [[event]]; a mapping says at least one event that a row is"
    );
}

#[test]
fn names_are_checked_where_they_are_constant() {
    let types = "known: message, opened, reopened, closed, assigned, tagged, snoozed, unsnoozed, handoff, deleted, \
                 opted_out, opted_in";
    check(
        "type = \"opened\"",
        "type = \"opend\"",
        &format!(", line 13: no type of event is called \"opend\"; did you mean \"opened\"? {types}"),
    );
    check(
        "type = \"closed\"",
        "type = { column = \"x\", map = { done = \"resolved\" } }",
        &format!(", line 18: no type of event is called \"resolved\"; {types}"),
    );
    check(
        "type = \"opened\"",
        "type = \"message\"\ndirection = [{ text = \"in\", when = { column = \"x\", empty = true } }]",
        ", line 14: no direction is called \"in\"; known: inbound, outbound",
    );
    check(
        "type = \"opened\"",
        "type = \"message\"\ndirection = \"inbound\"\nauthor = { column = \"x\", default = \"agents\" }",
        ", line 15: no author is called \"agents\"; did you mean \"agent\"? known: contact, agent, bot, system",
    );
    check("[input]", "[input]\nlayout = \"xls\"", ", line 2: no layout is called \"xls\"; known: csv, json, parquet");
    check(
        "map = { \"Constituent Call\" = \"voice\" }",
        "map = { x = \"y\" }\notherwise = \"rejct\"",
        ", line 11: no choice for values that are not in the map is called \"rejct\"; did you mean \"reject\"? known: \
         keep, null, reject",
    );
}

#[test]
fn values_of_the_wrong_kind_say_what_they_must_be() {
    check("zone = \"America/New_York\"", "zone = 5", ", line 2: \"zone\" is a TOML integer; it must be a text");
    check(
        "conversation_id = \"{CASE}\"",
        "conversation_id = 17",
        ", line 6: \"conversation_id\" is a TOML integer; it must be a text, a table, or a list of these",
    );
    check(
        "time = { column = \"OPEN_DT\" }",
        "time = 2025-03-03",
        ", line 15: \"time\" is a TOML datetime; it must be a text, a table, or a list of these",
    );
    check(
        "[input]",
        "[input]\nwhen = \"x\"",
        ", line 2: \"when\" is a TOML string; it must be a table, or a list of tables",
    );
    check(
        "column = \"Source\"",
        "column = \"Source\"\nlower = \"yes\"",
        ", line 10: \"lower\" is a TOML string; it must be true or false",
    );
    check(
        "type = \"opened\"",
        "type = \"opened\"\neach = 1",
        ", line 14: \"each\" is a TOML integer; it must be a \
         path, or a table with list and as",
    );
    check(
        "map = { \"Constituent Call\" = \"voice\" }",
        "map = [\"x\"]",
        ", line 10: \"map\" is a TOML array; it must \
         be a table",
    );
    check(
        "[input]",
        "[input]\nnulls = []",
        ", line 2: \"nulls\" cannot be \"[]\"; give at least one, or take the key out",
    );
    check(
        "[input]",
        "[input]\ndelimiter = \"||\"",
        ", line 2: \"delimiter\" cannot be \"||\"; give one character, such as \";\" or \"\\t\"",
    );
    check(
        "column = \"OPEN_DT\"",
        "text = \"2025-03-03\"",
        ", line 15: \"time\" cannot be \"2025-03-03\"; a time names a column, as in \"{CREATED_AT}\"",
    );
    check(
        "column = \"OPEN_DT\"",
        "column = \"OPEN_DT\", empty = \"ignore\"",
        ", line 15: \"empty\" cannot be \"ignore\"; give \"leave_out\" or \"reject\"",
    );
    check(
        "column = \"Source\"",
        "column = \" \"",
        ", line 9: \"column\" cannot be \"\"; name a column, or a path in JSON",
    );
    check(
        "column = \"Source\"",
        "pair = [\"a\", \"b\", \"c\"]",
        ", line 9: \"pair\" cannot be \"3 columns\"; a pair is of two",
    );
    check(
        "\"Constituent Call\" = \"voice\"",
        "Call = \"voice\", call = \"phone\"",
        ", line 10: \"call\" cannot be \"call\"; the map has this key twice; upper and lower case are the same",
    );
    check(
        "type = \"opened\"",
        "type = \"opened\"\neach = { list = \"a\", as = \"b.c\" }",
        ", line 14: \"each\" cannot be \"b.c\"; call the element by a word without dots",
    );
    check(
        "type = \"opened\"",
        "type = \"opened\"\neach = [\"a\", \"item.b\"]",
        ", line 14: \"each\" cannot be \"item\"; an element of another list is called so; give it another name",
    );
}

#[test]
fn keys_that_exclude_each_other_are_named() {
    check(
        "column = \"Source\"",
        "column = \"Source\"\ntext = \"x\"",
        ", line 8: \"column\" and \"text\" exclude each other; keep one",
    );
    check(
        "type = \"opened\"",
        "type = \"opened\"\nevent_type = \"opened\"",
        ", line 12: \"type\" and \"event_type\" exclude each other; keep one",
    );
    check(
        "[input]",
        "[input]\nwhen = { column = \"x\", is = \"1\", empty = false }",
        ", line 2: \"is\" and \"empty\" exclude each other; keep one",
    );
    check(
        "[input]",
        "[input]\nwhen = { column = \"x\", any = [{ column = \"x\", is = \"1\" }] }",
        ", line 2: \"any\" and \"column\" exclude each other; keep one",
    );
}

#[test]
fn templates_formats_and_zones_are_tried() {
    for (template, advice) in [
        ("{CASE", "a { is never closed; write {{ for the character"),
        ("CASE}", "a } closes nothing; write }} for the character"),
        ("{CASE}{}", "nothing stands between { and }; name a column"),
    ] {
        check(
            "conversation_id = \"{CASE}\"",
            &format!("conversation_id = \"{template}\""),
            &format!(", line 6: template \"{template}\": {advice}"),
        );
    }
    check(
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %I:%M:%S",
        ", line 3: time format \"%m/%d/%Y %I:%M:%S\": it leaves out the year, month, day or minute, or has %I \
         without %p",
    );
    check(
        "column = \"OPEN_DT\"",
        "column = \"OPEN_DT\", format = [\"rfc3339\", \"unix\"]",
        ", line 15: time format \"unix\": no such name; take rfc3339, rfc2822, epoch_s, epoch_ms, epoch_us, or a \
         pattern such as %Y-%m-%d %H:%M:%S",
    );
    check(
        "America/New_York",
        "America/Boston",
        ", line 2: no time zone is called \"America/Boston\"; write an IANA name such as \"Europe/Berlin\" or \"UTC\"",
    );
    let text = SOUND.replacen("America/New_York", "America/Boston", 1);
    let error = Mapping::parse(&text, FILE).unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "unknown time zone \"America/Boston\"; write an IANA name such as Europe/Berlin or UTC"
    );
}

#[test]
fn ids_that_would_be_one_are_refused() {
    check(
        "id = \"opened:{CASE}\"",
        "id = \"opened\"",
        ", line 12: \"id\" names no column, so that all events would be one; put one in, as in \"opened:{TICKET}\"",
    );
    check(
        "id = \"closed:{CASE}\"",
        "id = \"opened:{CASE}\"",
        ", line 17: this event has the id of that in line 12, so that one would replace the other; put something \
         before one of them, as in \"closed:{TICKET}\"",
    );
    check(
        "type = \"opened\"",
        "type = \"opened\"\neach = { list = \"parts\", as = \"part\" }",
        ", line 12: \"id\" names nothing of \"part\", so that all of its events would be one; put its id in",
    );
    // Where each has a condition, one id may do.
    let exclusive = SOUND
        .replace("id = \"opened:{CASE}\"", "id = \"{CASE}\"\nwhen = { column = \"x\", is = \"1\" }")
        .replace("id = \"closed:{CASE}\"", "id = \"{CASE}\"\nwhen = { column = \"x\", is = \"2\" }");
    assert_eq!(mapping(&exclusive).spec().events.len(), 2);
}
