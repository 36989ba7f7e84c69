//! What is noted of the facts of one period, beside its files. Written last: where it is, the files are.

use serde::{Deserialize, Serialize};
use tapemeasure_archive::DerivedStore;

use super::files::{ParquetFile, parquet_rows, read_parquet};
use super::{FactFile, Facts, named};
use crate::FactsError;
use crate::rows::batches;
use crate::rows::tables::{Share, Table};

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

    /// Adds its files to the tables.
    ///
    /// # Errors
    /// The changes of subscriptions cannot be read.
    pub(crate) fn add_to(&self, store: &DerivedStore, name: &str, facts: &mut Facts) -> Result<(), FactsError> {
        facts.has_closes |= self.closes > 0;
        for (table, content) in self.contents().filter(|(_, content)| content.rows > 0) {
            let path = store.path_of(&file_name(name, table));
            if table == Table::Changes {
                facts.changes.push(read_parquet(&path, table.schema())?);
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
        Ok(())
    }

    fn contents(&self) -> impl Iterator<Item = (Table, &Content)> {
        Table::ALL.into_iter().zip(&self.tables)
    }
}

/// The rows of a piece as they come from the walks, and what goes with them.
pub(crate) struct NewPiece {
    pub(crate) name: String,
    /// By range of keys, ascending.
    pub(crate) shares: Vec<Share>,
    pub(crate) carry: String,
    pub(crate) carried: u64,
    pub(crate) closes: u64,
    /// Bytes of the carry, where they are to be kept.
    pub(crate) carry_bytes: Option<Vec<u8>>,
}

impl NewPiece {
    /// Writes the rows, each table on a thread of its own, then the carry, then the note.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn write(self, store: &DerivedStore) -> Result<Piece, FactsError> {
        let (name, shares) = (&self.name, &self.shares);
        let tables = std::thread::scope(|scope| {
            let writers: Vec<_> = Table::ALL
                .into_iter()
                .map(|table| named(table.name()).spawn_scoped(scope, move || write_table(store, name, table, shares)))
                .collect::<Result<_, _>>()
                .map_err(|source| FactsError::NoThread { source })?;
            writers
                .into_iter()
                .map(|writer| writer.join().map_err(|_| FactsError::Thread)?)
                .collect::<Result<_, FactsError>>()
        })?;
        if let Some(bytes) = &self.carry_bytes {
            write_bytes(store, &carry_name(&self.name), bytes)?;
        }
        let piece = Piece { carry: self.carry, carried: self.carried, closes: self.closes, tables };
        let note = serde_json::to_vec(&piece)
            .map_err(|source| FactsError::Io { path: self.name.clone(), source: source.into() })?;
        write_bytes(store, &format!("{}.json", self.name), &note)?;
        Ok(piece)
    }
}

fn write_table(store: &DerivedStore, piece: &str, table: Table, shares: &[Share]) -> Result<Content, FactsError> {
    if shares.iter().all(|(rows, _)| rows.len(table) == 0) {
        return Ok(Content { rows: 0, bytes: 0, min_us: None, max_us: None });
    }
    let name = file_name(piece, table);
    let bounds = store.write_once(&name, |path| {
        let mut file = ParquetFile::create(path, &table.schema())?;
        let (_, bounds) = batches(table, shares, |batch| file.write(&batch))?;
        file.finish()?;
        Ok::<_, FactsError>(bounds)
    })?;
    let path = store.path_of(&name);
    let bytes =
        std::fs::metadata(&path).map_err(|source| FactsError::Io { path: path.display().to_string(), source })?.len();
    // Where another program was first, its threads may have cut the same cells into another number of rows.
    let rows = parquet_rows(&path)?;
    Ok(Content { rows, bytes, min_us: bounds.map(|b| b.0), max_us: bounds.map(|b| b.1) })
}

fn write_bytes(store: &DerivedStore, name: &str, bytes: &[u8]) -> Result<(), FactsError> {
    store.write_atomically(name, |path| {
        std::fs::write(path, bytes).map_err(|source| FactsError::Io { path: path.display().to_string(), source })
    })
}
