//! Rows of all walks by the day that they belong to, as batches of each table.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use tapemeasure_model::instant::DAY_US;

use super::columns::{Dictionary, Flags, Numbers, ids, instants, numbers};
use super::store::{CELL_US, Rows};
use crate::fold::batch::Interners;
use crate::fold::session::EndReason;
use crate::schema::{cells_schema, changes_schema, contacts_schema, sessions_schema, waits_schema};

/// Rows of a batch: its columns are small enough that their memory is used again for the next.
pub(crate) const BATCH_ROWS: usize = 16_384;

/// The tables that a walk fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Waits,
    Sessions,
    Changes,
    Cells,
    Contacts,
}

impl Table {
    /// All, in the order of a piece's note.
    pub(crate) const ALL: [Self; 5] = [Self::Waits, Self::Sessions, Self::Changes, Self::Cells, Self::Contacts];

    /// The ending of its files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Sessions => "sessions",
            Self::Changes => "changes",
            Self::Cells => "cells",
            Self::Contacts => "contacts",
        }
    }

    /// Its columns.
    pub(crate) fn schema(self) -> SchemaRef {
        match self {
            Self::Waits => waits_schema(),
            Self::Sessions => sessions_schema(),
            Self::Changes => changes_schema(),
            Self::Cells => cells_schema(),
            Self::Contacts => contacts_schema(),
        }
    }
}

/// Rows of one walk with the texts behind their numbers.
pub(crate) type Share = (Rows, Interners);

/// A row's place: UTC day, walk, place in the walk.
type Place = (i32, u32, u32);

/// The day of rows without a time: after all others.
const NO_DAY: i32 = i32::MAX;

struct Dictionaries {
    source: Dictionary,
    channel: Dictionary,
    team: Dictionary,
    topic: Dictionary,
    agent: Dictionary,
}

/// All rows of a table, in batches of at most [`BATCH_ROWS`], to `each`. Gives the number of rows, and the least and
/// greatest time.
///
/// Rows are sorted by the UTC day of their time (none last), and within a day in the order of keys, in which the walks
/// made them. That prunes as well as the order of time, because a row group holds days, and copies rows in the order in
/// which they lie in memory, which the order of time does not.
///
/// # Errors
/// Those of `each`; arrow's, which right columns do not have.
pub(crate) fn batches<E: From<ArrowError>>(
    table: Table,
    shares: &[Share],
    mut each: impl FnMut(RecordBatch) -> Result<(), E>,
) -> Result<(u64, Option<(i64, i64)>), E> {
    let texts = Dictionaries {
        source: Dictionary::of(shares.iter().map(|s| &s.1.source)),
        channel: Dictionary::of(shares.iter().map(|s| &s.1.channel)),
        team: Dictionary::of(shares.iter().map(|s| &s.1.team)),
        topic: Dictionary::of(shares.iter().map(|s| &s.1.topic)),
        agent: Dictionary::of(shares.iter().map(|s| &s.1.agent)),
    };
    if table == Table::Cells {
        return cells(&texts, shares, each);
    }
    let mut places: Vec<Place> = Vec::new();
    let mut bounds: Option<(i64, i64)> = None;
    for (walk, (rows, _)) in shares.iter().enumerate() {
        let mut add = |idx: usize, at: Option<i64>| {
            let day = at.map_or(NO_DAY, |at| at.div_euclid(DAY_US) as i32);
            places.push((day, walk as u32, idx as u32));
            if let Some(at) = at {
                bounds = Some(bounds.map_or((at, at), |(least, most)| (least.min(at), most.max(at))));
            }
        };
        match table {
            Table::Waits => rows.waits.iter().enumerate().for_each(|(i, r)| add(i, Some(r.ended.wait.opened_at))),
            Table::Sessions => rows.sessions.iter().enumerate().for_each(|(i, r)| add(i, r.closed_at)),
            Table::Changes => rows.changes.iter().enumerate().for_each(|(i, r)| add(i, Some(r.at))),
            Table::Contacts => rows.contacts.iter().enumerate().for_each(|(i, r)| add(i, Some(r.first_message_at))),
            Table::Cells => {}
        }
    }
    places.sort_by_key(|place| place.0);
    for places in places.chunks(BATCH_ROWS) {
        let columns = match table {
            Table::Waits => waits(&texts, shares, places),
            Table::Sessions => sessions(&texts, shares, places),
            Table::Changes => changes(&texts, shares, places),
            Table::Contacts | Table::Cells => contacts(&texts, shares, places),
        };
        each(RecordBatch::try_new(table.schema(), columns)?)?;
    }
    Ok((places.len() as u64, bounds))
}

