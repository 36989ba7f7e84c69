use super::*;
use crate::formats::testing::{check_fixture, read, settings};

fn recognises(text: &str) -> bool {
    Intercom.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None })
}

/// A conversation of a customer with these parts.
fn conversation(parts: &str) -> String {
    format!(
        r#"{{"type":"conversation","id":"1","created_at":1740992400,"contacts":{{"contacts":[{{"id":"c"}}]}},
        "source":{{"type":"email","delivered_as":"customer_initiated","body":"<p>a</p>",
                   "author":{{"type":"user","id":"c"}}}},
        "conversation_parts":{{"conversation_parts":[{parts}]}}}}"#
    )
}

/// Ids of the events behind the first message.
fn ids(parts: &str) -> Vec<String> {
    let json = read(&Intercom, &[("x", conversation(parts).as_bytes())], &settings()).json();
    json.iter().skip(1).map(|event| event["event_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn conversations_in_pages_and_lines() {
    check_fixture(&Intercom, "intercom/conversations", &settings(), 4);
}

#[test]
fn parts_are_messages_steps_or_both() {
    let part = |part_type: &str, body: &str| {
        ids(&format!(
            r#"{{"id":"p","part_type":"{part_type}","created_at":1740992460,"body":{body},
            "author":{{"type":"admin","id":"7"}}}}"#
        ))
    };
    let none: [&str; 0] = [];
    assert_eq!(part("comment", "null"), ["p"]);
    assert_eq!(part("note", r#""x""#), ["p"]);
    assert_eq!(part("close", "null"), ["closed:p"]);
    assert_eq!(part("close", r#""""#), ["closed:p"]);
    assert_eq!(part("close", r#""bye""#), ["p", "closed:p"]);
    assert_eq!(part("open", r#""again""#), ["p", "reopened:p"]);
    assert_eq!(part("assignment", "null"), ["assigned:p"]);
    assert_eq!(part("workflow_assignment", r#""x""#), ["p", "assigned:p"]);
    assert_eq!(part("assign_and_unsnooze", "null"), ["assigned:p", "unsnoozed:p"]);
    assert_eq!(part("note_and_unsnooze", r#""x""#), ["p", "unsnoozed:p"]);
    assert_eq!(part("note_and_close", r#""x""#), ["p", "closed:p"]);
    for part_type in ["conversation_rating_changed", "participant_added", "call_summary", "operator_workflow_event"] {
        assert_eq!(part(part_type, r#""x""#), none, "{part_type}");
    }
}

#[test]
fn what_the_company_began_is_from_the_company() {
    let opening = |delivered_as: &str, body: &str| {
        let text = format!(
            r#"{{"type":"conversation","id":"1","created_at":1740992400,"source":{{"type":"conversation",
            "delivered_as":"{delivered_as}","body":"{body}","author":{{"type":"user","id":"c"}}}}}}"#
        );
        read(&Intercom, &[("x", text.as_bytes())], &settings()).json()
    };
    for (delivered_as, author, automated) in [
        ("customer_initiated", "contact", false),
        ("admin_initiated", "agent", false),
        ("automated", "bot", true),
        ("campaigns_initiated", "bot", true),
        ("operator_initiated", "bot", true),
    ] {
        let events = opening(delivered_as, "Hi");
        let event = &events[0];
        assert_eq!(event["author"], author, "{delivered_as}");
        assert_eq!(event["contact_id"], "c", "{delivered_as}");
        assert_eq!(event.get("automated").is_some(), automated, "{delivered_as}");
        assert!(event.get("agent_id").is_none(), "{delivered_as}");
    }
    assert_eq!(opening("operator_initiated", "").len(), 0);
    assert_eq!(opening("customer_initiated", "").len(), 1);
}

#[test]
fn odd_fields_do_not_cost_the_conversation() {
    let text = r#"{"type":"conversation","id":"1","created_at":1740992400,"tags":["vip",{"name":"late"}],
        "contacts":{"contacts":"c"},"source":{"type":"email","delivered_as":"customer_initiated","body":"a",
        "author":{"type":"user","id":"c"},"attachments":{"data":3}},"conversation_parts":{"conversation_parts":null}}"#;
    let kept = read(&Intercom, &[("x", text.as_bytes())], &settings());
    assert_eq!(kept.counts(), (1, 0, 0));
    assert_eq!(kept.json()[0]["topic"], "late");
}

#[test]
fn admins_on_the_list_of_bots_are_bots() {
    let part =
        r#"{"id":"p","part_type":"comment","created_at":1740992460,"body":"x","author":{"type":"admin","id":"7"}}"#;
    let mut settings = settings();
    for (bots, author) in [(Names::default(), "agent"), (Names::new(["7"]), "bot")] {
        settings.bots = bots;
        let json = read(&Intercom, &[("x", conversation(part).as_bytes())], &settings).json();
        assert_eq!(json[1]["author"], author);
    }
}

#[test]
fn a_conversation_may_be_one_of_many_or_stand_over_many_lines() {
    let one = conversation("");
    let line = one.replace('\n', " ");
    for text in [one.clone(), line.clone(), format!("[{one}]"), format!(r#"{{"conversations":[{one}]}}"#)] {
        assert!(recognises(&text), "{text}");
        let kept = read(&Intercom, &[("x", text.as_bytes())], &settings());
        assert_eq!(kept.counts(), (1, 0, 0), "{text}");
    }
    let again = read(&Intercom, &[("x", format!("{line}\n{line}").as_bytes())], &settings());
    assert_eq!(again.counts(), (2, 0, 0));
    assert_eq!(again.json()[0], again.json()[1]);
}

#[test]
fn the_beginning_suffices_and_others_are_left_alone() {
    for text in [
        r#"{"type":"conversation","id":"1","source":{"type":"email","id":"2","delivered_as":"customer_init"#,
        r#"{"type":"conversation","id":"1","source":{"author":{"type":"user","id":"2"},"bo"#,
        r#"{"conversations":[{"id":"1","conversation_parts":{"conversation_parts":[{"part_type":"comment","#,
    ] {
        assert!(recognises(text), "{text}");
    }
    for text in [
        r#"{"source":"s","event_id":"e","occurred_at":"2025-03-03T09:00:00Z","event_type":"message"}"#,
        r#"{"id":1,"requester_id":2,"via":{"channel":"web","source":{"rel":null}}}"#,
        r#"{"type":"conversation","id":"cnv_1"}"#,
        "source.delivered_as\nautomated\n",
    ] {
        assert!(!recognises(text), "{text}");
    }
}
