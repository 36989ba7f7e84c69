//! What is noted of the facts of one period, beside its files. Written last: where it is, the files are.

use serde::{Deserialize, Serialize};
use tapemeasure_archive::DerivedStore;

use super::files::{sorted_by_time, time_bounds, write_parquet};
use super::{FactFile, Facts};
use crate::FactsError;
use crate::rows::RowBatches;
use crate::schema::{sessions_schema, waits_schema};

/// The note of a piece: `<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// Hash of what is carried out of the period.
    pub(crate) carry: String,
    /// Sessions that are carried.
    pub(crate) carried: u64,
    /// `closed` events.
    pub(crate) closes: u64,
    /// Rows of `<name>.waits.parquet`; no file where there are none.
    pub(crate) waits: Rows,
    /// Rows of `<name>.sessions.parquet`; no file where there are none.
    pub(crate) sessions: Rows,
}

/// What is noted of a file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rows {
    rows: u64,
    bytes: u64,
    min_us: Option<i64>,
    max_us: Option<i64>,
}

/// Ending and time column of the two tables.
const WAITS: (&str, &str) = ("waits", "opened_at");
const SESSIONS: (&str, &str) = ("sessions", "closed_at");

/// Name of the file of a piece's carry.
pub(crate) fn carry_name(piece: &str) -> String {
    format!("{piece}.carry")
}

impl Piece {
    /// The note of a name, if it is there and can be read.
    pub(crate) fn find(store: &DerivedStore, name: &str) -> Option<Self> {
        // A note that cannot be read is as good as none: the piece is derived again and the note replaced.
        let text = std::fs::read(store.path_of(&format!("{name}.json"))).ok()?;
        let piece: Self = serde_json::from_slice(&text).ok()?;
        let there =
            |rows: &Rows, (table, _): (&str, &str)| rows.rows == 0 || store.exists(&format!("{name}.{table}.parquet"));
        (there(&piece.waits, WAITS) && there(&piece.sessions, SESSIONS)).then_some(piece)
    }

    /// Adds its files to the tables.
    pub(crate) fn add_to(&self, store: &DerivedStore, name: &str, facts: &mut Facts) {
        let file = |rows: &Rows, (table, _): (&str, &str)| FactFile {
            path: store.path_of(&format!("{name}.{table}.parquet")),
            rows: rows.rows,
            bytes: rows.bytes,
            min_time_us: rows.min_us,
            max_time_us: rows.max_us,
        };
        if self.waits.rows > 0 {
            facts.waits.files.push(file(&self.waits, WAITS));
        }
        if self.sessions.rows > 0 {
            facts.sessions.files.push(file(&self.sessions, SESSIONS));
        }
        facts.has_closes |= self.closes > 0;
    }
}

/// The rows of a piece as they come from the walks, and what goes with them.
pub(crate) struct NewPiece {
    pub(crate) name: String,
    /// By range of keys, ascending.
    pub(crate) rows: Vec<RowBatches>,
    pub(crate) carry: String,
    pub(crate) carried: u64,
    pub(crate) closes: u64,
    /// Bytes of the carry, where they are to be kept.
    pub(crate) carry_bytes: Option<Vec<u8>>,
}

impl NewPiece {
    /// Sorts and writes the rows, then the carry, then the note.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn write(self, store: &DerivedStore) -> Result<Piece, FactsError> {
        let waits: Vec<_> = self.rows.iter().map(|r| r.waits.clone()).collect();
        let sessions: Vec<_> = self.rows.iter().map(|r| r.sessions.clone()).collect();
        drop(self.rows);
        let waits = write_rows(store, &self.name, WAITS, &waits_schema(), &waits)?;
        let sessions = write_rows(store, &self.name, SESSIONS, &sessions_schema(), &sessions)?;
        if let Some(bytes) = &self.carry_bytes {
            write_bytes(store, &carry_name(&self.name), bytes)?;
        }
        let piece = Piece { carry: self.carry, carried: self.carried, closes: self.closes, waits, sessions };
        let note = serde_json::to_vec(&piece)
            .map_err(|source| FactsError::Io { path: self.name.clone(), source: source.into() })?;
        write_bytes(store, &format!("{}.json", self.name), &note)?;
        Ok(piece)
    }
}

fn write_rows(
    store: &DerivedStore,
    name: &str,
    (table, time): (&str, &str),
    schema: &arrow::datatypes::SchemaRef,
    batches: &[arrow::array::RecordBatch],
) -> Result<Rows, FactsError> {
    let sorted = sorted_by_time(schema, batches, time)
        .map_err(|source| FactsError::Columns { period: name.to_owned(), source })?;
    let bounds = time_bounds(&sorted, time);
    let mut rows =
        Rows { rows: sorted.num_rows() as u64, bytes: 0, min_us: bounds.map(|b| b.0), max_us: bounds.map(|b| b.1) };
    if rows.rows > 0 {
        let file = format!("{name}.{table}.parquet");
        store.write_atomically(&file, |path| write_parquet(path, &sorted))?;
        let path = store.path_of(&file);
        rows.bytes = std::fs::metadata(&path)
            .map_err(|source| FactsError::Io { path: path.display().to_string(), source })?
            .len();
    }
    Ok(rows)
}

fn write_bytes(store: &DerivedStore, name: &str, bytes: &[u8]) -> Result<(), FactsError> {
    store.write_atomically(name, |path| {
        std::fs::write(path, bytes).map_err(|source| FactsError::Io { path: path.display().to_string(), source })
    })
}