fn waits(texts: &Dictionaries, shares: &[Share], places: &[Place]) -> Vec<ArrayRef> {
    let n = places.len();
    let end_reasons = Dictionary::of_names(&EndReason::ALL.map(EndReason::as_str));
    let (mut source, mut channel) = (texts.source.column(n), texts.channel.column(n));
    let (mut team, mut topic, mut agent) = (texts.team.column(n), texts.topic.column(n), texts.agent.column(n));
    let (mut conversation, mut contact) = (ids(n), ids(n));
    let (mut session_opened_at, mut opened_at) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let mut ended_at = Numbers::new(n);
    let mut end_reason = end_reasons.column(n);
    let mut is_first = Flags::new(n);
    let mut n_inbound = Vec::with_capacity(n);
    let mut wait_us = Numbers::new(n);
    for &(_, walk, idx) in places {
        let walk = walk as usize;
        let rows = &shares[walk].0;
        let row = &rows.waits[idx as usize];
        let session = &rows.sessions[row.session];
        let (ended, wait) = (&row.ended, &row.ended.wait);
        source.push(walk, session.source);
        conversation.append_option(rows.text(session.conversation));
        contact.append_option(rows.text(session.contact));
        session_opened_at.push(session.opened_at);
        channel.push(walk, row.channel);
        team.push(walk, session.team);
        topic.push(walk, session.topic);
        agent.push(walk, ended.agent);
        opened_at.push(wait.opened_at);
        ended_at.push(ended.ended_at);
        end_reason.push_name(ended.reason as usize);
        is_first.push(wait.is_first);
        n_inbound.push(wait.n_inbound);
        wait_us.push(match ended.reason {
            EndReason::Replied => ended.ended_at.map(|end| end - wait.opened_at),
            _ => None,
        });
    }
    let (wait_us, wait_s) = wait_us.finish_spans();
    vec![
        source.finish(),
        Arc::new(conversation.finish()),
        Arc::new(contact.finish()),
        instants(session_opened_at),
        channel.finish(),
        team.finish(),
        topic.finish(),
        agent.finish(),
        instants(opened_at),
        ended_at.finish_instants(),
        end_reason.finish(),
        is_first.finish(),
        numbers(n_inbound),
        wait_us,
        wait_s,
    ]
}

fn sessions(texts: &Dictionaries, shares: &[Share], places: &[Place]) -> Vec<ArrayRef> {
    let n = places.len();
    let close_reasons = Dictionary::of_names(&["closed", "inactive", "open"]);
    let initiators = Dictionary::of_names(&["contact", "agent"]);
    let (mut source, mut channel) = (texts.source.column(n), texts.channel.column(n));
    let (mut team, mut topic, mut agent) = (texts.team.column(n), texts.topic.column(n), texts.agent.column(n));
    let (mut conversation, mut contact) = (ids(n), ids(n));
    let mut opened_at = Vec::with_capacity(n);
    let (mut closed_at, mut first_inbound_at) = (Numbers::new(n), Numbers::new(n));
    let mut close_reason = close_reasons.column(n);
    let (mut auto_closed, mut reopened) = (Flags::new(n), Flags::new(n));
    let mut initiated_by = initiators.column(n);
    let (mut n_inbound, mut n_agent, mut n_bot) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let mut resolution_us = Numbers::new(n);
    for &(_, walk, idx) in places {
        let walk = walk as usize;
        let rows = &shares[walk].0;
        let row = &rows.sessions[idx as usize];
        source.push(walk, row.source);
        conversation.append_option(rows.text(row.conversation));
        contact.append_option(rows.text(row.contact));
        channel.push(walk, row.channel);
        team.push(walk, row.team);
        topic.push(walk, row.topic);
        agent.push(walk, row.agent);
        opened_at.push(row.opened_at);
        closed_at.push(row.closed_at);
        close_reason.push_name(row.close_reason as usize);
        auto_closed.push(row.auto_closed);
        reopened.push(row.reopened);
        initiated_by.push_name(usize::from(row.initiated_by_agent));
        first_inbound_at.push(row.first_inbound_at);
        n_inbound.push(row.n_inbound);
        n_agent.push(row.n_agent);
        n_bot.push(row.n_bot);
        resolution_us.push(row.resolution_us);
    }
    let (resolution_us, resolution_s) = resolution_us.finish_spans();
    vec![
        source.finish(),
        Arc::new(conversation.finish()),
        Arc::new(contact.finish()),
        channel.finish(),
        team.finish(),
        topic.finish(),
        agent.finish(),
        instants(opened_at),
        closed_at.finish_instants(),
        close_reason.finish(),
        auto_closed.finish(),
        reopened.finish(),
        initiated_by.finish(),
        first_inbound_at.finish_instants(),
        numbers(n_inbound),
        numbers(n_agent),
        numbers(n_bot),
        resolution_us,
        resolution_s,
    ]
}

