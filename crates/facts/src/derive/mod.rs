//! From a snapshot to facts.
//!
//! | file | is |
//! |---|---|
//! | [`names`] | fingerprints: what a derived file is made from |
//! | [`files`] | writing and reading derived Parquet files |
//! | [`piece`] | what is noted of the facts of one period |
//! | [`walks`] | the walks over all ranges of keys, side by side |
//! | [`chain`] | the periods in order of time: what is there, what is to be derived |
//! | [`contacts`] | the first messages of all periods, put together |
//! | [`stale`] | which derived files a snapshot does not need |
//! | [`threads`] | the same work on many things |

pub(crate) mod chain;
mod contacts;
pub(crate) mod files;
pub(crate) mod names;
pub(crate) mod piece;
mod stale;
mod threads;
mod walks;

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use tapemeasure_archive::{Archive, Snapshot};
use tapemeasure_model::period::Period;
use tapemeasure_model::settings::Settings;

pub use stale::stale;

use crate::deletions::DeletedIds;
use crate::error::FactsError;
use crate::extract::extract;
use crate::rows::Table;
use crate::schema::{
    cells_schema, contacts_schema, first_messages_schema, sessions_schema, subscriptions_schema, waits_schema,
};
use crate::subscriptions::{deleted_ids, in_order};
use threads::side_by_side;

/// How facts are to be derived.
#[derive(Clone, Copy)]
pub struct DeriveOptions<'a> {
    /// The as-of time, microseconds since 1970 UTC; `None` is the latest event (kpi-rules section 3).
    pub as_of_us: Option<i64>,
    /// Ranges of keys that are folded side by side; at least one.
    pub threads: usize,
    /// Told how many events more were folded.
    pub progress: Option<&'a (dyn Fn(u64) + Sync)>,
    /// Asked now and then whether to stop.
    pub cancelled: Option<&'a (dyn Fn() -> bool + Sync)>,
    /// Derive everything, whatever files are there, and write none: `tape verify` compares with it.
    pub afresh: bool,
}

impl Default for DeriveOptions<'_> {
    fn default() -> Self {
        Self { as_of_us: None, threads: 1, progress: None, cancelled: None, afresh: false }
    }
}

/// Waits, sessions and subscriptions of one snapshot as of one time.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The as-of time, microseconds since 1970 UTC; 0 for an archive without events.
    pub as_of_us: i64,
    /// The earliest event; `None` for an archive without events up to the as-of time.
    pub first_us: Option<i64>,
    /// Rows of [`waits_schema`], each file sorted by the UTC day of `opened_at`.
    pub waits: FactTable,
    /// Rows of [`sessions_schema`], each file sorted by the UTC day of `closed_at`, open ones last.
    pub sessions: FactTable,
    /// Rows of [`subscriptions_schema`].
    pub subscriptions: FactTable,
    /// Rows of [`cells_schema`]: messages counted.
    pub message_cells: FactTable,
    /// Rows of [`contacts_schema`]: who is known since when.
    pub contacts: FactTable,
    /// What contacts are made of, period by period.
    pub(crate) first_messages: FactTable,
    /// Changes of subscriptions, not yet in order.
    pub(crate) changes: Vec<RecordBatch>,
    /// The events that never happened.
    pub deletions: Arc<DeletedIds>,
    /// Whether any conversation was ever closed: without, resolution time says so (kpi-rules R1).
    pub has_closes: bool,
    /// Names, without ending, of the derived files that the facts lie in.
    pub(crate) pieces: Vec<String>,
    /// Periods whose facts were there already, and periods that were derived now.
    pub periods_reused: usize,
    /// See [`periods_reused`](Self::periods_reused).
    pub periods_derived: usize,
    /// Events that were folded now.
    pub events_folded: u64,
}

/// A table of facts: files, and rows in memory.
#[derive(Debug, Clone)]
pub struct FactTable {
    /// Columns of files and batches alike.
    pub schema: SchemaRef,
    /// Parquet files, in order of their periods.
    pub files: Vec<FactFile>,
    /// Rows beside the files.
    pub open: Vec<RecordBatch>,
}

/// A derived Parquet file with rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactFile {
    /// Where it is.
    pub path: PathBuf,
    /// Rows; at least one.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// Least `opened_at` of waits, `closed_at` of sessions; `None` where no row has one.
    pub min_time_us: Option<i64>,
    /// Greatest of the same.
    pub max_time_us: Option<i64>,
}

