//! Lines of JSON, and every reason to reject one.

use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::key::{contact_key, conversation_key};

use super::*;
use crate::formats::testing::Kept;

fn decode_with(text: &[u8], settings: FormatSettings) -> Kept {
    let mut kept = Kept::default();
    LineDecoder::new(settings).decode(&Block::of(text, 1, 0), &mut kept).unwrap();
    kept
}

fn decode(text: &str) -> Kept {
    decode_with(text.as_bytes(), FormatSettings::default())
}

/// A whole message with some fields written otherwise: `null` takes one away.
fn message(change: &str) -> String {
    let mut fields = serde_json::json!({
        "source": "s", "event_id": "e", "occurred_at": "2025-03-03T09:00:00Z", "event_type": "message",
        "conversation_id": "c", "contact_id": "k", "channel": "sms", "direction": "outbound", "author": "agent",
        "agent_id": "a", "team": "t", "topic": "o", "private": false, "automated": true, "body": "hello",
    });
    let change: serde_json::Value = serde_json::from_str(change).unwrap();
    for (field, value) in change.as_object().unwrap() {
        fields[field] = value.clone();
    }
    fields.to_string()
}

#[test]
fn every_field_arrives() {
    let text = message("{}");
    let kept = decode_with(
        text.as_bytes(),
        FormatSettings { source: Some("x".to_owned()), keep_body: true, ..FormatSettings::default() },
    );
    let expected = crate::rows::codec::Event {
        key: conversation_key("s", "c"),
        time_us: 1_740_992_400_000_000,
        event_type: EventType::Message,
        direction: Some(Direction::Outbound),
        author: Some(Author::Agent),
        private: Some(false),
        automated: Some(true),
        source: b"s",
        conversation_id: Some(b"c"),
        event_id: b"e",
        contact_id: Some(b"k"),
        channel: Some(b"sms"),
        agent_id: Some(b"a"),
        team: Some(b"t"),
        topic: Some(b"o"),
        target_event_id: None,
        body: Some(b"hello"),
    };
    assert_eq!(kept.events(), [expected]);
    // Without the wish to keep it the text of the message is gone, and nothing else.
    assert_eq!(decode(&text).events(), [crate::rows::codec::Event { body: None, ..expected }]);
}

