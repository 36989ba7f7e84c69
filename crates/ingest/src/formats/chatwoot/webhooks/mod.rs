//! Chatwoot's webhooks: one JSON object a payload, as a relay or a log kept them.
//!
//! | module | does |
//! |---|---|
//! | [`record`] | a payload with its fields named |
//! | [`events`] | what a payload means |
//! | this file | recognition |

pub mod events;
pub mod record;

use self::record::Payload;
use crate::error::IngestError;
use crate::formats::adapter::shape::Shape;
use crate::formats::adapter::{JsonAdapter, Out, Stop, json};
use crate::formats::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::quarantine::Reason;

/// The format's name, and the source of its events.
const NAME: &str = "chatwoot";

/// Keys under which relays put what Chatwoot sent them (`body`: n8n, Make).
const WRAPPERS: &[&str] = &["data", "body", "payload"];

/// Names of events that Chatwoot sends: to webhooks of an account (`Webhook::ALLOWED_WEBHOOK_EVENTS`), and to bots.
const EVENTS: &[&str] = &[
    "message_created",
    "message_updated",
    "conversation_created",
    "conversation_updated",
    "conversation_status_changed",
    "conversation_opened",
    "conversation_resolved",
    "conversation_typing_on",
    "conversation_typing_off",
    "webwidget_triggered",
    "contact_created",
    "contact_updated",
    "inbox_created",
    "inbox_updated",
];

/// Payloads of Chatwoot's webhooks.
#[derive(Debug, Clone, Copy)]
pub struct ChatwootWebhooks;

impl Format for ChatwootWebhooks {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Chatwoot webhooks: payloads as JSON lines or arrays, also wrapped by a relay",
            recognised_by: "`event` with a name like message_created, beside account, inbox or conversation",
            cannot_tell: "who or what resolved a conversation, messages that were not delivered, what happened before the \
                          webhook was set up",
            has_closes: true,
        }
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        let shape = Shape::of(head, WRAPPERS);
        let named = shape.values("event").any(|event| EVENTS.contains(&event));
        let belongs =
            ["account.id", "inbox.id", "inbox_id", "conversation.id", "conversation.inbox_id", "contact_inbox.id"];
        if shape.has("event") {
            return named && belongs.iter().any(|path| shape.has(path));
        }
        // `event` is the last key of a payload: a long mail in the first one keeps it out of sight.
        !head.whole && shape.has_all(&["account.id", "account.name", "additional_attributes", "content_attributes"])
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        Ok(json::open(Payloads, NAME, head, settings, WRAPPERS))
    }
}

/// Reads payloads.
#[derive(Debug, Clone, Copy)]
struct Payloads;

impl JsonAdapter for Payloads {
    type Record<'a> = Payload<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Payload<'a>, Reason> {
        json::parse(text)
    }

    fn to_events(&self, record: &Payload<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::give(record.unwrapped(), out)
    }
}

#[cfg(test)]
mod tests;
