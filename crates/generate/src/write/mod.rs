//! Formats: from plain events to bytes.
//!
//! | module | writes |
//! |---|---|
//! | `ndjson`, `csv` | canonical events, one each |
//! | `chatwoot`, `twilio`, `whatsapp` | what a platform keeps, a record an event |
//! | `zendesk` | a ticket a conversation |
//! | `json`, `digits` | fields of objects; numbers and instants |
//!
//! A platform cannot say everything that an event does. Each of their modules has two halves: `told` makes of an event
//! what is left of it once the platform has said it, and `append` writes that and nothing else.

mod chatwoot;
mod csv;
pub(crate) mod digits;
mod json;
mod ndjson;
mod twilio;
mod whatsapp;
mod zendesk;

use std::fmt;

use crate::event::{ConversationId, Event};
use crate::tables::{CHANNEL_COUNT, CHANNELS};

/// The formats of a generated archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Canonical events: one JSON object a line.
    Ndjson,
    /// Canonical events: comma-separated values with a header line.
    Csv,
    /// Payloads of Chatwoot's webhooks, one a line.
    Chatwoot,
    /// Message records of Twilio's REST interface, one a line.
    Twilio,
    /// Deliveries of the webhooks of the WhatsApp Cloud API, one a line.
    WhatsApp,
    /// Zendesk's tickets with comments, audits and users, one a line.
    Zendesk,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] =
        &[Self::Ndjson, Self::Csv, Self::Chatwoot, Self::Twilio, Self::WhatsApp, Self::Zendesk];

    /// The name on the command line; of canonical events it is also the ending of a file name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Chatwoot => chatwoot::SOURCE,
            Self::Twilio => twilio::SOURCE,
            Self::WhatsApp => whatsapp::SOURCE,
            Self::Zendesk => zendesk::SOURCE,
        }
    }

    /// The format of a name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }

    /// What stands before the first event.
    pub fn header(self) -> &'static [u8] {
        match self {
            Self::Csv => csv::HEADER,
            _ => b"",
        }
    }

    /// What the format can say of a conversation: its events as an ingest of the format gives them, but for the texts
    /// of ids. `conversation` is all of its events in order of time.
    pub fn told(self, conversation: &[Event]) -> Vec<Event> {
        let told = |event: &Event| match self {
            Self::Ndjson | Self::Csv => Some(*event),
            Self::Chatwoot => chatwoot::told(event, conversation),
            Self::Twilio => twilio::told(event),
            Self::WhatsApp => whatsapp::told(event, conversation),
            Self::Zendesk => zendesk::told(event, conversation),
        };
        conversation.iter().filter_map(told).collect()
    }

    /// Appends the records of a conversation, with their line breaks, and gives their number. `conversation` is all of
    /// its events in order of time; canonical events may also come one by one.
    pub fn append(self, conversation: &[Event], out: &mut Vec<u8>) -> u64 {
        let one_each: fn(&Event, &mut Vec<u8>) = match self {
            Self::Ndjson => ndjson::append,
            Self::Csv => csv::append,
            Self::Chatwoot => chatwoot::append,
            Self::Twilio => twilio::append,
            Self::WhatsApp => whatsapp::append,
            Self::Zendesk => return zendesk::append(&self.told(conversation), out),
        };
        if matches!(self, Self::Ndjson | Self::Csv) {
            conversation.iter().for_each(|event| one_each(event, out));
            return conversation.len() as u64;
        }
        let told = self.told(conversation);
        told.iter().for_each(|event| one_each(event, out));
        told.len() as u64
    }
}

/// The conversation where a platform knows only that two addresses wrote to each other.
fn pair(event: &Event) -> ConversationId {
    let channel = CHANNELS.iter().position(|channel| channel.name == event.channel).unwrap_or(0);
    ConversationId(event.contact_id.number * CHANNEL_COUNT as u64 + channel as u64)
}

/// Shows what `append` writes, so that an id has the same text in a message as in a file.
pub(crate) fn show(f: &mut fmt::Formatter<'_>, append: impl FnOnce(&mut Vec<u8>)) -> fmt::Result {
    let mut text = Vec::with_capacity(64);
    append(&mut text);
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests;
