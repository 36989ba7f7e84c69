//! Events as plain structs, before any format.

use std::fmt;

use tapemeasure_model::event::{Author, Direction, EventType};

use crate::people::{Agent, Contact};
use crate::write::digits::append_padded;
use crate::write::show;

/// One event with the fields of kpi-rules section 1; a field that does not apply is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// The account that the event came from.
    pub source: &'static str,
    /// Identity inside the source.
    pub event_id: EventId,
    /// Microseconds since 1970 UTC.
    pub occurred_at_us: i64,
    /// What happened.
    pub event_type: EventType,
    /// The conversation; `None` for some opt-outs and opt-ins.
    pub conversation_id: Option<ConversationId>,
    /// The customer.
    pub contact_id: Contact,
    /// Name of the channel.
    pub channel: &'static str,
    /// Of a message.
    pub direction: Option<Direction>,
    /// Of a message.
    pub author: Option<Author>,
    /// Who wrote, was assigned, closed, ...
    pub agent_id: Option<Agent>,
    /// Name of the team, once one is in charge.
    pub team: Option<&'static str>,
    /// Name of the topic, once it is known.
    pub topic: Option<&'static str>,
    /// Whether a message is an internal note.
    pub private: Option<bool>,
    /// Whether a rule sent the message or closed the session.
    pub automated: Option<bool>,
    /// The message that is gone, of a `deleted` event.
    pub target_event_id: Option<EventId>,
    /// Text of a message.
    pub body: Option<Body>,
}

/// Identity of an event: the index of its conversation and its number there, written `e-000123456-07`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// Index of the conversation.
    pub conversation: u64,
    /// Counts from 0 inside the conversation.
    pub number: u64,
}

impl EventId {
    /// Appends the text of the field `event_id`.
    pub(crate) fn append_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"e-");
        append_padded(out, self.conversation, 9);
        out.push(b'-');
        append_padded(out, self.number, 2);
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, |out| self.append_to(out))
    }
}

/// Identity of a conversation: its index, written `conv-000123456`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConversationId(pub u64);

impl ConversationId {
    /// Appends the text of the field `conversation_id`.
    pub(crate) fn append_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"conv-");
        append_padded(out, self.0, 9);
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, |out| self.append_to(out))
    }
}

/// The text of a message: up to three phrases, and now and then an order number.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Phrases in order; empty ones are not written. The first is not empty.
    pub(crate) phrases: [&'static str; 3],
    /// Written last as `Order 12345678.`, 0 for none.
    pub(crate) order: u64,
}

impl Body {
    /// Appends the text of the field `body`.
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        let [first, others @ ..] = self.phrases;
        out.extend_from_slice(first.as_bytes());
        for phrase in others {
            if !phrase.is_empty() {
                out.push(b' ');
                out.extend_from_slice(phrase.as_bytes());
            }
        }
        if self.order > 0 {
            out.extend_from_slice(b" Order ");
            append_padded(out, self.order, 8);
            out.push(b'.');
        }
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, |out| self.append_to(out))
    }
}
