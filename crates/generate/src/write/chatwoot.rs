//! Events as Chatwoot's webhooks: one payload a line, as an account's webhook gets it.

use tapemeasure_model::event::{Author, Direction, EventType};

use super::json::{braces, key, list, number, object, one, put, raw, text};
use crate::calendar::SECOND_US;
use crate::event::{ConversationId, Event};
use crate::tables::{CHANNELS, TEAMS};
use crate::write::digits::{append_instant, append_number, append_padded};

/// Name of the format, and of the source that its events get.
pub(super) const SOURCE: &str = "chatwoot";

/// Ids of messages begin here, so that all have as many digits and their order is that of the events.
const FIRST_ID: u64 = 100_000_000_000_000;

/// What webhooks say of an event; `None` if nothing.
///
/// They say nothing of `opened` (the first message opens), of messages of the system, and of who closed. A deletion has
/// the time of its message. A message has its inbox for a team until there is one. Opt-outs and opt-ins are messages of
/// one word.
pub(super) fn told(event: &Event, conversation: &[Event]) -> Option<Event> {
    let mut told = *event;
    told.source = SOURCE;
    told.conversation_id = Some(ConversationId(event.event_id.conversation));
    match event.event_type {
        EventType::Opened => return None,
        EventType::Message => {
            if event.author == Some(Author::System) {
                if event.automated != Some(true) {
                    return None;
                }
                told.author = Some(Author::Bot);
            }
            told.team = event.team.or(Some(event.channel));
        }
        EventType::OptedOut | EventType::OptedIn => told.team = event.team.or(Some(event.channel)),
        EventType::Deleted => {
            let target = conversation.iter().find(|other| Some(other.event_id) == event.target_event_id)?;
            self::told(target, conversation)?;
            told.occurred_at_us = target.occurred_at_us;
        }
        EventType::Closed => (told.agent_id, told.automated) = (None, None),
        EventType::Assigned => {}
        _ => told.agent_id = None,
    }
    Some(told)
}

/// Appends the payload of an event that was [`told`].
pub(super) fn append(event: &Event, out: &mut Vec<u8>) {
    braces(out, |out| match event.event_type {
        EventType::Message | EventType::OptedOut | EventType::OptedIn | EventType::Deleted => message(event, out),
        _ => change(event, out),
    });
    out.push(b'\n');
}

