//! Rows as they come out of a walk: small and fixed, their texts in one place.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;
use tapemeasure_model::instant::SECOND_US;

use super::tables::Table;
use crate::fold::act::Act;
use crate::fold::session::{CloseReason, EndedWait, InitiatedBy, Outcome, Session};

/// Length of a cell in which messages are counted: the hours and days of every zone in use are whole numbers of it.
pub(crate) const CELL_US: i64 = 900 * SECOND_US;

/// A text in [`Rows::texts`]. Null is marked by a start behind the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    const NULL: Self = Self { start: 1, end: 0 };
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionRow {
    pub(crate) source: u32,
    pub(crate) conversation: Span,
    pub(crate) contact: Span,
    pub(crate) channel: u32,
    pub(crate) team: u32,
    pub(crate) topic: u32,
    pub(crate) agent: u32,
    pub(crate) opened_at: i64,
    pub(crate) closed_at: Option<i64>,
    pub(crate) close_reason: CloseReason,
    pub(crate) auto_closed: bool,
    pub(crate) reopened: bool,
    pub(crate) initiated_by_agent: bool,
    pub(crate) first_inbound_at: Option<i64>,
    pub(crate) n_inbound: i64,
    pub(crate) n_agent: i64,
    pub(crate) n_bot: i64,
    pub(crate) resolution_us: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitRow {
    /// Its session's place among the sessions.
    pub(crate) session: usize,
    /// Channel of the wait, or else of its session.
    pub(crate) channel: u32,
    pub(crate) ended: EndedWait,
}

/// An opt-out or opt-in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeRow {
    pub(crate) source: u32,
    pub(crate) contact: Span,
    pub(crate) channel: u32,
    pub(crate) agent: u32,
    pub(crate) team: u32,
    pub(crate) topic: u32,
    pub(crate) conversation: Span,
    pub(crate) at: i64,
    pub(crate) event_id: Span,
    pub(crate) opted_out: bool,
}

/// A contact on a channel, and its first message of the period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstMessageRow {
    pub(crate) source: u32,
    pub(crate) contact: Span,
    pub(crate) channel: u32,
    pub(crate) first_message_at: i64,
}

/// A quarter of an hour, a source and a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Its start in units of [`CELL_US`] since 1970.
    pub(crate) idx: i64,
    pub(crate) source: u32,
    pub(crate) channel: u32,
}

/// Questions, answers and bot messages of a cell.
pub(crate) type CellCounts = [i64; 3];

/// Messages counted by cell: for each source and channel the cells of the period in a row.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Cell that the period begins with, in units of [`CELL_US`] since 1970.
    first_idx: i64,
    groups: Vec<(u32, u32, Vec<CellCounts>)>,
    group_idx: HashMap<(u32, u32), usize>,
    /// The group of the message before: most come from the same.
    last: usize,
}

impl Cells {
    /// The cells that were counted in, with their counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Cell, CellCounts)> {
        self.groups.iter().flat_map(|(source, channel, counts)| {
            let used = counts.iter().zip(self.first_idx..).filter(|(counts, _)| **counts != [0; 3]);
            used.map(|(counts, idx)| (Cell { idx, source: *source, channel: *channel }, *counts))
        })
    }

    fn add(&mut self, at: i64, source: u32, channel: u32, kind: usize) {
        let same = |group: &(u32, u32, Vec<CellCounts>)| (group.0, group.1) == (source, channel);
        if !self.groups.get(self.last).is_some_and(same) {
            self.last = *self.group_idx.entry((source, channel)).or_insert_with(|| {
                self.groups.push((source, channel, Vec::new()));
                self.groups.len() - 1
            });
        }
        // Messages lie in the period, so behind its first cell.
        let idx = usize::try_from(at.div_euclid(CELL_US) - self.first_idx).unwrap_or(0);
        let counts = &mut self.groups[self.last].2;
        if counts.len() <= idx {
            counts.resize(idx + 1, [0; 3]);
        }
        counts[idx][kind] += 1;
    }
}

/// Rows of one walk and period.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    texts: String,
    pub(crate) sessions: Vec<SessionRow>,
    pub(crate) waits: Vec<WaitRow>,
    pub(crate) changes: Vec<ChangeRow>,
    pub(crate) first_messages: Vec<FirstMessageRow>,
    contact_idx: HashTable<usize>,
    /// The contact that was seen last: most messages come from the one before.
    last_contact: Option<usize>,
    pub(crate) cells: Cells,
    hasher: DefaultHashBuilder,
}

