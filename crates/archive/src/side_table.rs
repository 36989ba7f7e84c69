//! Small Delta tables beside the events: what people saved, which cannot be derived again.
//!
//! Rows belong to *groups*, by the text in one column. A group is one file, and a commit swaps the files of one group in
//! one step: readers see all of its old rows or all of its new ones. What is in the columns is the caller's business.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use chrono::Utc;
use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::kernel::{Action, Add, LogicalFileView, Remove};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::json;
use uuid::Uuid;

use crate::archive::{Archive, STATISTICS_COLUMNS, blocking, delta_columns_of, log_store_of, signed_version, state_of};
use crate::commit::{CommitInfo, commit_to};
use crate::durable::{self, Existing};
use crate::error::ArchiveError;
use crate::{layout, log};

/// Tag of a file with the group that its rows belong to.
const TAG_GROUP: &str = "tape.group";

/// A table in an archive. Cheap to clone; holds no open file.
#[derive(Debug, Clone)]
pub struct SideTable {
    dir: PathBuf,
    name: &'static str,
    comment: &'static str,
    schema: SchemaRef,
    /// The column whose text is a row's group.
    group: &'static str,
}

/// The files of one version of a table.
#[derive(Debug, Clone)]
pub struct SideSnapshot {
    version: i64,
    files: Vec<SideFile>,
    state: DeltaTableState,
}

/// A file of a table: all rows of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideFile {
    /// Its name in the table's directory.
    pub path: String,
    /// The group.
    pub group: String,
    /// Its size.
    pub bytes: u64,
}

impl SideSnapshot {
    /// Its number.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Its files, by group.
    pub fn files(&self) -> &[SideFile] {
        &self.files
    }

    /// The files of a group: one, or none if there is no such group.
    pub fn files_of(&self, group: &str) -> Vec<SideFile> {
        self.files.iter().filter(|file| file.group == group).cloned().collect()
    }
}

impl Archive {
    /// The table of saved baselines with these columns, grouped by the text column `group`, which has no nulls. Says
    /// nothing about whether it is there.
    pub fn baselines(&self, schema: SchemaRef, group: &'static str, comment: &'static str) -> SideTable {
        SideTable { dir: self.baselines_dir(), name: layout::BASELINES, comment, schema, group }
    }
}

impl SideTable {
    /// Its columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Reads the newest version; `None` if nothing was ever saved.
    ///
    /// # Errors
    /// [`ArchiveError::ForeignFile`] if another program has written into the table, or its log cannot be read.
    pub async fn snapshot(&self) -> Result<Option<SideSnapshot>, ArchiveError> {
        if !is_table(&self.dir) {
            return Ok(None);
        }
        self.newest().await.map(Some)
    }

    /// The newest version of the table, which is made if there is none.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot), or the file system forbids it.
    pub async fn snapshot_or_create(&self) -> Result<SideSnapshot, ArchiveError> {
        if let Some(snapshot) = self.snapshot().await? {
            return Ok(snapshot);
        }
        let log_dir = self.dir.join(layout::DELTA_LOG);
        durable::create_dir_all(&log_dir).map_err(|e| ArchiveError::io("create the directory", &log_dir, e))?;
        let created = CreateBuilder::new()
            .with_log_store(log_store_of(&self.dir)?)
            .with_table_name(self.name)
            .with_comment(self.comment)
            .with_columns(delta_columns_of(&self.schema)?)
            // Readers that are not told so take a column without statistics for one that is null throughout.
            .with_configuration([(STATISTICS_COLUMNS, Some(self.group))])
            .with_save_mode(SaveMode::Ignore)
            .with_commit_properties(CommitProperties::default().with_create_checkpoint(false))
            .await;
        match created {
            // Of two programs that make the table at once the second takes over what the first made.
            Err(error) if !is_table(&self.dir) => Err(ArchiveError::delta("create", &self.dir, error)),
            _ => self.newest().await,
        }
    }

    /// The rows of files, one batch or more a file, with the columns of the table.
    ///
    /// # Errors
    /// A file is not there, cannot be read, or has other columns.
    pub async fn read(&self, files: &[SideFile]) -> Result<Vec<RecordBatch>, ArchiveError> {
        let (table, files) = (self.clone(), files.to_vec());
        blocking(move || {
            let mut batches = Vec::new();
            for file in &files {
                table.read_file(file, &mut batches)?;
            }
            Ok(batches)
        })
        .await
    }

