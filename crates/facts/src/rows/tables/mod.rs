//! Rows of all walks by the day that they belong to, as batches of each table.
//!
//! | file | is |
//! |---|---|
//! | this one | the tables; dealing rows out to days |
//! | [`waits`], [`sessions`], [`changes`], [`first_messages`] | the columns of a table, filled row by row |
//! | [`cells`](mod@cells) | the columns of cells, which are few |

mod cells;
mod changes;
mod first_messages;
mod sessions;
mod waits;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use tapemeasure_model::instant::DAY_US;

use super::columns::Dictionary;
use super::store::Rows;
use crate::fold::batch::Interners;
use crate::fold::session::EndReason;
use crate::schema::{cells_schema, changes_schema, first_messages_schema, sessions_schema, waits_schema};

/// Most rows of a batch.
pub(crate) const BATCH_ROWS: usize = 16_384;

/// Rows that a day's columns have room for at first.
const ROOM_ROWS: usize = 1_024;

/// The tables that a walk fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Waits,
    Sessions,
    Changes,
    Cells,
    FirstMessages,
}

impl Table {
    /// All, in the order of a piece's note.
    pub(crate) const ALL: [Self; 5] = [Self::Waits, Self::Sessions, Self::Changes, Self::Cells, Self::FirstMessages];

    /// The ending of its files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Sessions => "sessions",
            Self::Changes => "changes",
            Self::Cells => "cells",
            Self::FirstMessages => "first_messages",
        }
    }

    /// Its columns.
    pub(crate) fn schema(self) -> SchemaRef {
        match self {
            Self::Waits => waits_schema(),
            Self::Sessions => sessions_schema(),
            Self::Changes => changes_schema(),
            Self::Cells => cells_schema(),
            Self::FirstMessages => first_messages_schema(),
        }
    }
}

/// Rows of one walk with the texts behind their numbers.
pub(crate) type Share = (Rows, Interners);

/// The day of rows without a time: after all others.
const NO_DAY: i32 = i32::MAX;

struct Dictionaries {
    source: Dictionary,
    channel: Dictionary,
    team: Dictionary,
    topic: Dictionary,
    agent: Dictionary,
    end_reason: Dictionary,
    close_reason: Dictionary,
    initiated_by: Dictionary,
}

impl Dictionaries {
    fn of(shares: &[Share]) -> Self {
        Self {
            source: Dictionary::of(shares.iter().map(|s| &s.1.source)),
            channel: Dictionary::of(shares.iter().map(|s| &s.1.channel)),
            team: Dictionary::of(shares.iter().map(|s| &s.1.team)),
            topic: Dictionary::of(shares.iter().map(|s| &s.1.topic)),
            agent: Dictionary::of(shares.iter().map(|s| &s.1.agent)),
            end_reason: Dictionary::of_names(&EndReason::ALL.map(EndReason::as_str)),
            close_reason: Dictionary::of_names(&["closed", "inactive", "open"]),
            initiated_by: Dictionary::of_names(&["contact", "agent"]),
        }
    }
}

/// All rows of a table, in batches of at most [`BATCH_ROWS`], to `each`. Gives the number of rows, and the least and
/// greatest time.
///
/// Rows are sorted by the UTC day of their time (none last), and within a day in the order of keys, in which the walks
/// made them. That prunes as well as the order of time, because a row group holds days. It is made by dealing the rows
/// out to days in one pass, which reads memory in the order in which it lies; the order of time would jump about in it.
///
/// # Errors
/// Those of `each`; arrow's, which right columns do not have.
pub(crate) fn batches<E: From<ArrowError>>(
    table: Table,
    shares: &[Share],
    each: impl FnMut(RecordBatch) -> Result<(), E>,
) -> Result<(u64, Option<(i64, i64)>), E> {
    let texts = Dictionaries::of(shares);
    match table {
        Table::Waits => dealt::<waits::WaitColumns<'_>, E>(table, &texts, shares, each),
        Table::Sessions => dealt::<sessions::SessionColumns<'_>, E>(table, &texts, shares, each),
        Table::Changes => dealt::<changes::ChangeColumns<'_>, E>(table, &texts, shares, each),
        Table::FirstMessages => dealt::<first_messages::FirstMessageColumns<'_>, E>(table, &texts, shares, each),
        Table::Cells => cells::cells(&texts, shares, each),
    }
}

/// The columns of a table, filled row by row.
trait Columns<'a> {
    /// A row as the walks hold it.
    type Row;

    fn new(texts: &'a Dictionaries) -> Self;

    /// The rows of a walk.
    fn rows(rows: &Rows) -> &[Self::Row];

    /// The time of a row.
    fn time(row: &Self::Row) -> Option<i64>;

    fn push(&mut self, walk: usize, rows: &Rows, row: &Self::Row);

    fn finish(self) -> Vec<ArrayRef>;
}

/// The rows of a day: full batches, and columns that are being filled.
struct Day<C> {
    full: Vec<RecordBatch>,
    columns: C,
    rows: usize,
}

fn dealt<'a, C: Columns<'a>, E: From<ArrowError>>(
    table: Table,
    texts: &'a Dictionaries,
    shares: &[Share],
    mut each: impl FnMut(RecordBatch) -> Result<(), E>,
) -> Result<(u64, Option<(i64, i64)>), E> {
    let schema = table.schema();
    let mut days: BTreeMap<i32, Day<C>> = BTreeMap::new();
    let mut total = 0;
    let mut bounds: Option<(i64, i64)> = None;
    for (walk, (rows, _)) in shares.iter().enumerate() {
        for row in C::rows(rows) {
            let time = C::time(row);
            if let Some(at) = time {
                bounds = Some(bounds.map_or((at, at), |(least, most)| (least.min(at), most.max(at))));
            }
            let day = time.map_or(NO_DAY, |at| at.div_euclid(DAY_US) as i32);
            let day = days.entry(day).or_insert_with(|| Day { full: Vec::new(), columns: C::new(texts), rows: 0 });
            day.columns.push(walk, rows, row);
            day.rows += 1;
            total += 1;
            if day.rows == BATCH_ROWS {
                let columns = std::mem::replace(&mut day.columns, C::new(texts));
                day.full.push(RecordBatch::try_new(Arc::clone(&schema), columns.finish())?);
                day.rows = 0;
            }
        }
    }
    for day in days.into_values() {
        day.full.into_iter().try_for_each(&mut each)?;
        if day.rows > 0 {
            each(RecordBatch::try_new(Arc::clone(&schema), day.columns.finish())?)?;
        }
    }
    Ok((total, bounds))
}
