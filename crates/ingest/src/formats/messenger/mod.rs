//! Webhooks of Messenger and of Instagram messaging, as they were delivered.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | a delivery: entries, and what happened in the chats of a page |
//! | [`events`] | what it means |
//! | this file | recognition |
//!
//! Fields: <https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks>,
//! <https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks>.

pub mod events;
pub mod record;

use self::record::Delivery;
use super::adapter::shape::{Shape, starts};
use super::adapter::{JsonAdapter, Out, Stop, json};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

/// Name of the format, and of the source of its records.
const NAME: &str = "messenger";

/// The format `messenger`.
#[derive(Debug, Clone, Copy)]
pub struct Messenger;

impl Format for Messenger {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Messenger and Instagram webhooks: JSON lines or files",
            recognised_by: "object page or instagram with entry.messaging or entry.standby",
            cannot_tell: "which person or program wrote what a page sent; closed conversations",
            has_closes: false,
        }
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        starts(head).any(|head| is_delivery(&Shape::of(&head, &[])))
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        Ok(json::open(Deliveries, NAME, head, settings, &[]))
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
}

fn is_delivery(shape: &Shape) -> bool {
    shape.values("object").any(|object| matches!(object, "page" | "instagram"))
        && (shape.has("entry.messaging") || shape.has("entry.standby"))
}

#[cfg(test)]
mod tests;