    /// Makes these rows, in this order, all that the group has, in one step: the version after `based_on` becomes this
    /// commit, or nothing happens. No rows end the group. Gives the new version.
    ///
    /// # Errors
    /// [`ArchiveError::Conflict`] if `based_on` is not the newest version any more; or the disk or log cannot be written.
    pub async fn replace(
        &self,
        based_on: &SideSnapshot,
        group: &str,
        rows: &[RecordBatch],
        operation: &str,
    ) -> Result<i64, ArchiveError> {
        let n_rows: usize = rows.iter().map(RecordBatch::num_rows).sum();
        let written = if n_rows == 0 { None } else { Some(self.write_file(rows.to_vec()).await?) };
        let now_ms = Utc::now().timestamp_millis();
        let mut changes: Vec<Action> =
            based_on.files_of(group).iter().map(|file| Action::Remove(file.to_remove(now_ms))).collect();
        if let Some((path, bytes)) = &written {
            let file = SideFile { path: path.clone(), group: group.to_owned(), bytes: *bytes };
            changes.push(Action::Add(file.to_add(self.group, n_rows, now_ms)));
        }
        let delta = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        let info = CommitInfo { operation: operation.to_owned(), ..CommitInfo::default() };
        let committed = commit_to(&self.dir, &based_on.state, delta, info, changes, now_ms).await;
        if let (Err(_), Some((path, _))) = (&committed, &written) {
            // No commit names it; what cannot be removed is removed by a vacuum.
            let _ = fs::remove_file(self.dir.join(path));
        }
        committed
    }

    async fn newest(&self) -> Result<SideSnapshot, ArchiveError> {
        let state = state_of(&self.dir, None).await?;
        let version = signed_version(state.version());
        let mut files =
            state.log_data().iter().map(|view| SideFile::of_view(&view, version)).collect::<Result<Vec<_>, _>>()?;
        files.sort_by(|a, b| (&a.group, &a.path).cmp(&(&b.group, &b.path)));
        Ok(SideSnapshot { version, files, state })
    }

    async fn write_file(&self, rows: Vec<RecordBatch>) -> Result<(String, u64), ArchiveError> {
        let name = format!("part-{}.parquet", Uuid::new_v4());
        let (path, schema) = (self.dir.join(&name), self.schema());
        let bytes = blocking(move || {
            let bytes = encoded(&schema, &rows).map_err(|e| ArchiveError::parquet("write", &path, e))?;
            durable::write_file(&path, [bytes.as_slice()], Existing::Refuse)
                .map_err(|e| ArchiveError::io("write", &path, e))?;
            Ok(bytes.len() as u64)
        })
        .await?;
        Ok((name, bytes))
    }

    fn read_file(&self, file: &SideFile, batches: &mut Vec<RecordBatch>) -> Result<(), ArchiveError> {
        let path = self.dir.join(&file.path);
        let open = fs::File::open(&path).map_err(|e| ArchiveError::io("read", &path, e))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(open).and_then(|builder| builder.build());
        let reader = reader.map_err(|e| ArchiveError::parquet("read", &path, e))?;
        for batch in reader {
            let decode = |source| ArchiveError::Decode { path: path.clone(), source };
            let batch = batch.map_err(decode)?;
            batches.push(RecordBatch::try_new(self.schema(), batch.columns().to_vec()).map_err(decode)?);
        }
        Ok(())
    }
}

impl SideFile {
    /// The action that puts the file into the table.
    fn to_add(&self, column: &str, rows: usize, modified_ms: i64) -> Add {
        let stats = json!({
            "numRecords": rows,
            "minValues": { column: &self.group },
            "maxValues": { column: &self.group },
            "nullCount": { column: 0 },
        });
        Add {
            path: self.path.clone(),
            partition_values: HashMap::new(),
            size: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            modification_time: modified_ms,
            data_change: true,
            stats: Some(stats.to_string()),
            tags: Some(HashMap::from([(TAG_GROUP.to_owned(), Some(self.group.clone()))])),
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        }
    }

    /// The action that takes the file out of the table.
    fn to_remove(&self, deleted_ms: i64) -> Remove {
        Remove {
            path: self.path.clone(),
            data_change: true,
            deletion_timestamp: Some(deleted_ms),
            extended_file_metadata: Some(true),
            partition_values: Some(HashMap::new()),
            size: Some(i64::try_from(self.bytes).unwrap_or(i64::MAX)),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
        }
    }

    #[expect(deprecated, reason = "the tags of a file are public nowhere but in its Add action")]
    fn of_view(view: &LogicalFileView, version: i64) -> Result<Self, ArchiveError> {
        let add = view.add_action();
        let foreign = |reason| ArchiveError::ForeignFile { version, file: add.path.clone(), reason };
        if add.deletion_vector.is_some() {
            return Err(foreign("has a deletion vector"));
        }
        let group = add.tags.as_ref().and_then(|tags| tags.get(TAG_GROUP)).and_then(Option::as_deref);
        let group = group.ok_or_else(|| foreign("does not say whose rows it has"))?.to_owned();
        let bytes = u64::try_from(add.size).map_err(|_| foreign("has a negative size"))?;
        Ok(Self { path: add.path.clone(), group, bytes })
    }
}

/// Whether a directory has the first entry of a table's log.
pub(crate) fn is_table(dir: &Path) -> bool {
    let log_dir = dir.join(layout::DELTA_LOG);
    log::versions(&log_dir).is_ok_and(|versions| !versions.is_empty())
}