#[test]
fn defaults_are_source_and_the_author_of_inbound_messages() {
    let text = message(r#"{"source":"","direction":"inbound","author":null,"private":null,"topic":""}"#);
    let kept =
        decode_with(text.as_bytes(), FormatSettings { source: Some("mine".to_owned()), ..FormatSettings::default() });
    let events = kept.events();
    assert_eq!(events[0].source, b"mine");
    assert_eq!(events[0].author, Some(Author::Contact));
    assert_eq!((events[0].private, events[0].topic), (None, None));
    assert_eq!(events[0].key, conversation_key("mine", "c"));
    // Other types have no default author.
    let text = message(r#"{"event_type":"closed","direction":null,"author":null}"#);
    assert_eq!(decode(&text).events()[0].author, None);
}

#[test]
fn opt_outs_need_a_contact_and_no_conversation() {
    let text = message(r#"{"event_type":"opted_out","conversation_id":null,"direction":null,"author":null}"#);
    let kept = decode(&text);
    assert_eq!((kept.events()[0].key, kept.events()[0].conversation_id), (contact_key("s", "k"), None));
    let text = message(r#"{"event_type":"opted_in","direction":null,"author":null}"#);
    assert_eq!(decode(&text).events()[0].key, conversation_key("s", "c"));
}

#[test]
fn escapes_are_read_and_unknown_fields_are_fine() {
    let text = message(r#"{"event_id":"a\"b\u00e9\ud83d\ude00","extra":{"deep":[1,{"x":null}]},"more":1e40}"#);
    assert_eq!(decode(&text).events()[0].event_id, "a\"b\u{e9}\u{1f600}".as_bytes());
}

#[test]
fn every_reason_has_its_phrase() {
    let cases = [
        (message(r#"{"source":null}"#), "source is missing"),
        (message(r#"{"event_id":""}"#), "event_id is missing"),
        (message(r#"{"occurred_at":null}"#), "occurred_at is missing"),
        (message(r#"{"event_type":null}"#), "event_type is missing"),
        (message(r#"{"conversation_id":null}"#), "conversation_id is missing"),
        (message(r#"{"event_type":"opted_out","contact_id":null}"#), "contact_id is missing"),
        (message(r#"{"direction":null}"#), "direction is missing"),
        (message(r#"{"author":null}"#), "author is missing"),
        (message(r#"{"event_type":"deleted"}"#), "target_event_id is missing"),
        (message(r#"{"event_type":"Message"}"#), "event_type is unknown"),
        (message(r#"{"direction":"in"}"#), "direction is unknown"),
        (message(r#"{"event_type":"closed","direction":"in"}"#), "direction is unknown"),
        (message(r#"{"author":"robot"}"#), "author is unknown"),
        (message(r#"{"event_id":17}"#), "event_id has the wrong type"),
        (message(r#"{"source":["s"]}"#), "source has the wrong type"),
        (message(r#"{"topic":{"name":"x"}}"#), "topic has the wrong type"),
        (message(r#"{"private":"yes"}"#), "private has the wrong type"),
        (message(r#"{"automated":1}"#), "automated has the wrong type"),
        (message(r#"{"body":3.5}"#), "body has the wrong type"),
        (message(r#"{"occurred_at":1741000000}"#), "occurred_at has the wrong type"),
        (message(r#"{"occurred_at":"2025-03-03T09:00:00"}"#), "occurred_at has no UTC offset"),
        (message(r#"{"occurred_at":"yesterday"}"#), "occurred_at is not an RFC 3339 time"),
        (message(r#"{"occurred_at":"2025-02-30T09:00:00Z"}"#), "occurred_at is not an RFC 3339 time"),
        (message(r#"{"occurred_at":"0000-12-31T09:00:00Z"}"#), "the time is outside the years 1 to 9999"),
        ("{\"source\":".to_owned(), "broken JSON"),
        (format!("{} x", message("{}")), "broken JSON"),
        (r#"{"source":"a","source":"b"}"#.to_owned(), "broken JSON"),
        ("[1]".to_owned(), "not a JSON object"),
        ("hello".to_owned(), "not a JSON object"),
    ];
    for (text, reason) in cases {
        let kept = decode(&text);
        assert_eq!(kept.reasons(), [(reason, 1, Some(0))], "{text}");
        assert_eq!(kept.rejects[0].2, text.as_bytes());
        assert!(kept.rows.is_empty());
    }
    let kept = decode_with(b"{\"source\":\"\xff\"}", FormatSettings::default());
    assert_eq!(kept.reasons(), [("invalid UTF-8", 1, Some(0))]);
}

#[test]
fn lines_and_bytes_are_counted_over_blank_lines_and_crlf() {
    let good = message("{}");
    let text = format!("{good}\r\n\r\n  \nbad\r\n{good}\n worse");
    let mut kept = Kept::default();
    let block = Block::of(text.as_bytes(), 11, 1_000);
    LineDecoder::new(FormatSettings::default()).decode(&block, &mut kept).unwrap();
    let good_len = good.len() as u64;
    let positions: Vec<_> = kept.rows.iter().map(|(at, _)| (at.line, at.byte)).collect();
    assert_eq!(positions, [(11, Some(1_000)), (15, Some(1_000 + good_len + 12))]);
    let bad = 1_000 + good_len + 7;
    assert_eq!(
        kept.reasons(),
        [("not a JSON object", 14, Some(bad)), ("not a JSON object", 16, Some(bad + 5 + good_len + 1))]
    );
    assert_eq!(kept.rejects[0].2, b"bad");
}
