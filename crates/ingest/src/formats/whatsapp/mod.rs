//! Webhooks of the WhatsApp Cloud API, as they were delivered.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | a delivery: entries, changes, messages, statuses, preferences |
//! | [`events`] | what they mean |
//! | this file | recognition, and the first pass that finds echoes |
//!
//! A message that was typed into the WhatsApp Business app comes as an echo. Where its status `sent` comes too, it is
//! one message, and the two times may differ by a second: the first pass finds the echoes, and the statuses of their
//! ids are no messages.
//!
//! Fields: <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages>,
//! `.../messages/status`, `.../smb_message_echoes`, `.../history`, `.../user_preferences`.

pub mod events;
pub mod record;

use std::sync::Arc;

use memchr::memmem;

use self::record::{Delivery, OBJECT};
use super::adapter::lookups::Lookups;
use super::adapter::shape::{Shape, starts};
use super::adapter::{JsonAdapter, Out, Stop, json};
use super::{BlockDecoder, Format, FormatInfo, FormatSettings, Head, Opening, Sink};
use crate::error::IngestError;
use crate::inputs::Block;
use crate::quarantine::Reason;

/// Name of the format, and of the source of its records.
const NAME: &str = "whatsapp";

/// The format `whatsapp`.
#[derive(Debug, Clone, Copy)]
pub struct WhatsApp;

impl Format for WhatsApp {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "WhatsApp Cloud API webhooks: JSON lines or files, also by name in an outer object",
            recognised_by: "object whatsapp_business_account with entry",
            cannot_tell: "who wrote what was sent through the interface, and its text; closed conversations",
            has_closes: false,
        }
    }

    fn surveys(&self) -> bool {
        true
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        starts(head).any(|head| {
            let shape = Shape::of(&head, &[]);
            is_delivery(&shape, "")
                || shape.keys().any(|name| is_delivery(&shape, &format!("{name}.")))
                || first_key(head.bytes).is_some_and(|name| is_delivery(&Shape::of(&head, &[name]), ""))
        })
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        Ok(match json::open(Deliveries, NAME, head, settings, &[]) {
            Opening::Blocks { framing, skip, decoder } => {
                Opening::Blocks { framing, skip, decoder: Arc::new(Surveyed { deliveries: decoder }) }
            }
            other => other,
        })
    }
}

/// One record is one delivery.
struct Deliveries;

impl JsonAdapter for Deliveries {
    type Record<'a> = Delivery<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Delivery<'a>, Reason> {
        json::parse(text)
    }

    fn to_events(&self, record: &Delivery<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::to_events(record, out)
    }

    fn survey(&self, text: &[u8], lookups: &Lookups) {
        if let Ok(delivery) = self.decode(text) {
            events::survey(&delivery, lookups);
        }
    }
}

/// Spares the first pass the blocks without an echo, which are all of them for most numbers.
struct Surveyed {
    deliveries: Arc<dyn BlockDecoder>,
}

impl BlockDecoder for Surveyed {
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError> {
        self.deliveries.decode(block, sink)
    }

    fn survey(&self, block: &Block) {
        if memmem::find(block.bytes(), b"\"message_echoes\"").is_some() {
            self.deliveries.survey(block);
        }
    }
}

/// Whether a delivery stands at a path, which is empty or ends in a dot.
fn is_delivery(shape: &Shape, path: &str) -> bool {
    let is_account = shape.values(&format!("{path}object")).any(|object| object == OBJECT);
    let product = format!("{path}entry.changes.value.messaging_product");
    (is_account && shape.has(&format!("{path}entry"))) || shape.values(&product).any(|product| product == "whatsapp")
}

/// The first key of the outermost object, as it is written: the name of a delivery that has one. It may have dots.
fn first_key(bytes: &[u8]) -> Option<&str> {
    let text = bytes.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', text)?;
    std::str::from_utf8(&text[..end]).ok()
}

#[cfg(test)]
mod tests;