/// The names of the files that the newest version of a table has, or one that was the newest within the last
/// `keep_versions_s` seconds.
pub(crate) async fn needed(dir: &Path, keep_versions_s: u64) -> Result<HashSet<String>, ArchiveError> {
    let state = state_of(dir, None).await?;
    let version = signed_version(state.version());
    let mut needed = HashSet::new();
    for view in state.log_data().iter() {
        needed.insert(SideFile::of_view(&view, version)?.path);
    }
    let keep_us = i64::try_from(Duration::from_secs(keep_versions_s).as_micros()).unwrap_or(i64::MAX);
    let cutoff_us = Utc::now().timestamp_micros().saturating_sub(keep_us);
    for entry in log::read_all(&dir.join(layout::DELTA_LOG))? {
        if entry.timestamp_us > cutoff_us {
            needed.extend(entry.removed);
        }
    }
    Ok(needed)
}

/// Rows as the bytes of a Parquet file: the same rows give the same bytes.
fn encoded(schema: &Arc<Schema>, rows: &[RecordBatch]) -> Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    // Without Arrow's schema in the file readers choose their own types for text.
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(schema), options)?;
    for batch in rows {
        writer.write(batch)?;
    }
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Float64Array, Int32Array, StringArray};
    use arrow::datatypes::{DataType, Field};
    use tapemeasure_model::period::PeriodKind;

    use super::*;

    fn table(archive: &Archive) -> SideTable {
        let schema = Schema::new(vec![
            Field::new("name", DataType::Utf8, false),
            Field::new("hour", DataType::Int32, true),
            Field::new("value", DataType::Float64, true),
        ]);
        archive.baselines(Arc::new(schema), "name", "for tests")
    }

    fn rows(table: &SideTable, name: &str, values: &[f64]) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![name; values.len()])),
            Arc::new(Int32Array::from(vec![None; values.len()])),
            Arc::new(Float64Array::from(values.to_vec())),
        ];
        RecordBatch::try_new(table.schema(), columns).unwrap()
    }

    #[tokio::test]
    async fn a_group_is_replaced_whole_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        let table = table(&archive);
        assert!(table.snapshot().await.unwrap().is_none());
        let empty = table.snapshot_or_create().await.unwrap();
        assert_eq!((empty.version(), empty.files().len()), (0, 0));

        let (one, two) = (rows(&table, "one", &[1.0]), rows(&table, "two", &[2.0, 2.5]));
        assert_eq!(table.replace(&empty, "one", std::slice::from_ref(&one), "SAVE").await.unwrap(), 1);
        let error = table.replace(&empty, "two", std::slice::from_ref(&two), "SAVE").await.unwrap_err();
        assert!(matches!(error, ArchiveError::Conflict { based_on: 0 }), "{error}");

        let now = table.snapshot_or_create().await.unwrap();
        table.replace(&now, "two", std::slice::from_ref(&two), "SAVE").await.unwrap();
        let now = table.snapshot_or_create().await.unwrap();
        let other = rows(&table, "one", &[3.0]);
        table.replace(&now, "one", std::slice::from_ref(&other), "SAVE").await.unwrap();
        let now = table.snapshot().await.unwrap().unwrap();
        assert_eq!((now.version(), now.files().len()), (3, 2));
        assert_eq!(table.read(&now.files_of("one")).await.unwrap(), [other]);
        assert_eq!(table.read(&now.files_of("two")).await.unwrap(), std::slice::from_ref(&two));

        table.replace(&now, "one", &[], "DROP").await.unwrap();
        let now = table.snapshot().await.unwrap().unwrap();
        assert_eq!(table.read(now.files()).await.unwrap(), [two]);
        // Of the four files that were written the one of the conflict is gone at once; those of old versions stay.
        let parquet = |name: &str| name.ends_with(".parquet");
        let names: Vec<String> = fs::read_dir(archive.baselines_dir())
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter(|name| parquet(name))
            .collect();
        assert_eq!(names.len(), 3);
    }

    #[tokio::test]
    async fn a_vacuum_keeps_what_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        let table = table(&archive);
        for value in [1.0, 2.0] {
            let now = table.snapshot_or_create().await.unwrap();
            table.replace(&now, "one", &[rows(&table, "one", &[value])], "SAVE").await.unwrap();
        }
        let age = |path: &Path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(2 * 24 * 3_600)).unwrap();
        };
        for entry in fs::read_dir(archive.baselines_dir()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                age(&path);
            }
        }
        assert_eq!(archive.vacuum(false, 3_600).await.unwrap(), crate::Vacuumed::default());
        // An entry that a killed program was writing, and a file that only an old version had.
        let staged = archive.baselines_dir().join("_delta_log/00000000000000000003.json#1");
        fs::write(&staged, "{").unwrap();
        age(&staged);
        let vacuumed = archive.vacuum(false, 0).await.unwrap();
        let paths: Vec<&str> = vacuumed.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((paths.len(), paths[0]), (2, "baselines/_delta_log/00000000000000000003.json#1"));
        assert!(paths[1].starts_with("baselines/part-") && paths[1].ends_with(".parquet"), "{paths:?}");
        let now = table.snapshot().await.unwrap().unwrap();
        assert_eq!(table.read(now.files()).await.unwrap(), [rows(&table, "one", &[2.0])]);
    }
}
