//! Events as webhooks of the WhatsApp Cloud API: one delivery a line.

use tapemeasure_model::event::{Author, Direction, EventType};

use super::json::{braces, number, object, one, put, raw, text};
use super::pair;
use crate::calendar::SECOND_US;
use crate::event::{Event, EventId};
use crate::write::digits::{append_number, append_padded};

/// Name of the format, and of the source that its events get.
pub(super) const SOURCE: &str = "whatsapp";

const CHANNEL: &str = "whatsapp";

/// What webhooks say of an event; `None` if nothing.
///
/// There is one channel, to whole seconds, with the company's number and the customer's for a conversation. Of what the
/// company sends they say that it was sent, and whether it was a campaign. An agent's message and a bot's look the same,
/// so those of bots are left out. Only the customer can take a message back. Who answered, what about, and that a
/// conversation was closed is not among it.
pub(super) fn told(event: &Event, conversation: &[Event]) -> Option<Event> {
    if event.channel != CHANNEL {
        return None;
    }
    let mut told = *event;
    match (event.event_type, event.author) {
        (EventType::OptedOut | EventType::OptedIn, _) => {}
        (EventType::Message, Some(Author::Contact)) => {}
        (EventType::Message, _) if event.private == Some(true) => return None,
        (EventType::Message, Some(Author::Agent)) => told.body = None,
        (EventType::Message, _) if event.automated == Some(true) => {
            told.author = Some(Author::Agent);
            told.body = None;
        }
        (EventType::Deleted, _) => {
            let target = conversation.iter().find(|other| Some(other.event_id) == event.target_event_id)?;
            if target.author != Some(Author::Contact) {
                return None;
            }
        }
        _ => return None,
    }
    told.source = SOURCE;
    told.occurred_at_us -= event.occurred_at_us.rem_euclid(SECOND_US);
    told.conversation_id = Some(pair(event));
    (told.agent_id, told.team, told.topic) = (None, None, None);
    Some(told)
}

/// Appends the delivery of an event that was [`told`].
pub(super) fn append(event: &Event, out: &mut Vec<u8>) {
    let outbound = event.direction == Some(Direction::Outbound);
    let preference = matches!(event.event_type, EventType::OptedOut | EventType::OptedIn);
    braces(out, |out| {
        text(out, "object", "whatsapp_business_account");
        one(out, "entry", |out| {
            text(out, "id", "100000000000002");
            one(out, "changes", |out| {
                object(out, "value", |out| value(event, outbound, preference, out));
                text(out, "field", if preference { "user_preferences" } else { "messages" });
            });
        });
    });
    out.push(b'\n');
}

fn value(event: &Event, outbound: bool, preference: bool, out: &mut Vec<u8>) {
    text(out, "messaging_product", "whatsapp");
    raw(out, "metadata", r#"{"display_phone_number":"493023125002","phone_number_id":"100000000000003"}"#);
    if !outbound {
        one(out, "contacts", |out| {
            object(out, "profile", |out| put(out, "name", |out| contact(event, out)));
            put(out, "wa_id", |out| contact(event, out));
        });
    }
    let (name, item): (_, fn(&Event, &mut Vec<u8>)) = match (preference, outbound) {
        (true, _) => ("user_preferences", chosen),
        (false, true) => ("statuses", sent),
        (false, false) => ("messages", received),
    };
    one(out, name, |out| item(event, out));
}

fn received(event: &Event, out: &mut Vec<u8>) {
    put(out, "from", |out| contact(event, out));
    put(out, "id", |out| message_id(event.event_id, out));
    timestamp(event, out);
    match (event.target_event_id, &event.body) {
        (Some(target), _) => {
            object(out, "revoke", |out| put(out, "original_message_id", |out| message_id(target, out)));
            text(out, "type", "revoke");
        }
        (None, Some(body)) => {
            object(out, "text", |out| put(out, "body", |out| body.append_to(out)));
            text(out, "type", "text");
        }
        (None, None) => text(out, "type", "image"),
    }
}

fn sent(event: &Event, out: &mut Vec<u8>) {
    put(out, "id", |out| message_id(event.event_id, out));
    text(out, "status", "sent");
    timestamp(event, out);
    put(out, "recipient_id", |out| contact(event, out));
    let category = if event.automated == Some(true) { "marketing" } else { "service" };
    object(out, "pricing", |out| {
        raw(out, "billable", if category == "service" { "false" } else { "true" });
        text(out, "pricing_model", "PMP");
        text(out, "category", category);
    });
}

fn chosen(event: &Event, out: &mut Vec<u8>) {
    let stops = event.event_type == EventType::OptedOut;
    put(out, "wa_id", |out| contact(event, out));
    text(out, "detail", if stops { "User requested to stop marketing messages" } else { "User requested to resume" });
    text(out, "category", "marketing_messages");
    text(out, "value", if stops { "stop" } else { "resume" });
    number(out, "timestamp", seconds(event));
}

/// A number without its plus.
fn contact(event: &Event, out: &mut Vec<u8>) {
    let begin = out.len();
    event.contact_id.append_to(out);
    if out.get(begin) == Some(&b'+') {
        out.remove(begin);
    }
}

/// In the order of the events.
fn message_id(id: EventId, out: &mut Vec<u8>) {
    out.extend_from_slice(b"wamid.");
    append_padded(out, id.conversation, 12);
    append_padded(out, id.number, 4);
}

fn timestamp(event: &Event, out: &mut Vec<u8>) {
    put(out, "timestamp", |out| append_number(out, seconds(event)));
}

fn seconds(event: &Event) -> u64 {
    (event.occurred_at_us / SECOND_US).unsigned_abs()
}
