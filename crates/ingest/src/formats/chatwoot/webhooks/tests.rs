//! Payloads against events worked out by hand, and traps one by one.

use serde_json::Value;

use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{check_fixture, read, settings};

#[test]
fn payloads_of_an_account() {
    check_fixture(&ChatwootWebhooks, "chatwoot/account", &settings(), 8);
}

#[test]
fn payloads_wrapped_by_relays_and_of_old_versions() {
    check_fixture(&ChatwootWebhooks, "chatwoot/relays", &settings(), 0);
}

/// The events of payloads, all of which are some.
fn events(payloads: &[&str], settings: &FormatSettings) -> Vec<Value> {
    let kept = read(&ChatwootWebhooks, &[("log", payloads.join("\n").as_bytes())], settings);
    let events = kept.json();
    assert_eq!(kept.counts(), (events.len() as u64, 0, 0));
    events
}

#[test]
fn fields_of_another_type_cost_only_themselves() {
    let payload = concat!(
        r##"{"event":"message_created","id":1,"message_type":0,"private":null,"created_at":1740992400,"content":"Hi","##,
        r##""sender":"#<Contact>","inbox":null,"conversation":{"id":12,"meta":[],"labels":"vip","channel":7},"##,
        r##""content_attributes":null,"additional_attributes":[1],"changed_attributes":"x","data":"y","status":{}}"##
    );
    let expected = serde_json::json!([{
        "source": "chatwoot", "event_id": "1", "occurred_at": "2025-03-03T09:00:00.000000Z", "event_type": "message",
        "conversation_id": "12", "channel": "7", "direction": "inbound", "author": "contact", "body": "Hi"
    }]);
    assert_eq!(Value::from(events(&[payload], &settings())), expected);
}

#[test]
fn a_relay_may_put_something_else_beside_the_payload() {
    let payload = concat!(
        r#"{"id":"evt","data":{"retries":1},"body":{"event":"message_created","id":1,"message_type":"incoming","#,
        r#""created_at":1740992400,"conversation":{"id":12}}}"#
    );
    assert_eq!(events(&[payload], &settings())[0]["event_id"], "1");
}

#[test]
fn agents_that_are_bots_are_named_by_the_user() {
    let payload = concat!(
        r#"{"event":"message_created","id":2,"message_type":"outgoing","created_at":"2025-03-03T09:00:00.000Z","#,
        r#""sender":{"id":7,"name":"n8n","email":"Flow@acme.example","type":"user"},"conversation":{"id":12}}"#
    );
    let cases: [(&[&str], &str); 4] =
        [(&[], "agent"), (&["8"], "agent"), (&["7"], "bot"), (&["flow@ACME.example"], "bot")];
    for (bots, author) in cases {
        let settings = FormatSettings { bots: Names::new(bots), ..settings() };
        assert_eq!(events(&[payload], &settings)[0]["author"], author, "{bots:?}");
    }
}

#[test]
fn assignments_and_labels_of_one_payload_are_two_events() {
    let payload = concat!(
        r#"{"event":"conversation_updated","id":12,"status":"open","labels":["billing"],"#,
        r#""meta":{"sender":{"id":5},"assignee":{"id":4,"type":"agent_bot"},"team":{"id":3,"name":""}},"#,
        r#""changed_attributes":[{"assignee_agent_bot_id":{"previous_value":null,"current_value":4}},"#,
        r#"{"label_list":{"previous_value":[],"current_value":["billing"]}},"#,
        r#"{"updated_at":{"previous_value":null,"current_value":"2025-03-03T09:00:00.000Z"}}]}"#
    );
    let events = events(&[payload], &settings());
    let types: Vec<&Value> = events.iter().map(|event| &event["event_type"]).collect();
    assert_eq!(types, ["tagged", "assigned"]);
    // A bot is nobody who answers.
    assert!(events[1].get("agent_id").is_none());
    assert_eq!((&events[1]["team"], &events[1]["topic"]), (&Value::from("3"), &Value::from("billing")));
}

#[test]
fn recognition() {
    let recognised = |text: &str, whole: bool| {
        ChatwootWebhooks.recognises(&Head { name: "x", bytes: text.as_bytes(), whole, file: None })
    };
    let payload = r#"{"account":{"id":1,"name":"A"},"content":"x","id":1,"event":"message_created","sender":{"id":1}}"#;
    assert!(recognised(payload, true));
    assert!(recognised(&format!("rubbish\n{payload}"), true));
    assert!(recognised(&format!("[{{\"headers\":{{}},\"body\":{payload}}}"), false));
    // Cut in the middle of a mail, before `event`.
    let mail =
        r#"{"account":{"id":1,"name":"A"},"additional_attributes":{},"content_attributes":{"email":{"html":"aaa"#;
    assert!(recognised(mail, false));
    for other in [
        r#"{"id":1,"event":"message_created"}"#,
        r#"{"account":{"id":1},"event":"invoice.paid"}"#,
        r#"{"account":{"id":1,"name":"A"},"content":"message_created"}"#,
        "id,event\n1,message_created\n",
        "",
    ] {
        assert!(!recognised(other, true), "{other}");
    }
}