impl Facts {
    /// The table that a walk fills; changes are put in order first.
    fn table(&mut self, table: Table) -> &mut FactTable {
        match table {
            Table::Waits => &mut self.waits,
            Table::Sessions => &mut self.sessions,
            Table::Changes => &mut self.subscriptions,
            Table::Cells => &mut self.message_cells,
            Table::FirstMessages => &mut self.first_messages,
        }
    }
}

impl FactTable {
    fn empty(schema: SchemaRef) -> Self {
        Self { schema, files: Vec::new(), open: Vec::new() }
    }

    /// Rows in files and in memory.
    pub fn rows(&self) -> u64 {
        let in_memory: usize = self.open.iter().map(RecordBatch::num_rows).sum();
        self.files.iter().map(|f| f.rows).sum::<u64>() + in_memory as u64
    }

    /// Every row: for tests and `verify`; needs memory for all of it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read_all(&self) -> Result<Vec<RecordBatch>, FactsError> {
        let mut batches = self
            .files
            .iter()
            .map(|file| files::read_parquet(&file.path, Arc::clone(&self.schema)))
            .collect::<Result<Vec<_>, _>>()?;
        batches.extend(self.open.iter().cloned());
        Ok(batches)
    }
}

/// Derives the facts of a snapshot, as far as they are not there already. Blocking: it reads and writes files, on as
/// many threads as told and a few more that write.
///
/// Memory: one batch of events for each thread, the rows of three periods, and everything that is open at the end of a
/// period; without `closed` events and without `session_gap` every session stays open for ever.
///
/// # Errors
/// Events cannot be read, derived files not be written, or the user asked to stop. Files that were finished stay and
/// are used the next time.
pub fn derive(
    archive: &Archive,
    snapshot: &Snapshot,
    settings: &Settings,
    options: &DeriveOptions<'_>,
) -> Result<Facts, FactsError> {
    let as_of_us = options.as_of_us.or_else(|| snapshot.latest_us()).unwrap_or(0);
    let mut facts = Facts {
        as_of_us,
        first_us: snapshot.first_us().filter(|&first| first <= as_of_us),
        waits: FactTable::empty(waits_schema()),
        sessions: FactTable::empty(sessions_schema()),
        subscriptions: FactTable::empty(subscriptions_schema()),
        message_cells: FactTable::empty(cells_schema()),
        contacts: FactTable::empty(contacts_schema()),
        first_messages: FactTable::empty(first_messages_schema()),
        changes: Vec::new(),
        pieces: Vec::new(),
        deletions: Arc::new(DeletedIds::default()),
        has_closes: false,
        periods_reused: 0,
        periods_derived: 0,
        events_folded: 0,
    };
    if facts.first_us.is_none() {
        return Ok(facts);
    }
    let extracts = extracts(archive, snapshot, options.threads.max(1))?;
    let columns = |source| FactsError::Columns { period: "the extracts".to_owned(), source };
    let deletions = Arc::new(deleted_ids(&extracts, as_of_us).map_err(columns)?);
    facts.deletions = deletions;
    let made_of = chain::run(archive, snapshot, settings, options, &mut facts)?;
    contacts::put_together(archive, options, made_of.as_deref(), &mut facts)?;
    let changes = std::mem::take(&mut facts.changes);
    facts.subscriptions.open.extend(in_order(&changes)?);
    Ok(facts)
}

/// Which periods' facts are there already, as of the latest event, in order of time. From the first that is not on,
/// none is known to be.
///
/// # Errors
/// As [`derive`].
pub fn freshness(
    archive: &Archive,
    snapshot: &Snapshot,
    settings: &Settings,
    options: &DeriveOptions<'_>,
) -> Result<Vec<(Period, bool)>, FactsError> {
    let Some(as_of_us) = snapshot.latest_us() else { return Ok(Vec::new()) };
    let extracts = extracts(archive, snapshot, options.threads.max(1))?;
    let columns = |source| FactsError::Columns { period: "the extracts".to_owned(), source };
    let deletions = deleted_ids(&extracts, as_of_us).map_err(columns)?;
    chain::freshness(archive, snapshot, settings, &deletions, as_of_us, options.threads.max(1))
}

/// The extracts of all files that have any, in their order.
fn extracts(archive: &Archive, snapshot: &Snapshot, threads: usize) -> Result<Vec<RecordBatch>, FactsError> {
    let all = side_by_side("extract", threads, snapshot.files(), |file| extract(archive, file))?;
    Ok(all.into_iter().flatten().collect())
}
