//! Zendesk Support: tickets with their comments and audits, as JSON of the interface or of an export tool.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | the objects and their fields |
//! | [`via`] | how a ticket, comment or change came about: channel, rule, merge |
//! | [`people`] | who is a customer, an agent, a bot |
//! | [`ticket`] | what is known of the ticket that a comment belongs to |
//! | [`events`] | what the objects mean |
//! | this file | recognition, and how an input is cut into objects |
//!
//! Objects, from <https://developer.zendesk.com/api-reference/ticketing/introduction/>: a ticket with its comments and
//! audits beside or within it; comments, audits, users and the updates of the incremental event export by themselves.
//! The first pass finds the users' roles, and the tickets for comments that come without them.

mod events;
mod people;
mod record;
mod ticket;
mod via;

use self::people::People;
use self::record::Record;
use super::adapter::lookups::Lookups;
use super::adapter::shape::Shape;
use super::adapter::{JsonAdapter, Out, Stop, json};
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::quarantine::Reason;

const NAME: &str = "zendesk";

/// Keys under which pages of the interface have their objects.
const PAGES: &[&str] = &["tickets", "results", "comments", "audits", "ticket_events", "users"];

/// Keys that a ticket's own object has and a page has not. Comments, audits and users lie under the same keys in both,
/// but a ticket's must not be torn from it.
const TICKET_KEYS: [&str; 10] = [
    "id",
    "ticket",
    "ticket_id",
    "url",
    "requester_id",
    "assignee_id",
    "status",
    "subject",
    "via",
    "allow_attachments",
];

/// The format `zendesk`.
#[derive(Debug, Clone, Copy)]
pub struct Zendesk;

impl Format for Zendesk {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Zendesk Support: tickets with comments and audits, users, incremental events; JSON or JSON lines",
            recognised_by: "tickets with requester_id and via, comments with author_id and public, audits with events, \
                            ticket_events with child_events, users with a Zendesk role",
            cannot_tell: "messages inside of a chat transcript, opt-outs other than by keyword, closes without audits",
            has_closes: true,
        }
    }

    fn surveys(&self) -> bool {
        true
    }

    fn pages(&self) -> &'static [&'static str] {
        PAGES
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        let shape = Shape::of(head, &[]);
        // Whether there are these keys in objects that lie under one of the paths.
        let any = |paths: &[&str], keys: &[&str]| {
            paths.iter().any(|path| keys.iter().all(|key| shape.has(&format!("{path}{key}"))))
        };
        let tickets = ["", "ticket.", "tickets.", "results."];
        let comments = ["", "comments.", "ticket.comments.", "tickets.comments."];
        any(&tickets, &["requester_id", "via.channel"])
            || any(&tickets, &["requester_id", "submitter_id"])
            || any(&comments, &["author_id", "public", "body"])
            || any(&["", "audits."], &["ticket_id", "author_id", "events.type"])
            || any(&["audits.", "ticket.audits.", "tickets.audits."], &["author_id", "events.type"])
            || any(&["", "ticket_events."], &["ticket_id", "child_events"])
            || ["", "users."].iter().any(|path| are_users(&shape, path))
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        let shape = Shape::of(head, &[]);
        let pages: &'static [&'static str] = if TICKET_KEYS.iter().any(|key| shape.has(key)) { &[] } else { PAGES };
        Ok(json::open(ZendeskRecords { people: People::new(settings) }, NAME, head, settings, pages))
    }
}

/// Whether the objects under a path are Zendesk's users. `agent` and `admin` are roles elsewhere too.
fn are_users(shape: &Shape, path: &str) -> bool {
    let has = |key: &str| shape.has(&format!("{path}{key}"));
    let mut roles = shape.values(if path.is_empty() { "role" } else { "users.role" });
    has("id")
        && roles.any(|role| {
            role == "end-user"
                || (matches!(role, "agent" | "admin") && (has("ticket_restriction") || has("only_private_comments")))
        })
}

/// Reads the records.
#[derive(Debug)]
struct ZendeskRecords {
    people: People,
}

impl JsonAdapter for ZendeskRecords {
    type Record<'a> = Record<'a>;

    fn decode<'a>(&self, text: &'a [u8]) -> Result<Record<'a>, Reason> {
        json::parse(text)
    }

    fn to_events(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        events::to_events(&self.people, record, out)
    }

    fn survey(&self, text: &[u8], lookups: &Lookups) {
        if let Ok(outline) = json::parse(text) {
            events::survey(&self.people, &outline, lookups);
        }
    }
}

#[cfg(test)]
mod tests;
