//! Intercom: conversations with their parts, as JSON of the interface.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | a conversation and its fields |
//! | [`text`] | bodies, which are HTML, to text |
//! | [`events`] | what a conversation and its parts mean |
//! | this file | recognition, and how an input is cut into conversations |
//!
//! Fields, from <https://github.com/intercom/Intercom-OpenAPI>: one conversation an object, its first message in
//! `source`, everything behind it in `conversation_parts`. Pages have their conversations under one key.

mod events;
mod record;
mod text;

use self::record::Conversation;
use super::adapter::names::Names;
use super::adapter::shape::Shape;
use super::adapter::{JsonAdapter, Out, Stop, json};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

const NAME: &str = "intercom";

/// Key under which pages have their conversations.
const PAGES: &[&str] = &["conversations"];

/// The format `intercom`.
#[derive(Debug, Clone, Copy)]
pub struct Intercom;

impl Format for Intercom {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Intercom: conversations with their parts, one by one, as JSON lines, or pages of them",
            recognised_by: "conversations with source.delivered_as, or with parts that have a part_type",
            cannot_tell: "more than the latest 500 parts of a conversation, opt-outs other than by keyword",
            has_closes: true,
        }
    }

    fn pages(&self) -> &'static [&'static str] {
        PAGES
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        let shape = Shape::of(head, PAGES);
        shape.has("source.delivered_as")
            || shape.has("conversation_parts.conversation_parts.part_type")
            || shape.has("conversation_parts.part_type")
            || (shape.has("source.author.type") && shape.values("type").any(|kind| kind == "conversation"))
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        Ok(json::open(Conversations { bots: settings.bots.clone() }, NAME, head, settings, PAGES))
    }
}

/// Reads the records.
#[derive(Debug)]
struct Conversations {
    bots: Names,
}

impl JsonAdapter for Conversations {
    type Record<'a> = Conversation<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Conversation<'a>, Reason> {
        json::parse(text)
    }

    fn to_events(&self, record: &Conversation<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::to_events(&self.bots, record, out)
    }
}

#[cfg(test)]
mod tests;
