//! What a walk puts out: columns that are filled row by row.
//!
//! | folder or file | is |
//! |---|---|
//! | this one | the rows of one walk and period, and those of all walks, by table |
//! | [`columns`] | columns that are filled one row at a time |
//! | [`tables`] | the columns of each table |
//! | [`dealt`] | the columns of a table by day, in the order in which they are stored |
//! | [`values`] | the texts behind the numbers in them |
//! | [`cells`], [`first_messages`] | what is counted, and who is seen, message by message |

pub(crate) mod cells;
pub(crate) mod columns;
pub(crate) mod dealt;
pub(crate) mod first_messages;
pub(crate) mod tables;
pub(crate) mod values;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

pub(crate) use dealt::Rows;

use crate::fold::batch::Interners;
use crate::fold::session::{Conversation, Outcome, Session};
use crate::schema::{cells_schema, changes_schema, first_messages_schema, sessions_schema, waits_schema};
use cells::Cells;
use dealt::Dealt;
use first_messages::FirstMessages;
use tables::changes::ChangeColumns;
use tables::sessions::SessionColumns;
use tables::waits::WaitColumns;
use values::Values;

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

/// What one walk makes of a period, while it does.
#[derive(Default)]
pub(crate) struct Made {
    waits: Dealt<WaitColumns>,
    sessions: Dealt<SessionColumns>,
    pub(crate) changes: Dealt<ChangeColumns>,
    pub(crate) cells: Cells,
    pub(crate) first_messages: FirstMessages,
}

/// What one walk made of a period: its rows, in the order of [`Table::ALL`].
pub(crate) type Share = [Rows; 5];

impl Made {
    /// Nothing yet, of a period that begins then.
    pub(crate) fn of_period(start_us: i64) -> Self {
        Self { cells: Cells::of_period(start_us), ..Self::default() }
    }

    /// Adds a session that has come to its end, or to the end of what is known, with its waits.
    pub(crate) fn push(&mut self, conversation: &Conversation, session: &Session, outcome: Outcome) {
        let closed_at = match outcome {
            Outcome::Open => None,
            Outcome::Ended { at, .. } => Some(at),
        };
        self.sessions.at(closed_at).push(conversation, session, outcome);
        for wait in &session.waits {
            self.waits.at(Some(wait.wait.opened_at)).push(conversation, session, wait);
        }
    }

    /// Its rows, whose texts are those of `interners`.
    pub(crate) fn finish(self, interners: &Interners) -> Share {
        let values = Arc::new(Values::of(interners));
        [
            self.waits.rows(&values),
            self.sessions.rows(&values),
            self.changes.rows(&values),
            self.cells.dealt().rows(&values),
            self.first_messages.dealt().rows(&values),
        ]
    }
}

/// The rows of all walks, given in the order of their keys: for each of [`Table::ALL`] those of its table.
pub(crate) fn by_table(shares: Vec<Share>) -> Vec<(Table, Rows)> {
    let mut walks: Vec<_> = shares.into_iter().map(IntoIterator::into_iter).collect();
    Table::ALL.map(|table| (table, Rows::together(walks.iter_mut().filter_map(Iterator::next)))).into()
}
