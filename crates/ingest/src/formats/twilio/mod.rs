//! Twilio's messages: the REST interface's pages and records, the bulk export, the console's CSV.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | a message as each layout writes it |
//! | [`events`] | what it means |
//! | this file | which layout an input has |
//!
//! Field names and statuses: <https://www.twilio.com/docs/messaging/api/message-resource>,
//! <https://www.twilio.com/docs/usage/bulkexport/day>.

pub mod events;
pub mod record;

use std::sync::Arc;

use self::record::{Fields, Message};
use super::adapter::csv::{Columns, Row};
use super::adapter::shape::{Shape, starts};
use super::adapter::times::LocalClock;
use super::adapter::{CsvAdapter, JsonAdapter, Out, Stop, csv, json};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

/// Name of the format, and of the source of its records.
const NAME: &str = "twilio";

/// Where a page of the REST interface has its records.
const WRAPPERS: &[&str] = &["messages"];

/// Keys that every record in JSON has. Calls have no `date_sent`.
const KEYS: &[&str] = &["sid", "account_sid", "direction", "date_sent"];

/// Columns of the console's CSV without which it is none.
const COLUMNS: &[&str] = &["Sid", "Direction", "From", "To", "Status", "SentDate"];

/// The format `twilio`.
#[derive(Debug, Clone, Copy)]
pub struct Twilio;

impl Format for Twilio {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Twilio messages: REST pages, bulk export, console CSV",
            recognised_by: "keys sid, account_sid, direction, date_sent; columns Sid, Direction, From, To, SentDate",
            cannot_tell: "which person or program wrote what was sent through the interface; closed conversations",
            has_closes: false,
        }
    }

    fn pages(&self) -> &'static [&'static str] {
        WRAPPERS
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        columns_of(head).is_some_and(|columns| columns.has_all(COLUMNS)) || looks_like_json(head)
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        let mut settings = settings.clone();
        settings.keywords = Arc::new((*settings.keywords).clone().with_carriers());
        match columns_of(head) {
            Some(columns) if columns.has_all(COLUMNS) || !has_json(head) => {
                let rows = Rows {
                    fields: Fields::find(&columns, head.name)?,
                    clock: settings.zone.as_ref().map(|zone| LocalClock::new(zone, Arc::clone(&settings.shifted))),
                };
                Ok(csv::open(rows, NAME, &columns, &settings))
            }
            _ => Ok(json::open(Records, NAME, head, &settings, WRAPPERS)),
        }
    }
}

/// Records in JSON. Their times are UTC where they do not say (bulk export).
struct Records;

impl JsonAdapter for Records {
    type Record<'a> = Message<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Message<'a>, Reason> {
        json::parse(text)
    }

    fn to_events(&self, record: &Message<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::to_events(record, None, out)
    }
}

/// Rows of the console's CSV.
struct Rows {
    fields: Fields,
    /// For times that do not say where; without a zone of the user they are UTC.
    clock: Option<LocalClock>,
}

impl CsvAdapter for Rows {
    type Record<'a> = Message<'a>;

    fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Message<'a>, Reason> {
        self.fields.read(row)
    }

    fn to_events(&self, record: &Message<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::to_events(record, self.clock.as_ref(), out)
    }
}

/// The header, if the input has one.
fn columns_of(head: &Head<'_>) -> Option<Columns> {
    if begins_json(head.bytes) { None } else { Columns::of(head) }
}

/// Whether some line begins as JSON does; the first may be broken.
fn has_json(head: &Head<'_>) -> bool {
    head.bytes.split(|&byte| byte == b'\n').any(begins_json)
}

fn begins_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn looks_like_json(head: &Head<'_>) -> bool {
    starts(head).any(|head| Shape::of(&head, WRAPPERS).has_all(KEYS))
}

#[cfg(test)]
mod tests;