fn changes(texts: &Dictionaries, shares: &[Share], places: &[Place]) -> Vec<ArrayRef> {
    let n = places.len();
    let (mut source, mut channel) = (texts.source.column(n), texts.channel.column(n));
    let (mut team, mut topic, mut agent) = (texts.team.column(n), texts.topic.column(n), texts.agent.column(n));
    let (mut contact, mut conversation, mut event_id) = (ids(n), ids(n), ids(n));
    let mut changed_at = Vec::with_capacity(n);
    let mut opted_out = Flags::new(n);
    for &(_, walk, idx) in places {
        let walk = walk as usize;
        let rows = &shares[walk].0;
        let row = &rows.changes[idx as usize];
        source.push(walk, row.source);
        contact.append_option(rows.text(row.contact));
        channel.push(walk, row.channel);
        agent.push(walk, row.agent);
        team.push(walk, row.team);
        topic.push(walk, row.topic);
        conversation.append_option(rows.text(row.conversation));
        changed_at.push(row.at);
        event_id.append_option(rows.text(row.event_id));
        opted_out.push(row.opted_out);
    }
    vec![
        source.finish(),
        Arc::new(contact.finish()),
        channel.finish(),
        agent.finish(),
        team.finish(),
        topic.finish(),
        Arc::new(conversation.finish()),
        instants(changed_at),
        Arc::new(event_id.finish()),
        opted_out.finish(),
    ]
}

fn contacts(texts: &Dictionaries, shares: &[Share], places: &[Place]) -> Vec<ArrayRef> {
    let n = places.len();
    let (mut source, mut channel, mut contact) = (texts.source.column(n), texts.channel.column(n), ids(n));
    let mut first_message_at = Vec::with_capacity(n);
    for &(_, walk, idx) in places {
        let walk = walk as usize;
        let rows = &shares[walk].0;
        let row = &rows.contacts[idx as usize];
        source.push(walk, row.source);
        contact.append_option(rows.text(row.contact));
        channel.push(walk, row.channel);
        first_message_at.push(row.first_message_at);
    }
    vec![source.finish(), Arc::new(contact.finish()), channel.finish(), instants(first_message_at)]
}

/// Cells of all walks, sorted by their start, source and channel.
fn cells<E: From<ArrowError>>(
    texts: &Dictionaries,
    shares: &[Share],
    mut each: impl FnMut(RecordBatch) -> Result<(), E>,
) -> Result<(u64, Option<(i64, i64)>), E> {
    let mut all: Vec<_> = shares
        .iter()
        .enumerate()
        .flat_map(|(walk, (rows, _))| rows.cells.iter().map(move |(cell, counts)| (walk, *cell, *counts)))
        .collect();
    all.sort_unstable_by_key(|(walk, cell, _)| (cell.idx, *walk, cell.source, cell.channel));
    for part in all.chunks(BATCH_ROWS) {
        let n = part.len();
        let (mut source, mut channel) = (texts.source.column(n), texts.channel.column(n));
        for (walk, cell, _) in part {
            source.push(*walk, cell.source);
            channel.push(*walk, cell.channel);
        }
        let count = |kind: usize| numbers(part.iter().map(|(_, _, counts)| counts[kind]).collect());
        let starts = instants(part.iter().map(|(_, cell, _)| cell.idx * CELL_US).collect());
        let columns = vec![starts, source.finish(), channel.finish(), count(0), count(1), count(2)];
        each(RecordBatch::try_new(cells_schema(), columns)?)?;
    }
    let bounds = all.first().zip(all.last()).map(|(first, last)| (first.1.idx * CELL_US, last.1.idx * CELL_US));
    Ok((all.len() as u64, bounds))
}
