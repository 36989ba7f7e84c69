//! Front's layouts, against events worked out by hand.

use serde_json::{Value, json};
use tapemeasure_model::zone::Zone;

use super::*;
use crate::formats::adapter::names::Names;
use crate::formats::testing::{Kept, check_fixture, read, settings};
use crate::inputs::Block;

fn in_new_york() -> FormatSettings {
    FormatSettings { zone: Some(Zone::parse("America/New_York").unwrap()), ..settings() }
}

fn recognised(text: &str) -> bool {
    Front.recognises(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None })
}

#[test]
fn events_of_the_interface() {
    check_fixture(&Front, "front/events", &settings(), 5);
}

#[test]
fn deliveries_of_webhooks() {
    check_fixture(&Front, "front/webhooks", &settings(), 3);
}

#[test]
fn messages_of_the_interface() {
    check_fixture(&Front, "front/messages", &settings(), 4);
}

#[test]
fn rows_of_the_analytics_export() {
    check_fixture(&Front, "front/analytics", &in_new_york(), 0);
}

#[test]
fn dates_that_a_clock_change_moved_are_counted() {
    // 2:30 of 9 March 2025 did not happen in New York, 1:30 of 2 November happened twice (tz database).
    let text = "Message API ID,Conversation API ID,Message date,Direction\n\
                a,c,2025-03-09 02:30:00,Inbound\nb,c,2025-11-02 01:30:00,Inbound\nc,c,2025-11-02 03:30:00,Inbound\n";
    let settings = in_new_york();
    let head = Head { name: "export.csv", bytes: text.as_bytes(), whole: true, file: None };
    let Ok(Opening::Blocks { decoder, skip, .. }) = Front.open(&head, &settings) else { panic!("no blocks") };
    let mut kept = Kept::default();
    decoder.decode(&Block::of(&text.as_bytes()[skip..], 2, skip as u64), &mut kept).unwrap();
    assert_eq!(kept.counts(), (3, 0, 0));
    assert_eq!((settings.shifted.skipped(), settings.shifted.doubled()), (1, 1));
}

#[test]
fn a_message_is_the_same_event_however_it_comes() {
    let alone = r#"{"id":"msg_1","type":"sms","is_inbound":true,"draft_mode":null,"created_at":1740992400.12,
        "_links":{"related":{"conversation":"https://x/conversations/cnv_1"}},
        "recipients":[{"handle":"+491","role":"from"}],"body":"Hello"}"#
        .replace('\n', " ");
    let event = format!(
        r#"{{"id":"evt_1","type":"inbound","emitted_at":1740992405,
        "source":{{"_meta":{{"type":"inboxes"}},"data":[{{"id":"inb_1","name":"Support"}}]}},
        "target":{{"_meta":{{"type":"message"}},"data":{alone}}},"conversation":{{"id":"cnv_1"}}}}"#
    );
    let of_message = read(&Front, &[("m.json", alone.as_bytes())], &settings()).json();
    let of_event = read(&Front, &[("e.json", event.as_bytes())], &settings()).json();
    assert_eq!(of_message.len(), 1);
    assert_eq!(of_event.len(), 2);
    assert_eq!(of_event[0], of_message[0]);
    assert_eq!((&of_event[1]["event_id"], &of_event[1]["team"]), (&json!("assigned:evt_1"), &json!("Support")));
    assert_eq!(of_event[1]["occurred_at"], of_message[0]["occurred_at"]);
}

#[test]
fn teammates_that_the_user_calls_bots_are_bots() {
    let message = |id: &str, author: &str| {
        format!(
            r#"{{"id":"{id}","type":"email","is_inbound":false,"draft_mode":null,"created_at":1740992400,"author":{author},"recipients":[],"_links":{{"related":{{"conversation":"/cnv_1"}}}}}}"#
        )
    };
    let text = [
        message("a", r#"{"id":"tea_1","type":"user","username":"helper"}"#),
        message("b", r#"{"id":"tea_2","type":"user","email":"robot@shop.test"}"#),
        message("c", r#"{"id":"tea_3","type":"user","username":"mia"}"#),
    ]
    .join("\n");
    let settings = FormatSettings { bots: Names::new(["Helper", "robot@shop.test"]), ..settings() };
    let events = read(&Front, &[("m.json", text.as_bytes())], &settings).json();
    let authors: Vec<(&Value, &Value)> = events.iter().map(|event| (&event["author"], &event["agent_id"])).collect();
    assert_eq!(
        authors,
        [(&json!("bot"), &Value::Null), (&json!("bot"), &Value::Null), (&json!("agent"), &json!("tea_3"))]
    );
}

#[test]
fn dates_without_a_zone_need_one() {
    let bytes = b"Message API ID,Conversation API ID,Message date,Direction\nm,c,2025-03-03 04:00:00,Inbound\n";
    let head = Head { name: "export.csv", bytes, whole: true, file: None };
    assert!(Front.recognises(&head));
    let error = Front.open(&head, &settings()).err().unwrap();
    assert!(matches!(error, IngestError::NeedsOption { ref input, option: "--zone", .. } if input == "export.csv"));
    // Without a column for authors, who sent it is a teammate for all that is known.
    let bytes = b"Message API ID,Conversation API ID,Message date,Direction\nm,c,2025-03-03 04:00:00,Outbound\n";
    let events = read(&Front, &[("export.csv", &bytes[..])], &in_new_york()).json();
    assert_eq!((&events[0]["author"], &events[0]["automated"]), (&json!("agent"), &Value::Null));
}

#[test]
fn a_column_that_is_missing_is_named() {
    let bytes = b"Message date,Direction,Conversation ID\n2025-03-03 04:00:00,Inbound,1\n";
    let head = Head { name: "export.csv", bytes, whole: true, file: None };
    assert!(!Front.recognises(&head));
    let error = Front.open(&head, &in_new_york()).err().unwrap();
    assert!(matches!(error, IngestError::MissingColumn { column: "Message API ID", .. }), "{error}");
}

#[test]
fn only_front_is_recognised() {
    let message = r#"{"id":"msg_1","type":"sms","is_inbound":true,"draft_mode":null,"created_at":1,"body":"aaaa"#;
    let event = r#"{"_results":[{"id":"evt_1","type":"archive","emitted_at":1.5,"source":{"_meta":{"type":"rule"#;
    let comment = r#"[{"id":"com_1","author":{"id":"tea_1"},"body":"x","posted_at":1.5}]"#;
    let delivery = r#"{"authorization":{"id":"cmp_1"},"type":"tag_added","payload":{"id":"evt_1","emitted_at":1.5,"co"#;
    for text in [message, event, comment, delivery] {
        assert!(recognised(text), "{text}");
        assert!(recognised(&format!("rubbish\n{text}")), "{text}");
        assert!(recognised(&format!("{{\"id\":\"msg_0\",\"body\":{{\n{text}")), "{text}");
    }
    let activities = "Activity ID,Type,Message ID,Conversation ID,Message date,Direction\n1,Inbound,2,3,,\n";
    let other = r#"{"id":"1","type":"conversation","created_at":1740992400,"source":{"type":"email"}}"#;
    let mention = r#"{"posted_at":"2025-03-03","id":"7"}"#;
    for text in [activities, other, mention, "", "Message date,Direction\n"] {
        assert!(!recognised(text), "{text}");
    }
}
