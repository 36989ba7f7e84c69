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
    format.append(std::slice::from_ref(event), &mut line);
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
            concat!(
                r#""topic":"delivery","body":"Hello, it is on its way. Order 12345678.","private":false,"#,
                r#""automated":false}"#,
            ),
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

/// A question of the same conversation, some seconds before.
const QUESTION: Event = Event {
    event_id: EventId { conversation: 123_456, number: 3 },
    occurred_at_us: 1_741_129_200_000_000,
    direction: Some(Direction::Inbound),
    author: Some(Author::Contact),
    agent_id: None,
    team: None,
    topic: None,
    body: Some(Body { phrases: ["Where is it?", "", ""], order: 0 }),
    ..ANSWER
};

const CLOSED: Event = Event {
    event_id: EventId { conversation: 123_456, number: 9 },
    event_type: EventType::Closed,
    direction: None,
    author: None,
    private: None,
    automated: Some(true),
    agent_id: None,
    body: None,
    ..ANSWER
};

/// The lines of a conversation.
fn lines(format: Format, conversation: &[Event]) -> Vec<String> {
    let mut out = Vec::new();
    let records = format.append(conversation, &mut out);
    let lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len() as u64, records);
    lines
}

#[test]
fn chatwoot_payloads() {
    let deleted = Event { agent_id: Some(Agent(6)), ..DELETED };
    let lines = lines(Format::Chatwoot, &[QUESTION, ANSWER, CLOSED, deleted, OPTED_OUT]);
    let thread = concat!(
        r#""meta":{"sender":{"id":123456790,"name":"+4910123456789","type":"contact"}},"#,
        r#""contact_inbox":{"contact_id":123456790,"source_id":"+4910123456789"}"#,
    );
    assert_eq!(
        lines[0],
        [
            r#"{"event":"message_created","id":100000123456003,"content":"Where is it?","content_type":"text","#,
            r#""content_attributes":{},"additional_attributes":{},"message_type":"incoming","private":false,"#,
            concat!(
                r#""created_at":"2025-03-04T23:00:00Z","sender":{"id":123456790,"name":"+4910123456789","#,
                r#""type":"contact"},"#,
            ),
            concat!(
                r#""inbox":{"id":1,"name":"whatsapp"},"conversation":{"id":123457,"channel":"Channel::Whatsapp","#,
                r#""labels":[],"#,
            ),
            thread,
            r#"},"account":{"id":1,"name":"acme"}}"#,
        ]
        .concat()
    );
    let agent = r#""sender":{"id":7,"name":"agent-07","type":"user"}"#;
    let team = r#""team":{"id":2,"name":"orders"}"#;
    assert!(lines[1].contains(agent) && lines[1].contains(team) && lines[1].contains(r#""labels":["delivery"]"#));
    let resolved = r#""changed_attributes":[{"status":{"previous_value":"open","current_value":"resolved"}}]"#;
    assert!(lines[2].starts_with(r#"{"event":"conversation_status_changed","id":123457,"#), "{}", lines[2]);
    assert!(lines[2].contains(resolved) && lines[2].contains(r#""status":"resolved""#), "{}", lines[2]);
    assert!(lines[2].contains(r#""updated_at":1741129205.040000,"#), "{}", lines[2]);
    assert!(lines[3].starts_with(r#"{"event":"message_updated","id":100000123456007,"#), "{}", lines[3]);
    assert!(lines[3].contains(r#""content_attributes":{"deleted":true}"#), "{}", lines[3]);
    assert!(lines[4].contains(r#""content":"STOP""#) && lines[4].contains(r#""message_type":"incoming""#));
}

#[test]
fn twilio_records() {
    let lines = lines(Format::Twilio, &[QUESTION, ANSWER, CLOSED, DELETED, OPTED_OUT]);
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[1],
        concat!(
            r#"{"sid":"SM00000000000000123456000000000007","account_sid":"AC00000000000000000000000000000acc","#,
            r#""api_version":"2010-04-01","body":"Hello, it is on its way. Order 12345678.","#,
            r#""date_created":"Tue, 04 Mar 2025 23:00:05 +0000","date_sent":"Tue, 04 Mar 2025 23:00:05 +0000","#,
            r#""date_updated":"Tue, 04 Mar 2025 23:00:05 +0000","direction":"outbound-api","error_code":null,"#,
            r#""error_message":null,"to":"whatsapp:+4910123456789","from":"whatsapp:+493023125002","num_media":"0","#,
            r#""num_segments":"1","status":"delivered"}"#,
        )
    );
    assert!(lines[0].contains(r#""direction":"inbound""#) && lines[2].contains(r#""body":"STOP""#));
    assert_eq!(lines_of_channel(Format::Twilio, "email"), 0);
}

#[test]
fn whatsapp_deliveries() {
    let deleted = Event { target_event_id: Some(QUESTION.event_id), ..DELETED };
    let lines = lines(Format::WhatsApp, &[QUESTION, ANSWER, CLOSED, DELETED, deleted, OPTED_OUT]);
    let before = concat!(
        r#"{"object":"whatsapp_business_account","entry":[{"id":"100000000000002","changes":[{"value":"#,
        r#"{"messaging_product":"whatsapp","metadata":{"display_phone_number":"493023125002","#,
        r#""phone_number_id":"100000000000003"},"#,
    );
    let contacts = r#""contacts":[{"profile":{"name":"4910123456789"},"wa_id":"4910123456789"}],"#;
    let items = [
        (
            contacts,
            concat!(
                r#""messages":[{"from":"4910123456789","id":"wamid.0000001234560003","timestamp":"1741129200","#,
                r#""text":{"body":"Where is it?"},"type":"text"}]},"field":"messages"}]}]}"#,
            ),
        ),
        (
            "",
            concat!(
                r#""statuses":[{"id":"wamid.0000001234560007","status":"sent","timestamp":"1741129205","#,
                r#""recipient_id":"4910123456789","pricing":{"billable":false,"pricing_model":"PMP","#,
                r#""category":"service"}}]},"field":"messages"}]}]}"#,
            ),
        ),
        (
            contacts,
            concat!(
                r#""messages":[{"from":"4910123456789","id":"wamid.0000001234560008","timestamp":"1741129205","#,
                r#""revoke":{"original_message_id":"wamid.0000001234560003"},"type":"revoke"}]},"#,
                r#""field":"messages"}]}]}"#,
            ),
        ),
        (
            contacts,
            concat!(
                r#""user_preferences":[{"wa_id":"4910123456789","detail":"User requested to stop marketing messages","#,
                r#""category":"marketing_messages","value":"stop","timestamp":1741129205}]},"#,
                r#""field":"user_preferences"}]}]}"#,
            ),
        ),
    ];
    let expected: Vec<String> = items.iter().map(|(contacts, item)| [before, contacts, item].concat()).collect();
    assert_eq!(lines, expected);
    assert_eq!(lines_of_channel(Format::WhatsApp, "sms"), 0);
}

#[test]
fn zendesk_tickets() {
    let lines = lines(Format::Zendesk, &[QUESTION, ANSWER, CLOSED, DELETED]);
    assert_eq!(
        lines,
        [concat!(
            concat!(
                r#"{"id":123457,"created_at":"2025-03-04T23:00:00Z","updated_at":"2025-03-04T23:00:05Z","#,
                r#""status":"solved","#,
            ),
            r#""requester_id":123456790,"submitter_id":123456790,"assignee_id":null,"group_id":2,"tags":["delivery"],"#,
            r#""via":{"channel":"whatsapp"},"comments":[{"id":100000123456003,"type":"Comment","author_id":123456790,"#,
            r#""body":"Where is it?","public":true,"created_at":"2025-03-04T23:00:00Z","via":{"channel":"whatsapp"}},"#,
            r#"{"id":100000123456007,"type":"Comment","author_id":900000000007,"#,
            r#""body":"Hello, it is on its way. Order 12345678.","public":true,"created_at":"2025-03-04T23:00:05Z","#,
            r#""via":{"channel":"whatsapp"}}],"audits":[{"id":100000123456009,"ticket_id":123457,"#,
            r#""created_at":"2025-03-04T23:00:05Z","author_id":-1,"#,
            concat!(
                r#""via":{"channel":"rule","source":{"rel":"automation"}},"events":[{"id":100000123456009,"#,
                r#""type":"Change","#,
            ),
            r#""field_name":"status","value":"solved","previous_value":"open"}]}],"#,
            r#""users":[{"id":123456790,"role":"end-user"},{"id":900000000007,"role":"agent"}]}"#,
        )]
    );
    assert_eq!(lines_of_channel(Format::Zendesk, "email"), 1);
}

/// The number of lines of a question on a channel.
fn lines_of_channel(format: Format, channel: &'static str) -> usize {
    lines(format, &[Event { channel, ..QUESTION }]).len()
}

#[test]
fn what_is_told_is_what_the_platform_keeps() {
    let all = [QUESTION, ANSWER, CLOSED, DELETED];
    let types = |format: Format| format.told(&all).iter().map(|event| event.event_type).collect::<Vec<_>>();
    let message = EventType::Message;
    assert_eq!(types(Format::Csv), [message, message, EventType::Closed, EventType::Deleted]);
    assert_eq!(types(Format::Chatwoot), [message, message, EventType::Closed, EventType::Deleted]);
    assert_eq!(types(Format::Zendesk), [message, message, EventType::Closed]);
    assert_eq!(types(Format::Twilio), [message, message]);
    assert_eq!(types(Format::WhatsApp), [message, message]);
    // A ticket has one topic, a message record none, and both have whole seconds.
    let zendesk = Format::Zendesk.told(&all);
    assert_eq!((zendesk[0].topic, zendesk[1].occurred_at_us), (Some("delivery"), 1_741_129_205_000_000));
    assert_eq!((Format::Twilio.told(&all)[1].topic, Format::Chatwoot.told(&all)[0].topic), (None, None));
}
