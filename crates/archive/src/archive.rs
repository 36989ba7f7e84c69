//! A directory opened as an archive, and the Delta table behind it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use chrono::Utc;
use deltalake_core::DeltaTableBuilder;
use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::kernel::{DataType as DeltaType, StructField, Version};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::SaveMode;
use deltalake_core::table::state::DeltaTableState;
use tapemeasure_model::period::PeriodKind;
use tapemeasure_model::schema::{col, events_schema};
use url::Url;

use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::layout::{self, Manifest};
use crate::store::SyncedLocalStore;

/// An archive: a directory with `archive.toml`, `settings.toml`, the table of events, and what is derived from them.
/// Cheap to clone; holds no open file.
#[derive(Debug, Clone)]
pub struct Archive {
    root: PathBuf,
    period: PeriodKind,
}

impl Archive {
    /// Makes an archive with an empty table, version 0. The directory may be missing, be empty, or hold nothing but
    /// `settings.toml` or what an interrupted `create` left.
    ///
    /// # Errors
    /// [`ArchiveError::AlreadyAnArchive`], [`ArchiveError::NotEmpty`], or the file system forbids it.
    pub async fn create(root: &Path, period: PeriodKind) -> Result<Self, ArchiveError> {
        if Self::exists(root) {
            return Err(ArchiveError::AlreadyAnArchive { path: root.to_owned() });
        }
        if let Some(found) = layout::foreign_entry(root)? {
            return Err(ArchiveError::NotEmpty { path: root.to_owned(), found });
        }
        layout::make_directories(root)?;
        let root = fs::canonicalize(root).map_err(|e| ArchiveError::io("open", root, e))?;
        let archive = Self { root, period };
        archive.create_table().await?;
        // Last: without it the directory is no archive, so an interrupted `create` can be run again.
        Manifest::new(period, Utc::now().timestamp_micros()).write(&archive.root)?;
        Ok(archive)
    }

    /// Opens an archive.
    ///
    /// # Errors
    /// [`ArchiveError::NotAnArchive`], [`ArchiveError::NewerFormat`], or `archive.toml` cannot be read.
    pub async fn open(root: &Path) -> Result<Self, ArchiveError> {
        let manifest = Manifest::read(root)?;
        let root = fs::canonicalize(root).map_err(|e| ArchiveError::io("open", root, e))?;
        Ok(Self { root, period: manifest.period })
    }

    /// Whether the directory is an archive, of whatever format.
    pub fn exists(root: &Path) -> bool {
        root.join(layout::MANIFEST).is_file()
    }

    /// The directory, as an absolute path without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How time is cut into runs.
    pub fn period_kind(&self) -> PeriodKind {
        self.period
    }

    /// The Delta table of events.
    pub fn events_dir(&self) -> PathBuf {
        self.root.join(layout::EVENTS)
    }

    /// Files that can be made again from events and settings.
    pub fn derived_dir(&self) -> PathBuf {
        self.root.join(layout::DERIVED)
    }

    /// The Delta table of saved baselines; made when the first is saved.
    pub fn baselines_dir(&self) -> PathBuf {
        self.root.join(layout::BASELINES)
    }

    /// Rejected records.
    pub fn quarantine_dir(&self) -> PathBuf {
        self.root.join(layout::QUARANTINE)
    }

    /// Scratch of a running ingest. Made when needed, by whoever needs it; nothing in it outlives a run.
    pub fn spill_dir(&self) -> PathBuf {
        self.root.join(layout::SPILL)
    }

    /// Rules, targets, zone.
    pub fn settings_path(&self) -> PathBuf {
        self.root.join(layout::SETTINGS)
    }

    /// The file system's path of a file of events.
    pub fn file_path(&self, file: &EventFile) -> PathBuf {
        self.path_of(&file.path)
    }

    /// Removes files that no commit names: those of a run that was written for a commit that did not happen. A file
    /// that cannot be removed is left for a vacuum.
    pub fn discard(&self, files: &[EventFile]) {
        for file in files {
            let _ = fs::remove_file(self.file_path(file));
        }
    }

    /// Path of a file named in the table's log.
    pub(crate) fn path_of(&self, logged: &str) -> PathBuf {
        let mut path = self.events_dir();
        path.extend(logged.split('/'));
        path
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.events_dir().join(layout::DELTA_LOG)
    }

    /// The table's state at a version; `None` is the newest.
    pub(crate) async fn load(&self, version: Option<Version>) -> Result<DeltaTableState, ArchiveError> {
        state_of(&self.events_dir(), version).await
    }

    async fn create_table(&self) -> Result<(), ArchiveError> {
        let events = self.events_dir();
        let table = CreateBuilder::new()
            .with_log_store(log_store_of(&events)?)
            .with_table_name("events")
            .with_comment("Support events, one row each; sorted within a file")
            .with_columns(delta_columns()?)
            .with_partition_columns([col::PERIOD])
            // The log is also the memory of which inputs went in; other engines must not shorten it.
            .with_configuration([
                ("delta.enableExpiredLogCleanup", Some("false")),
                // Readers that are not told so take a column without statistics for one that is null throughout.
                (STATISTICS_COLUMNS, Some("occurred_at,conversation_key")),
            ])
            // What an interrupted `create` left is taken over.
            .with_save_mode(SaveMode::Ignore)
            .with_commit_properties(CommitProperties::default().with_create_checkpoint(false))
            .await
            .map_err(|e| ArchiveError::delta("create", &events, e))?;
        match table.version() {
            Some(0) => Ok(()),
            _ => Err(ArchiveError::NotEmpty { path: self.root.clone(), found: layout::EVENTS.to_owned() }),
        }
    }
}

