//! Front: what its interface gives and its webhooks send as JSON, and its analytics export of messages as CSV.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | messages, comments and events as JSON, as they are written |
//! | [`events`] | what they mean |
//! | [`analytics`] | rows of the CSV, and what they mean |
//! | this file | recognition, and which layout an input has |

pub mod analytics;
pub mod events;
pub mod record;

use std::sync::Arc;

use self::analytics::Analytics;
use self::record::Record;
use super::adapter::csv::Columns;
use super::adapter::json::parse;
use super::adapter::shape::{Shape, starts};
use super::adapter::{JsonAdapter, Out, Stop, csv, json};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

const NAME: &str = "front";

/// Where a page of the interface has its records (<https://dev.frontapp.com/docs/pagination>).
const WRAPPERS: &[&str] = &["_results"];

/// The format `front`.
#[derive(Debug, Clone, Copy)]
pub struct Front;

impl Format for Front {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Front: messages, comments and events of its interface and its webhooks (JSON), analytics export of \
                    messages (CSV)",
            recognised_by: "JSON with is_inbound, created_at and recipients or draft_mode; emitted_at with source or \
                            target; posted_at of a com_ id; authorization with emitted_at in payload; CSV with Message \
                            date, Direction and the ids",
            cannot_tell: "from messages alone: closes, inboxes and tags, which the events have; from CSV: closes, \
                          channels, and the zone of its dates (--zone); opt-outs other than keywords",
            has_closes: true,
        }
    }

    fn pages(&self) -> &'static [&'static str] {
        WRAPPERS
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        Columns::of(head).is_some_and(|columns| analytics::fits(&columns))
            || starts(head).any(|head| looks_like_json(&Shape::of(&head, WRAPPERS)))
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        let header = Columns::of(head).filter(|columns| analytics::fits(columns) || !has_json(head.bytes));
        let Some(columns) = header else {
            return Ok(json::open(FrontRecords, NAME, head, settings, WRAPPERS));
        };
        let zone = settings.zone.as_ref().ok_or_else(|| IngestError::NeedsOption {
            input: head.name.to_owned(),
            option: "--zone",
            why: "the dates of the analytics export do not say their zone: give the one that the export was asked for",
        })?;
        let rows = Analytics::new(&columns, head.name, zone, Arc::clone(&settings.shifted))?;
        Ok(csv::open(rows, NAME, &columns, settings))
    }
}

/// Whether there are messages, events, comments, or deliveries of an application's webhook.
fn looks_like_json(shape: &Shape) -> bool {
    let is_message =
        shape.has_all(&["is_inbound", "created_at"]) && (shape.has("recipients") || shape.has("draft_mode"));
    let is_event = shape.has("emitted_at") && (shape.has("source._meta") || shape.has("target._meta"));
    let is_comment = shape.has("posted_at") && shape.values("id").any(|id| id.starts_with("com_"));
    let is_delivery = shape.has_all(&["authorization.id", "payload.emitted_at"]);
    is_message || is_event || is_comment || is_delivery
}

/// Whether some line begins as JSON does.
fn has_json(bytes: &[u8]) -> bool {
    bytes.split(|&byte| byte == b'\n').any(|line| matches!(line.trim_ascii_start().first(), Some(b'{' | b'[')))
}

/// Reads the JSON.
#[derive(Debug, Clone, Copy)]
pub struct FrontRecords;

impl JsonAdapter for FrontRecords {
    type Record<'a> = Record<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Record<'a>, Reason> {
        parse(text)
    }

    fn to_events(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::give(record, out)
    }
}

#[cfg(test)]
mod tests;
