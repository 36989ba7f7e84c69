//! Rows of the analytics export of messages.
//!
//! The names of the columns are those of <https://dev.frontapp.com/reference/create-analytics-export>. Its dates are in
//! the zone that the export was asked for, which the file does not say.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDateTime;
use tapemeasure_model::event::{Author, Direction};
use tapemeasure_model::zone::Zone;

use super::events::folded;
use crate::error::IngestError;
use crate::formats::adapter::csv::{Columns, Row};
use crate::formats::adapter::times::{self, LocalClock, Shifted};
use crate::formats::adapter::{CsvAdapter, Draft, Out, Stop};
use crate::quarantine::Reason;

const MESSAGE_DATE: &str = "Message date";
const DIRECTION: &str = "Direction";
const MESSAGE_ID: &str = "Message ID";
const MESSAGE_API_ID: &str = "Message API ID";
const CONVERSATION_ID: &str = "Conversation ID";
const CONVERSATION_API_ID: &str = "Conversation API ID";

/// Ways to write a date without an offset.
const LOCAL_TIMES: [&str; 3] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];

/// Authors of outbound messages that are no teammates.
const NOBODY: [&str; 2] = ["system", "rule"];

/// Whether this is the header of an export of messages. An export of activities has an activity's id too.
pub fn fits(columns: &Columns) -> bool {
    columns.has_all(&[MESSAGE_DATE, DIRECTION])
        && (columns.find(MESSAGE_ID).is_some() || columns.find(MESSAGE_API_ID).is_some())
        && (columns.find(CONVERSATION_ID).is_some() || columns.find(CONVERSATION_API_ID).is_some())
        && columns.find("Activity ID").is_none()
}

/// Which column is which. Ids of the interface are preferred to those of the analytics, because the JSON has them too.
#[derive(Debug)]
pub struct Analytics {
    clock: LocalClock,
    date: Option<usize>,
    direction: Option<usize>,
    ids: [Option<usize>; 2],
    conversations: [Option<usize>; 2],
    author: Option<usize>,
    autoreply: Option<usize>,
    contact: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    inboxes: [Option<usize>; 2],
    tags: Option<usize>,
    extract: Option<usize>,
}

impl Analytics {
    /// Finds the columns of an input whose dates are in `zone`.
    ///
    /// # Errors
    /// [`IngestError::MissingColumn`].
    pub fn new(columns: &Columns, input: &str, zone: &Zone, shifted: Arc<Shifted>) -> Result<Self, IngestError> {
        let ids = [columns.find(MESSAGE_API_ID), columns.find(MESSAGE_ID)];
        if ids == [None, None] {
            columns.needed(MESSAGE_API_ID, input)?;
        }
        let conversations = [columns.find(CONVERSATION_API_ID), columns.find(CONVERSATION_ID)];
        if conversations == [None, None] {
            columns.needed(CONVERSATION_API_ID, input)?;
        }
        Ok(Self {
            clock: LocalClock::new(zone, shifted),
            date: Some(columns.needed(MESSAGE_DATE, input)?),
            direction: Some(columns.needed(DIRECTION, input)?),
            ids,
            conversations,
            author: columns.find("Author"),
            autoreply: columns.find("Autoreply"),
            contact: columns.find("Contact handle"),
            from: columns.find("From"),
            to: columns.find("To"),
            // The inbox as it was does not change from one export to the next.
            inboxes: [columns.find("Inbox at activity time"), columns.find("Inbox")],
            tags: columns.find("Tags"),
            extract: columns.find("Extract"),
        })
    }

    fn instant(&self, text: &str) -> Result<i64, Reason> {
        let has_offset = text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|clock| clock.contains(['+', '-']));
        if has_offset {
            return times::rfc3339(text, MESSAGE_DATE);
        }
        let local = LOCAL_TIMES.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
        self.clock.instant(local.ok_or(Reason::BadTime(MESSAGE_DATE))?)
    }
}