/// Property of a Delta table that names the columns with statistics (Delta protocol, "Table Features").
pub(crate) const STATISTICS_COLUMNS: &str = "delta.dataSkippingStatsColumns";

/// The table's columns: those of the stored events, and the partition column, which is not in the files.
fn delta_columns() -> Result<Vec<StructField>, ArchiveError> {
    let mut columns = delta_columns_of(&events_schema())?;
    // Nullable: engines build the column from the log, and entries that are no files have no value there.
    columns.push(StructField::new(col::PERIOD, DeltaType::STRING, true));
    Ok(columns)
}

/// The columns of a Delta table whose files have the columns of `schema`.
pub(crate) fn delta_columns_of(schema: &Schema) -> Result<Vec<StructField>, ArchiveError> {
    let column = |field: &Arc<Field>| {
        let data_type = match field.data_type() {
            DataType::Utf8 => DeltaType::STRING,
            DataType::Boolean => DeltaType::BOOLEAN,
            DataType::Int32 => DeltaType::INTEGER,
            DataType::Int64 => DeltaType::LONG,
            DataType::Float64 => DeltaType::DOUBLE,
            DataType::Timestamp(_, Some(_)) => DeltaType::TIMESTAMP,
            other => {
                let (column, data_type) = (field.name().clone(), other.clone());
                return Err(ArchiveError::UnsupportedColumn { column, data_type });
            }
        };
        Ok(StructField::new(field.name().clone(), data_type, field.is_nullable()))
    };
    schema.fields().iter().map(column).collect()
}

/// The log of the Delta table in a directory, on files that are synced.
pub(crate) fn log_store_of(dir: &Path) -> Result<LogStoreRef, ArchiveError> {
    let Ok(location) = Url::from_directory_path(dir) else {
        return Err(ArchiveError::BadPath { path: dir.to_owned() });
    };
    DeltaTableBuilder::from_url(location.clone())
        .and_then(|table| table.with_storage_backend(Arc::new(SyncedLocalStore::new()), location).build_storage())
        .map_err(|e| ArchiveError::delta("open", dir, e))
}

/// The state of the Delta table in a directory at a version; `None` is the newest.
pub(crate) async fn state_of(dir: &Path, version: Option<Version>) -> Result<DeltaTableState, ArchiveError> {
    let log_store = log_store_of(dir)?;
    DeltaTableState::try_new(log_store.as_ref(), version).await.map_err(|e| ArchiveError::delta("read", dir, e))
}

/// Versions are unsigned in the library and signed here, as in the protocol.
pub(crate) fn signed_version(version: Version) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// Runs file work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, ArchiveError> {
    tokio::task::spawn_blocking(work).await.map_err(|source| ArchiveError::Background { source })?
}

/// Size of a file; `None` if there is none.
pub(crate) fn size_of(path: &Path) -> Result<Option<u64>, ArchiveError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(ArchiveError::io("look at", path, e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn creates_once_and_opens() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("deep/archive");
        assert!(!Archive::exists(&root));
        let made = Archive::create(&root, PeriodKind::Day).await.unwrap();
        assert_eq!(made.snapshot(None).await.unwrap().version(), 0);
        for name in ["archive.toml", "settings.toml", "events/_delta_log/00000000000000000000.json"] {
            assert!(root.join(name).is_file(), "{name}");
        }
        let opened = Archive::open(&root).await.unwrap();
        assert_eq!(opened.period_kind(), PeriodKind::Day);
        let again = Archive::create(&root, PeriodKind::Day).await.unwrap_err();
        assert!(matches!(again, ArchiveError::AlreadyAnArchive { .. }), "{again}");
    }

    /// The Delta library takes other ways on a runtime with threads.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn works_on_a_runtime_with_threads_too() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        assert_eq!(archive.snapshot(Some(0)).await.unwrap().version(), 0);
    }

    #[tokio::test]
    async fn an_interrupted_create_can_be_run_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a");
        Archive::create(&root, PeriodKind::Day).await.unwrap();
        fs::remove_file(root.join("archive.toml")).unwrap();
        let archive = Archive::create(&root, PeriodKind::Month).await.unwrap();
        assert_eq!(archive.period_kind(), PeriodKind::Month);
        assert_eq!(archive.snapshot(None).await.unwrap().version(), 0);
    }

    #[tokio::test]
    async fn other_directories_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("holiday.jpg"), b"").unwrap();
        let error = Archive::create(dir.path(), PeriodKind::Month).await.unwrap_err();
        assert!(matches!(&error, ArchiveError::NotEmpty { found, .. } if found == "holiday.jpg"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = Archive::open(dir.path()).await.unwrap_err();
        assert!(matches!(error, ArchiveError::NotAnArchive { .. }), "{error}");
        assert!(matches!(Archive::open(&dir.path().join("none")).await, Err(ArchiveError::NotAnArchive { .. })));
    }
}
