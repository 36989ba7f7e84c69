//! Lines written out by hand.

use tapemeasure_model::event::{Author, Direction, EventType};

use super::*;
use crate::event::{Body, ConversationId, EventId};
use crate::people::{Agent, Contact};
use crate::tables::ContactKind;

const ANSWER: Event = Event {
    source: "acme",
    event_id: EventId { conversation: 123_456, number: 7 },
    occurred_at_us: 1_741_129_205_040_000,
    event_type: EventType::Message,
    conversation_id: Some(ConversationId(123_456)),
    contact_id: Contact { kind: ContactKind::Phone, number: 0 },
    channel: "whatsapp",
    direction: Some(Direction::Outbound),
    author: Some(Author::Agent),
    agent_id: Some(Agent(6)),
    team: Some("orders"),
    topic: Some("delivery"),
    private: Some(false),
    automated: Some(false),
    target_event_id: None,
    body: Some(Body { phrases: ["Hello,", "it is on its way.", ""], order: 12_345_678 }),
};

const DELETED: Event = Event {
    event_id: EventId { conversation: 123_456, number: 8 },
    event_type: EventType::Deleted,
    direction: None,
    author: None,
    agent_id: None,
    team: None,
    topic: None,
    private: None,
    automated: None,
    target_event_id: Some(EventId { conversation: 123_456, number: 7 }),
    body: None,
    ..ANSWER
};

const OPTED_OUT: Event =
    Event { event_type: EventType::OptedOut, conversation_id: None, target_event_id: None, ..DELETED };

fn check(format: Format, event: &Event, expected: &str) {
    let mut line = Vec::new();
    format.append(event, &mut line);
    assert_eq!(String::from_utf8(line).unwrap(), expected);
}

#[test]
fn ndjson_lines() {
    check(
        Format::Ndjson,
        &ANSWER,
        concat!(
            r#"{"source":"acme","event_id":"e-000123456-07","occurred_at":"2025-03-04T23:00:05.040Z","#,
            r#""event_type":"message","conversation_id":"conv-000123456","contact_id":"+4910123456789","#,
            r#""channel":"whatsapp","direction":"outbound","author":"agent","agent_id":"agent-07","team":"orders","#,
            r#""topic":"delivery","body":"Hello, it is on its way. Order 12345678.","private":false,"automated":false}"#,
            "\n"
        ),
    );
    check(
        Format::Ndjson,
        &DELETED,
        concat!(
            r#"{"source":"acme","event_id":"e-000123456-08","occurred_at":"2025-03-04T23:00:05.040Z","#,
            r#""event_type":"deleted","conversation_id":"conv-000123456","contact_id":"+4910123456789","#,
            r#""channel":"whatsapp","target_event_id":"e-000123456-07"}"#,
            "\n"
        ),
    );
    check(
        Format::Ndjson,
        &OPTED_OUT,
        concat!(
            r#"{"source":"acme","event_id":"e-000123456-08","occurred_at":"2025-03-04T23:00:05.040Z","#,
            r#""event_type":"opted_out","contact_id":"+4910123456789","channel":"whatsapp"}"#,
            "\n"
        ),
    );
}

#[test]
fn csv_lines() {
    assert_eq!(
        Format::Csv.header(),
        b"source,event_id,occurred_at,event_type,conversation_id,contact_id,channel,direction,author,agent_id,team,\
          topic,private,automated,target_event_id,body\n"
    );
    check(
        Format::Csv,
        &ANSWER,
        "acme,e-000123456-07,2025-03-04T23:00:05.040Z,message,conv-000123456,+4910123456789,whatsapp,outbound,agent,\
         agent-07,orders,delivery,false,false,,\"Hello, it is on its way. Order 12345678.\"\n",
    );
    check(
        Format::Csv,
        &DELETED,
        "acme,e-000123456-08,2025-03-04T23:00:05.040Z,deleted,conv-000123456,+4910123456789,whatsapp,,,,,,,,\
         e-000123456-07,\n",
    );
}

#[test]
fn formats_have_names() {
    for &format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(format));
    }
    assert_eq!(Format::from_name("parquet"), None);
}