impl Rows {
    /// Empty, with room for as much as `like` holds.
    pub(crate) fn like(like: &Self) -> Self {
        Self {
            texts: String::with_capacity(like.texts.len()),
            sessions: Vec::with_capacity(like.sessions.len()),
            waits: Vec::with_capacity(like.waits.len()),
            first_messages: Vec::with_capacity(like.first_messages.len()),
            contact_idx: HashTable::with_capacity(like.first_messages.len()),
            ..Self::default()
        }
    }

    /// Makes ready for the messages of a period that begins then.
    pub(crate) fn begin(&mut self, start_us: i64) {
        self.cells.first_idx = start_us.div_euclid(CELL_US);
    }

    /// Rows of a table; of cells whether there are any.
    pub(crate) fn len(&self, table: Table) -> usize {
        match table {
            Table::Waits => self.waits.len(),
            Table::Sessions => self.sessions.len(),
            Table::Changes => self.changes.len(),
            Table::Cells => self.cells.groups.len(),
            Table::FirstMessages => self.first_messages.len(),
        }
    }

    /// The text of a span; `None` for null.
    pub(crate) fn text(&self, span: Span) -> Option<&str> {
        self.texts.get(span.start..span.end)
    }

    /// Adds a session that has come to its end, or to the end of what is known, with its waits.
    pub(crate) fn push(&mut self, session: &Session, outcome: Outcome) {
        let (closed_at, close_reason, auto_closed) = match outcome {
            Outcome::Open => (None, CloseReason::Open, false),
            Outcome::Ended { at, reason, auto } => (Some(at), reason, auto),
        };
        let row = SessionRow {
            source: session.source,
            conversation: self.put(Some(&session.conversation)),
            contact: self.put(session.contact.as_deref()),
            channel: session.channel,
            team: session.team,
            topic: session.topic,
            agent: session.agent,
            opened_at: session.opened_at,
            closed_at,
            close_reason,
            auto_closed,
            reopened: session.reopened,
            initiated_by_agent: session.initiated_by == InitiatedBy::Agent,
            first_inbound_at: session.first_inbound_at,
            n_inbound: session.n_inbound,
            n_agent: session.n_agent,
            n_bot: session.n_bot,
            resolution_us: match (close_reason, closed_at, session.resolution_start()) {
                (CloseReason::Closed, Some(end), Some(start)) => Some(end - start),
                _ => None,
            },
        };
        let at = self.sessions.len();
        self.sessions.push(row);
        self.waits.extend(session.waits.iter().map(|&ended| WaitRow {
            session: at,
            channel: if ended.wait.channel == 0 { session.channel } else { ended.wait.channel },
            ended,
        }));
    }

    /// Counts a message in its cell.
    pub(crate) fn count(&mut self, at: i64, source: u32, channel: u32, act: Act) {
        let kind = match act {
            Act::Question => 0,
            Act::Answer => 1,
            Act::Bot => 2,
            _ => return,
        };
        self.cells.add(at, source, channel, kind);
    }

    /// Notes that a contact has a message.
    pub(crate) fn seen(&mut self, at: i64, source: u32, channel: u32, contact: &str) {
        let same = |row: &FirstMessageRow, texts: &str| {
            row.source == source
                && row.channel == channel
                && texts.get(row.contact.start..row.contact.end) == Some(contact)
        };
        if let Some(row) = self.last_contact.and_then(|last| self.first_messages.get_mut(last))
            && same(row, &self.texts)
        {
            row.first_message_at = row.first_message_at.min(at);
            return;
        }
        let hash = self.hasher.hash_one((source, channel, contact));
        let known = self.contact_idx.find(hash, |&idx| same(&self.first_messages[idx], &self.texts)).copied();
        let idx = match known {
            Some(idx) => {
                let row = &mut self.first_messages[idx];
                row.first_message_at = row.first_message_at.min(at);
                idx
            }
            None => {
                let idx = self.first_messages.len();
                let contact = self.put(Some(contact));
                self.first_messages.push(FirstMessageRow { source, contact, channel, first_message_at: at });
                let (found, texts, hasher) = (&self.first_messages, &self.texts, &self.hasher);
                self.contact_idx.insert_unique(hash, idx, |&idx| {
                    let row = &found[idx];
                    hasher.hash_one((row.source, row.channel, &texts[row.contact.start..row.contact.end]))
                });
                idx
            }
        };
        self.last_contact = Some(idx);
    }

    /// Puts a text by.
    pub(crate) fn put(&mut self, text: Option<&str>) -> Span {
        match text {
            None => Span::NULL,
            Some(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                Span { start, end: self.texts.len() }
            }
        }
    }
}