/// One row. Texts are none where the column is not there or the field is empty.
#[derive(Debug)]
pub struct Line<'a> {
    date: Option<&'a str>,
    direction: Option<&'a str>,
    id: Option<&'a str>,
    conversation: Option<&'a str>,
    author: Option<&'a str>,
    autoreply: Option<&'a str>,
    contact: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    inbox: Option<&'a str>,
    tags: Option<&'a str>,
    extract: Option<&'a str>,
}

impl CsvAdapter for Analytics {
    type Record<'a> = Line<'a>;

    fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Line<'a>, Reason> {
        Ok(Line {
            date: row.text(self.date)?,
            direction: row.text(self.direction)?,
            id: first_of(row, self.ids)?,
            conversation: first_of(row, self.conversations)?,
            author: row.text(self.author)?,
            autoreply: row.text(self.autoreply)?,
            contact: row.text(self.contact)?,
            from: row.text(self.from)?,
            to: row.text(self.to)?,
            inbox: first_of(row, self.inboxes)?,
            tags: row.text(self.tags)?,
            extract: row.text(self.extract)?,
        })
    }

    fn to_events(&self, line: &Line<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        let id = line.id.ok_or(Reason::Missing(MESSAGE_ID))?;
        let time_us = self.instant(line.date.ok_or(Reason::Missing(MESSAGE_DATE))?)?;
        let direction = direction_of(line.direction.ok_or(Reason::Missing(DIRECTION))?)?;
        let autoreply = line.autoreply.is_some_and(is_yes);
        let bots = &out.settings().bots;
        let (author, automated) = match (direction, line.author) {
            (Direction::Inbound, _) => (Author::Contact, autoreply),
            (Direction::Outbound, _) if autoreply => (Author::Bot, true),
            (Direction::Outbound, Some(name)) if is_nobody(name) => (Author::Bot, true),
            (Direction::Outbound, Some(name)) if !bots.is_empty() && bots.contains(name) => (Author::Bot, false),
            (Direction::Outbound, Some(_)) => (Author::Agent, false),
            // Nobody's message is an auto-reply or a program's; without the column nobody can tell.
            (Direction::Outbound, None) if self.author.is_some() => (Author::Bot, true),
            (Direction::Outbound, None) => (Author::Agent, false),
        };
        let mut draft = Draft::message(id, time_us, direction, author);
        draft.automated = automated.then_some(true);
        draft.agent_id = line.author.filter(|_| author == Author::Agent).map(Cow::Borrowed);
        draft.conversation_id = line.conversation.map(Cow::Borrowed);
        let other_end = if direction == Direction::Inbound { line.from } else { line.to };
        draft.contact_id = line.contact.or(first_in(other_end)).map(folded);
        draft.team = line.inbox.map(Cow::Borrowed);
        draft.topic = first_in(line.tags).map(Cow::Borrowed);
        draft.body = line.extract.map(Cow::Borrowed);
        out.event(&draft)?;
        Ok(())
    }
}

fn first_of<'a>(row: &'a Row<'_>, columns: [Option<usize>; 2]) -> Result<Option<&'a str>, Reason> {
    let [preferred, other] = columns;
    match row.text(preferred)? {
        Some(text) => Ok(Some(text)),
        None => row.text(other),
    }
}

/// The first of a list with commas.
fn first_in(list: Option<&str>) -> Option<&str> {
    list?.split(',').map(str::trim).find(|name| !name.is_empty())
}

fn direction_of(text: &str) -> Result<Direction, Reason> {
    let is_any = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is_any(&["inbound", "in"]) {
        Ok(Direction::Inbound)
    } else if is_any(&["outbound", "out", "out reply", "out_reply"]) {
        Ok(Direction::Outbound)
    } else {
        Err(Reason::UnknownName(DIRECTION))
    }
}

fn is_yes(text: &str) -> bool {
    ["true", "yes", "1"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
}

fn is_nobody(name: &str) -> bool {
    NOBODY.iter().any(|nobody| name.eq_ignore_ascii_case(nobody))
}
