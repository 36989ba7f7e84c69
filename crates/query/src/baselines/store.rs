//! The table of baselines in an archive: reading it, and replacing all that one baseline has in one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use tapemeasure_archive::{Archive, ArchiveError, SideSnapshot, SideTable};

use super::rows::{Row, from_batches, to_batch};
use super::schema::{COMMENT, NAME, baselines_schema};
use super::windows::Window;
use crate::error::QueryError;
use crate::nearest::Meant;

/// How often a commit is tried while others commit too. Each of them writes for some ten milliseconds.
const TRIES: usize = 50;

/// What a group of rows is kept by: one window of one KPI and grouping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) kpi: String,
    pub(super) grouped_by: String,
    pub(super) hours: String,
    pub(super) window: Window,
}

/// The rows of a baseline, window by window, groups in their order.
pub(super) type Entries = BTreeMap<Key, Vec<Row>>;

/// The rows of some windows, by window.
type Windows<'a> = BTreeMap<Window, Vec<&'a Row>>;

/// The saved baselines of an archive.
#[derive(Debug, Clone)]
pub struct Baselines {
    table: SideTable,
}

impl Baselines {
    /// Those of an archive; reads nothing.
    pub fn new(archive: &Archive) -> Self {
        Self { table: archive.baselines(baselines_schema(), NAME, COMMENT) }
    }

    /// Every row, with the columns of [`baselines_schema`], baseline by baseline. Empty if none was ever saved.
    ///
    /// # Errors
    /// [`QueryError::Baselines`].
    pub async fn read(&self) -> Result<Vec<RecordBatch>, QueryError> {
        let failed = QueryError::of_baselines("read");
        match self.table.snapshot().await.map_err(&failed)? {
            Some(snapshot) => self.table.read(snapshot.files()).await.map_err(&failed),
            None => Ok(Vec::new()),
        }
    }

    /// The rows of a baseline, in the order of KPI, grouping, hours, window and group.
    ///
    /// # Errors
    /// [`QueryError::UnknownBaseline`] with the nearest name, [`QueryError::NoBaselines`], [`QueryError::Baselines`].
    pub async fn show(&self, name: &str) -> Result<Vec<RecordBatch>, QueryError> {
        let failed = QueryError::of_baselines("read");
        let snapshot = self.known(name).await?;
        self.table.read(&snapshot.files_of(name)).await.map_err(&failed)
    }

    /// What there is: a row a baseline, KPI, grouping and hours, in this order, with the columns `name`, `kpi`,
    /// `grouped_by`, `hours`, `time_zone` (text), `windows`, `rows`, `provisional` (Int64: windows of which a row can still
    /// change), `first`, `last` (text: the earliest and the latest window).
    ///
    /// # Errors
    /// [`QueryError::Baselines`].
    pub async fn list(&self) -> Result<RecordBatch, QueryError> {
        let doing = QueryError::while_doing("listing baselines");
        let rows = from_batches(&self.read().await?).map_err(&doing)?;
        let mut all: BTreeMap<[&str; 4], Windows<'_>> = BTreeMap::new();
        for row in &rows {
            let set = &row.set;
            let windows = all.entry([&set.name, &set.kpi, &set.grouped_by, &set.hours]).or_default();
            windows.entry(row.window).or_default().push(row);
        }
        let key =
            |place: usize| -> ArrayRef { Arc::new(all.keys().map(|key| Some(key[place])).collect::<StringArray>()) };
        let text = |of: &dyn Fn(&Windows<'_>) -> Option<String>| -> ArrayRef {
            Arc::new(all.values().map(of).collect::<StringArray>())
        };
        let count = |of: &dyn Fn(&Windows<'_>) -> usize| -> ArrayRef {
            Arc::new(all.values().map(|windows| Some(of(windows) as i64)).collect::<Int64Array>())
        };
        let columns = [
            ("name", key(0)),
            ("kpi", key(1)),
            ("grouped_by", key(2)),
            ("hours", key(3)),
            ("time_zone", text(&|windows| Some(windows.values().next()?.first()?.set.time_zone.clone()))),
            ("windows", count(&|windows| windows.len())),
            ("rows", count(&|windows| windows.values().map(Vec::len).sum())),
            (
                "provisional",
                count(&|windows| windows.values().filter(|rows| rows.iter().any(|r| r.values.provisional)).count()),
            ),
            ("first", text(&|windows| Some(windows.values().next()?.first()?.period.clone()))),
            ("last", text(&|windows| Some(windows.values().next_back()?.first()?.period.clone()))),
        ];
        RecordBatch::try_from_iter(columns).map_err(|e| doing(e.into()))
    }

