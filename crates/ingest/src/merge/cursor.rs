//! One sorted sequence of rows: buffered, spilled, or stored.

use std::ops::Range;

use super::stored::StoredRows;
use crate::error::IngestError;
use crate::rows::SortedRows;
use crate::spill::{RunCursor, Unpacker};

/// Stands on a row, or before the first, or behind the last.
pub enum Cursor<'a> {
    /// In memory.
    Buffered {
        /// The rows.
        rows: &'a SortedRows,
        /// Place of the current row.
        current: usize,
        /// Places of the rows to come.
        rest: Range<usize>,
    },
    /// In a run on disk.
    Spilled(RunCursor<'a>),
    /// In the archive.
    Stored(Box<StoredRows>),
}

impl Cursor<'_> {
    /// The current row. To be asked for only after [`advance`](Self::advance) said that there is one.
    pub fn row(&self) -> &[u8] {
        match self {
            Self::Buffered { rows, current, .. } => rows.row(*current),
            Self::Spilled(run) => run.row(),
            Self::Stored(stored) => stored.row(),
        }
    }

    /// Goes to the next row; false behind the last.
    ///
    /// # Errors
    /// Those of reading.
    pub fn advance(&mut self, unpacker: &mut Unpacker) -> Result<bool, IngestError> {
        match self {
            Self::Buffered { current, rest, .. } => match rest.next() {
                Some(place) => {
                    *current = place;
                    Ok(true)
                }
                None => Ok(false),
            },
            Self::Spilled(run) => run.advance(unpacker),
            Self::Stored(stored) => stored.advance(),
        }
    }
}