fn message(event: &Event, out: &mut Vec<u8>) {
    let deleted = event.event_type == EventType::Deleted;
    let id = event.target_event_id.unwrap_or(event.event_id);
    let rule = event.automated == Some(true);
    // Of a deletion only the agent is known, if one wrote the message.
    let inbound = match event.event_type {
        EventType::Message => event.direction == Some(Direction::Inbound),
        EventType::Deleted => event.agent_id.is_none(),
        _ => true,
    };
    text(out, "event", if deleted { "message_updated" } else { "message_created" });
    number(out, "id", FIRST_ID + id.conversation * 1_000 + id.number);
    put(out, "content", |out| match (event.event_type, &event.body) {
        (EventType::OptedOut, _) => out.extend_from_slice(b"STOP"),
        (EventType::OptedIn, _) => out.extend_from_slice(b"START"),
        (EventType::Deleted, _) => out.extend_from_slice(b"This message was deleted"),
        (_, Some(body)) => body.append_to(out),
        (_, None) => {}
    });
    text(out, "content_type", "text");
    object(out, "content_attributes", |out| {
        if deleted {
            raw(out, "deleted", "true");
        }
        if rule {
            number(out, "automation_rule_id", 1);
        }
    });
    raw(out, "additional_attributes", "{}");
    text(out, "message_type", if inbound { "incoming" } else { "outgoing" });
    raw(out, "private", if event.private == Some(true) { "true" } else { "false" });
    put(out, "created_at", |out| append_instant(out, event.occurred_at_us));
    match (inbound, event.agent_id) {
        (true, _) => object(out, "sender", |out| contact(event, out)),
        (false, Some(_)) => object(out, "sender", |out| agent(event, out)),
        (false, None) if rule => raw(out, "sender", "null"),
        (false, None) => raw(out, "sender", r#"{"id":1,"name":"Acme Bot","type":"agent_bot"}"#),
    }
    inbox(event, out);
    object(out, "conversation", |out| thread(event, out));
    account(out);
}

/// A change of the conversation: status, labels, agent or team.
fn change(event: &Event, out: &mut Vec<u8>) {
    let status = match event.event_type {
        EventType::Closed => Some(("open", "resolved")),
        EventType::Reopened => Some(("resolved", "open")),
        EventType::Snoozed => Some(("open", "snoozed")),
        EventType::Unsnoozed => Some(("snoozed", "open")),
        EventType::Handoff => Some(("pending", "open")),
        _ => None,
    };
    let name = if status.is_some() { "conversation_status_changed" } else { "conversation_updated" };
    text(out, "event", name);
    thread(event, out);
    text(out, "status", status.map_or("open", |(_, to)| to));
    inbox(event, out);
    // Seconds as a decimal, as Chatwoot's `updated_at.to_f` gives them.
    key(out, "updated_at");
    append_number(out, (event.occurred_at_us / SECOND_US).unsigned_abs());
    out.push(b'.');
    append_padded(out, (event.occurred_at_us % SECOND_US).unsigned_abs(), 6);
    one(out, "changed_attributes", |out| match (status, event.event_type) {
        (Some((from, to)), _) => object(out, "status", |out| {
            text(out, "previous_value", from);
            text(out, "current_value", to);
        }),
        (None, EventType::Tagged) => object(out, "label_list", |out| {
            raw(out, "previous_value", "[]");
            list(out, "current_value", event.topic, quoted);
        }),
        (None, _) => object(out, "assignee_id", |out| {
            raw(out, "previous_value", "null");
            match event.agent_id {
                Some(agent) => number(out, "current_value", agent.id_number()),
                None => raw(out, "current_value", "null"),
            }
        }),
    });
    account(out);
}

/// Fields of a conversation: number, channel, label, and who takes part.
fn thread(event: &Event, out: &mut Vec<u8>) {
    number(out, "id", event.event_id.conversation + 1);
    text(out, "channel", class_of(event.channel));
    list(out, "labels", event.topic, quoted);
    object(out, "meta", |out| {
        object(out, "sender", |out| contact(event, out));
        if event.event_type == EventType::Assigned && event.agent_id.is_some() {
            object(out, "assignee", |out| agent(event, out));
        }
        // The name of an inbox stands for a team only where there is none.
        if let Some(id) = event.team.and_then(|team| TEAMS.iter().position(|known| *known == team)) {
            object(out, "team", |out| {
                number(out, "id", id as u64 + 1);
                text(out, "name", TEAMS[id]);
            });
        }
    });
    object(out, "contact_inbox", |out| {
        number(out, "contact_id", event.contact_id.id_number());
        put(out, "source_id", |out| event.contact_id.append_to(out));
    });
}

fn contact(event: &Event, out: &mut Vec<u8>) {
    number(out, "id", event.contact_id.id_number());
    put(out, "name", |out| event.contact_id.append_to(out));
    text(out, "type", "contact");
}

fn agent(event: &Event, out: &mut Vec<u8>) {
    if let Some(agent) = event.agent_id {
        number(out, "id", agent.id_number());
        put(out, "name", |out| agent.append_to(out));
        text(out, "type", "user");
    }
}

fn inbox(event: &Event, out: &mut Vec<u8>) {
    let id = CHANNELS.iter().position(|channel| channel.name == event.channel).unwrap_or(0);
    object(out, "inbox", |out| {
        number(out, "id", id as u64 + 1);
        text(out, "name", event.channel);
    });
}

fn account(out: &mut Vec<u8>) {
    raw(out, "account", r#"{"id":1,"name":"acme"}"#);
}

fn quoted(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(value.as_bytes());
    out.push(b'"');
}

/// Chatwoot's class of a channel.
fn class_of(channel: &str) -> &'static str {
    match channel {
        "whatsapp" => "Channel::Whatsapp",
        "web_chat" => "Channel::WebWidget",
        "email" => "Channel::Email",
        "messenger" => "Channel::FacebookPage",
        "sms" => "Channel::Sms",
        "instagram" => "Channel::Instagram",
        _ => "Channel::Api",
    }
}