    /// Removes a baseline. Gives the number of its rows.
    ///
    /// # Errors
    /// [`QueryError::UnknownBaseline`], [`QueryError::NoBaselines`], [`QueryError::Baselines`],
    /// [`QueryError::BaselinesBusy`].
    pub async fn remove(&self, name: &str) -> Result<usize, QueryError> {
        let read = QueryError::of_baselines("read");
        for _ in 0..TRIES {
            let snapshot = self.known(name).await?;
            let batches = self.table.read(&snapshot.files_of(name)).await.map_err(&read)?;
            match self.table.replace(&snapshot, name, &[], "DROP BASELINE").await {
                Ok(_) => return Ok(batches.iter().map(RecordBatch::num_rows).sum()),
                Err(ArchiveError::Conflict { .. }) => {}
                Err(error) => return Err(QueryError::of_baselines("drop")(error)),
            }
        }
        Err(QueryError::BaselinesBusy { name: name.to_owned() })
    }

    /// What a baseline has; nothing if there is none.
    ///
    /// # Errors
    /// [`QueryError::Baselines`].
    pub(super) async fn entries(&self, name: &str) -> Result<Entries, QueryError> {
        match self.table.snapshot().await.map_err(QueryError::of_baselines("read"))? {
            Some(snapshot) => self.entries_of(&snapshot, name).await,
            None => Ok(Entries::new()),
        }
    }

    /// What a baseline has, which must be there.
    ///
    /// # Errors
    /// [`QueryError::UnknownBaseline`], [`QueryError::NoBaselines`], [`QueryError::Baselines`].
    pub(super) async fn existing(&self, name: &str) -> Result<Entries, QueryError> {
        let snapshot = self.known(name).await?;
        self.entries_of(&snapshot, name).await
    }

    /// Puts entries into a baseline, in place of those with the same keys, in one commit. What others put in meanwhile
    /// stays. Gives all that the baseline then has.
    ///
    /// # Errors
    /// [`QueryError::Baselines`], [`QueryError::BaselinesBusy`].
    pub(super) async fn put(&self, name: &str, new: &Entries) -> Result<Entries, QueryError> {
        let failed = QueryError::of_baselines("save");
        for _ in 0..TRIES {
            let snapshot = self.table.snapshot_or_create().await.map_err(&failed)?;
            let mut entries = self.entries_of(&snapshot, name).await?;
            entries.extend(new.iter().map(|(key, rows)| (key.clone(), rows.clone())));
            let rows: Vec<&Row> = entries.values().flatten().collect();
            let batch = to_batch(&rows).map_err(QueryError::while_doing("writing a baseline"))?;
            match self.table.replace(&snapshot, name, &[batch], "SAVE BASELINE").await {
                Ok(_) => return Ok(entries),
                Err(ArchiveError::Conflict { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(QueryError::BaselinesBusy { name: name.to_owned() })
    }

    async fn entries_of(&self, snapshot: &SideSnapshot, name: &str) -> Result<Entries, QueryError> {
        let batches = self.table.read(&snapshot.files_of(name)).await.map_err(QueryError::of_baselines("read"))?;
        let mut entries = Entries::new();
        for row in from_batches(&batches).map_err(QueryError::while_doing("reading a baseline"))? {
            let set = &row.set;
            let (kpi, grouped_by, hours) = (set.kpi.clone(), set.grouped_by.clone(), set.hours.clone());
            entries.entry(Key { kpi, grouped_by, hours, window: row.window }).or_default().push(row);
        }
        Ok(entries)
    }

    /// The newest version of the table, in which there is a baseline of that name.
    async fn known(&self, name: &str) -> Result<SideSnapshot, QueryError> {
        let snapshot = self.table.snapshot().await.map_err(QueryError::of_baselines("read"))?;
        let Some(snapshot) = snapshot else { return Err(unknown(name, &[])) };
        if snapshot.files().iter().any(|file| file.group == name) {
            return Ok(snapshot);
        }
        let names: Vec<&str> = snapshot.files().iter().map(|file| file.group.as_str()).collect();
        Err(unknown(name, &names))
    }
}

/// That there is no baseline of a name.
fn unknown(name: &str, known: &[&str]) -> QueryError {
    if known.is_empty() {
        return QueryError::NoBaselines { name: name.to_owned() };
    }
    QueryError::UnknownBaseline { name: name.to_owned(), meant: Meant::of(name, known), known: known.join(", ") }
}
