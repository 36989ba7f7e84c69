//! What is noted of the facts of one period, beside its files. Written last: where it is, the files are.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tapemeasure_archive::DerivedStore;

use super::files::{ParquetFile, rows_and_bytes};
use super::threads::side_by_side;
use super::{FactFile, Facts};
use crate::FactsError;
use crate::carry::Carry;
use crate::rows::{Rows, Share, Table, by_table};

/// The note of a piece: `<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// Hash of what is carried out of the period.
    pub(crate) carry: String,
    /// Sessions that are carried.
    pub(crate) carried: u64,
    /// `closed` events.
    pub(crate) closes: u64,
    /// Rows of `<name>.<table>.parquet`, in the order of [`Table::ALL`]; no file where there are none.
    tables: Vec<Content>,
}

/// What is noted of a file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    rows: u64,
    bytes: u64,
    min_us: Option<i64>,
    max_us: Option<i64>,
}

/// Name of the file of a piece's carry.
pub(crate) fn carry_name(piece: &str) -> String {
    format!("{piece}.carry")
}

fn file_name(piece: &str, table: Table) -> String {
    format!("{piece}.{}.parquet", table.name())
}

impl Piece {
    /// The note of a name, if it is there and can be read.
    pub(crate) fn find(store: &DerivedStore, name: &str) -> Option<Self> {
        // A note that cannot be read is as good as none: the piece is derived again and the note replaced.
        let text = std::fs::read(store.path_of(&format!("{name}.json"))).ok()?;
        let piece: Self = serde_json::from_slice(&text).ok()?;
        let whole = piece.tables.len() == Table::ALL.len()
            && piece.contents().all(|(table, content)| content.rows == 0 || store.exists(&file_name(name, table)));
        whole.then_some(piece)
    }

    /// Adds its files to the tables. Gives the file with its changes of subscriptions, if it has any: they are to be read.
    pub(crate) fn add_to(&self, store: &DerivedStore, name: &str, facts: &mut Facts) -> Option<PathBuf> {
        facts.has_closes |= self.closes > 0;
        let mut changes = None;
        for (table, content) in self.contents().filter(|(_, content)| content.rows > 0) {
            let path = store.path_of(&file_name(name, table));
            if table == Table::Changes {
                changes = Some(path);
                continue;
            }
            facts.table(table).files.push(FactFile {
                path,
                rows: content.rows,
                bytes: content.bytes,
                min_time_us: content.min_us,
                max_time_us: content.max_us,
            });
        }
        changes
    }

    fn contents(&self) -> impl Iterator<Item = (Table, &Content)> {
        Table::ALL.into_iter().zip(&self.tables)
    }
}

/// A row group of first messages that has so many rows ends with its part, so that a part is read with few others.
const PART_ROWS: usize = 1_024;

/// The rows of a piece as they come from the walks, and what goes with them.
pub(crate) struct NewPiece {
    pub(crate) name: String,
    /// By range of keys, ascending.
    pub(crate) shares: Vec<Share>,
    /// Hash of what is carried out of the period.
    pub(crate) identity: String,
    pub(crate) carried: u64,
    pub(crate) closes: u64,
    /// What is carried, where it is to be kept.
    pub(crate) carry: Option<Carry>,
}

impl NewPiece {
    /// Writes the rows, each table on a thread of its own, then the carry, then the note.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn write(self, store: &DerivedStore) -> Result<Piece, FactsError> {
        let name = &self.name;
        let tables = side_by_side("write", Table::ALL.len(), by_table(self.shares), |(table, rows)| {
            write_table(store, name, table, rows)
        })?;
        if let Some(carry) = &self.carry {
            write_file(store, &carry_name(name), |file| carry.write(file))?;
        }
        let piece = Piece { carry: self.identity, carried: self.carried, closes: self.closes, tables };
        let note = serde_json::to_vec(&piece)
            .map_err(|source| FactsError::Io { path: name.clone(), source: source.into() })?;
        write_file(store, &format!("{name}.json"), |file| file.write_all(&note))?;
        Ok(piece)
    }
}

fn write_table(store: &DerivedStore, piece: &str, table: Table, rows: Rows) -> Result<Content, FactsError> {
    if rows.is_empty() {
        return Ok(Content { rows: 0, bytes: 0, min_us: None, max_us: None });
    }
    let name = file_name(piece, table);
    let bounds = rows.bounds;
    store.write_once(&name, |path| {
        let mut file = ParquetFile::create(path, &table.schema())?;
        let mut last = None;
        for batch in rows.batches(table.schema()) {
            let (group, batch) = batch?;
            let next = last.replace(group).is_some_and(|last| last != group);
            if table == Table::FirstMessages && next && file.rows_of_group() >= PART_ROWS {
                file.end_row_group()?;
            }
            file.write(&batch)?;
        }
        file.finish()
    })?;
    // Where another program was first, its threads may have cut the same cells into another number of rows.
    let (rows, bytes) = rows_and_bytes(&store.path_of(&name))?;
    Ok(Content { rows, bytes, min_us: bounds.map(|b| b.0), max_us: bounds.map(|b| b.1) })
}

fn write_file(
    store: &DerivedStore,
    name: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), FactsError> {
    store.write_atomically(name, |path| {
        File::create(path)
            .and_then(|mut file| write(&mut file))
            .map_err(|source| FactsError::Io { path: path.display().to_string(), source })
    })
}
