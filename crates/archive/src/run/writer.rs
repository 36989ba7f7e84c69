//! Sorted batches to the files of a run, every row checked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use tapemeasure_model::event::EventType;
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::period::Period;
use tapemeasure_model::schema::{col, dictionary_type, events_schema};
use uuid::Uuid;

use super::order::{SortColumns, SortKey, Text};
use crate::archive::Archive;
use crate::durable;
use crate::error::ArchiveError;
use crate::event_file::EventFile;

/// Columns without a dictionary: nearly every value is another one.
const PLAIN_COLUMNS: [&str; 4] = [col::EVENT_ID, col::OCCURRED_AT, col::TARGET_EVENT_ID, col::BODY];

/// Largest dictionary of a column chunk. 262,144 conversation ids of 36 bytes are 10 MiB; with less a row group of
/// many short conversations would lose its dictionary, and reading would have to make one.
const DICTIONARY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Chance that the filter of a row group takes an event id for one of its own.
const FALSE_POSITIVES: f64 = 0.01;

/// How a run is cut and compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOptions {
    /// A file that has as many rows ends at the next change of `conversation_key`.
    pub rows_per_file: usize,
    /// Rows in a row group: what is decoded at once, and pruned by its range of keys.
    pub rows_per_group: usize,
    /// Level of Zstandard, 1 to 22.
    pub zstd_level: i32,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { rows_per_file: 4_000_000, rows_per_group: 262_144, zstd_level: 1 }
    }
}

/// Writes the run of one period. Blocks on the file system.
///
/// The files belong to nobody until a commit names them; a writer that is dropped without
/// [`finish`](Self::finish) removes what it wrote.
pub struct RunWriter {
    events_dir: PathBuf,
    period: Period,
    options: RunOptions,
    schema: SchemaRef,
    open: Option<OpenFile>,
    done: Vec<EventFile>,
    /// Every file made, to be removed unless the run is finished.
    paths: Vec<PathBuf>,
    /// Rows written.
    rows: u64,
    /// Sort key of the last row written.
    last: Option<SortKey>,
    /// A write failed: what lies in the files is not what was given.
    failed: bool,
}

impl RunWriter {
    /// Begins the run of a period. Makes no file before the first row.
    pub fn new(archive: &Archive, period: Period, options: RunOptions) -> Self {
        Self {
            events_dir: archive.events_dir(),
            period,
            options,
            schema: events_schema(),
            open: None,
            done: Vec::new(),
            paths: Vec::new(),
            rows: 0,
            last: None,
            failed: false,
        }
    }

    /// Adds rows: the columns of [`events_schema`] in that order, text plain or as `Dictionary(Int32, Utf8)` (the file
    /// is the same), sorted and unique by the sort key, from one call to the next too. No rows are fine.
    ///
    /// # Errors
    /// Rows that are out of order, come twice, lie outside the period, or do not fit the schema: no row of the batch
    /// is written. Or the file system forbids it. After any error the run is given up.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArchiveError> {
        if self.failed {
            return Err(ArchiveError::RunAbandoned { period: self.period });
        }
        let written = self.check_and_write(batch);
        self.failed = written.is_err();
        written
    }

    /// Ends the run: its files and their directories are on disk. Gives the files in the order of their keys; none if
    /// there were no rows.
    ///
    /// # Errors
    /// [`ArchiveError::RunAbandoned`] after a failed write, or the file system forbids it; then the files are removed.
    pub fn finish(mut self) -> Result<Vec<EventFile>, ArchiveError> {
        if self.failed {
            return Err(ArchiveError::RunAbandoned { period: self.period });
        }
        self.close_file()?;
        if !self.done.is_empty() {
            for dir in [self.period_dir(), self.events_dir.clone()] {
                durable::sync_dir(&dir).map_err(|e| ArchiveError::io("sync", &dir, e))?;
            }
        }
        self.paths.clear();
        Ok(std::mem::take(&mut self.done))
    }

    fn check_and_write(&mut self, batch: &RecordBatch) -> Result<(), ArchiveError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        check_schema(&self.schema, batch)?;
        let columns = SortColumns::try_new(batch)?;
        self.check_rows(batch, &columns)?;

        let keys = columns.keys();
        let rows_per_file = self.options.rows_per_file.max(1);
        let mut from = 0;
        while from < keys.len() {
            let before =
                if from == 0 { self.last.as_ref().map(|key| key.conversation_key) } else { Some(keys[from - 1]) };
            let rows_in_file = self.open.as_ref().map_or(0, |file| file.rows);
            if rows_in_file >= rows_per_file && before != Some(keys[from]) {
                self.close_file()?;
                continue;
            }
            let room = rows_per_file.saturating_sub(rows_in_file).max(1);
            // To the first row past the limit that begins another conversation.
            let to = (from.saturating_add(room)..keys.len()).find(|&i| keys[i] != keys[i - 1]).unwrap_or(keys.len());
            let mut file = match self.open.take() {
                Some(file) => file,
                None => self.create_file()?,
            };
            file.append(batch, &columns, from..to)?;
            self.open = Some(file);
            from = to;
        }
        self.rows += keys.len() as u64;
        self.last = Some(columns.key_of(keys.len() - 1));
        Ok(())
    }

    fn check_rows(&self, batch: &RecordBatch, columns: &SortColumns<'_>) -> Result<(), ArchiveError> {
        let period = self.period;
        let row = |row_idx: usize| self.rows + row_idx as u64;
        let first = columns.key_of(0);
        if let Some(last) = self.last.as_ref().filter(|last| **last >= first) {
            let (previous, found) = (last.to_string(), first.to_string());
            return Err(ArchiveError::OutOfOrder { period, row: row(0), previous, found });
        }
        if let Some(row_idx) = columns.disorders().next() {
            let (previous, found) = (columns.key_of(row_idx - 1).to_string(), columns.key_of(row_idx).to_string());
            return Err(ArchiveError::OutOfOrder { period, row: row(row_idx), previous, found });
        }
        let inside = period.start_us()..period.end_us();
        if let Some(row_idx) = columns.times_us().iter().position(|time_us| !inside.contains(time_us)) {
            let found = format_instant(columns.times_us()[row_idx]);
            return Err(ArchiveError::WrongPeriod { period, row: row(row_idx), found });
        }
        if let Some(row_idx) = (0..batch.num_rows()).find(|&row_idx| columns.event_type(row_idx).is_none()) {
            let found = Text::of_column(batch, col::EVENT_TYPE)?.get(row_idx).unwrap_or_default().to_owned();
            return Err(ArchiveError::UnknownEventType { period, row: row(row_idx), found });
        }
        Ok(())
    }

    fn period_dir(&self) -> PathBuf {
        self.events_dir.join(format!("{}={}", col::PERIOD, self.period))
    }

    fn create_file(&mut self) -> Result<OpenFile, ArchiveError> {
        let dir = self.period_dir();
        durable::create_dir_all(&dir).map_err(|e| ArchiveError::io("create the directory", &dir, e))?;
        let name = format!("part-{}.parquet", Uuid::new_v4());
        let path = dir.join(&name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|e| ArchiveError::io("create", &path, e))?;
        self.paths.push(path.clone());
        let hashing = HashingFile { file, hasher: blake3::Hasher::new(), bytes: 0 };
        // Without Arrow's schema in the file readers choose their own types for text.
        let writer = properties(self.options, &self.schema).and_then(|properties| {
            let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
            ArrowWriter::try_new_with_options(hashing, SchemaRef::clone(&self.schema), options)
        });
        Ok(OpenFile {
            writer: writer.map_err(|e| ArchiveError::parquet("write", &path, e))?,
            logged_path: format!("{}={}/{name}", col::PERIOD, self.period),
            path,
            rows: 0,
            min_key: i64::MAX,
            max_key: i64::MIN,
            min_time_us: i64::MAX,
            max_time_us: i64::MIN,
            deletions: 0,
        })
    }

    fn close_file(&mut self) -> Result<(), ArchiveError> {
        if let Some(file) = self.open.take() {
            self.done.push(file.close(self.period)?);
        }
        Ok(())
    }
}

impl Drop for RunWriter {
    fn drop(&mut self) {
        self.open = None;
        for path in &self.paths {
            // What cannot be removed now is removed by a vacuum.
            let _ = fs::remove_file(path);
        }
    }
}

impl std::fmt::Debug for RunWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunWriter")
            .field("period", &self.period)
            .field("rows", &self.rows)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

/// A file that is being written, and what its entry in the log will say.
struct OpenFile {
    writer: ArrowWriter<HashingFile>,
    logged_path: String,
    path: PathBuf,
    rows: usize,
    min_key: i64,
    max_key: i64,
    min_time_us: i64,
    max_time_us: i64,
    deletions: u64,
}

impl OpenFile {
    fn append(
        &mut self,
        batch: &RecordBatch,
        columns: &SortColumns<'_>,
        rows: Range<usize>,
    ) -> Result<(), ArchiveError> {
        let slice = batch.slice(rows.start, rows.len());
        self.writer.write(&slice).map_err(|e| ArchiveError::parquet("write", &self.path, e))?;
        self.rows += rows.len();
        for &key in &columns.keys()[rows.clone()] {
            self.min_key = self.min_key.min(key);
            self.max_key = self.max_key.max(key);
        }
        for &time_us in &columns.times_us()[rows.clone()] {
            self.min_time_us = self.min_time_us.min(time_us);
            self.max_time_us = self.max_time_us.max(time_us);
        }
        let deleted = rows.filter(|&row_idx| columns.event_type(row_idx) == Some(EventType::Deleted));
        self.deletions += deleted.count() as u64;
        Ok(())
    }

    fn close(self, period: Period) -> Result<EventFile, ArchiveError> {
        let written = self.writer.into_inner().map_err(|e| ArchiveError::parquet("write", &self.path, e))?;
        written.file.sync_all().map_err(|e| ArchiveError::io("sync", &self.path, e))?;
        Ok(EventFile {
            path: self.logged_path,
            period,
            rows: self.rows as u64,
            bytes: written.bytes,
            min_key: self.min_key,
            max_key: self.max_key,
            min_time_us: self.min_time_us,
            max_time_us: self.max_time_us,
            digest: written.hasher.finalize().to_hex().to_string(),
            deletions: self.deletions,
        })
    }
}

/// A file that knows the digest and number of the bytes written to it.
struct HashingFile {
    file: File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for HashingFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buf)?;
        self.hasher.update(&buf[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn properties(options: RunOptions, schema: &Schema) -> Result<WriterProperties, ParquetError> {
    let sorted_by = [col::CONVERSATION_KEY, col::SOURCE, col::CONVERSATION_ID, col::OCCURRED_AT];
    let sorting = sorted_by
        .into_iter()
        .filter_map(|name| schema.column_with_name(name))
        .filter_map(|(idx, _)| i32::try_from(idx).ok())
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect();
    let rows_per_group = options.rows_per_group.max(1);
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(options.zstd_level)?))
        .set_max_row_group_row_count(Some(rows_per_group))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_MAX)
        .set_sorting_columns(Some(sorting))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Pages too can be skipped by key and by time.
        .set_column_statistics_enabled(ColumnPath::from(col::CONVERSATION_KEY), EnabledStatistics::Page)
        .set_column_statistics_enabled(ColumnPath::from(col::OCCURRED_AT), EnabledStatistics::Page)
        // The first and last text of a row group prune nothing, and do not belong in a footer.
        .set_column_statistics_enabled(ColumnPath::from(col::BODY), EnabledStatistics::None)
        .set_column_bloom_filter_enabled(ColumnPath::from(col::EVENT_ID), true)
        .set_column_bloom_filter_fpp(ColumnPath::from(col::EVENT_ID), FALSE_POSITIVES)
        .set_column_bloom_filter_max_ndv(ColumnPath::from(col::EVENT_ID), rows_per_group as u64);
    for name in PLAIN_COLUMNS {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    Ok(builder.build())
}

/// Same columns in the same order, each of its type or, for text, a dictionary; no nulls where there are none.
fn check_schema(schema: &Schema, batch: &RecordBatch) -> Result<(), ArchiveError> {
    let found = batch.schema();
    if !names(schema).eq(names(&found)) {
        let listed = |schema: &Schema| names(schema).collect::<Vec<_>>().join(", ");
        return Err(ArchiveError::WrongColumns { expected: listed(schema), found: listed(found.as_ref()) });
    }
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let (expected, found) = (field.data_type(), column.data_type());
        if expected != found && (*expected != DataType::Utf8 || *found != dictionary_type()) {
            let (column, expected, found) = (field.name().clone(), expected.clone(), found.clone());
            return Err(ArchiveError::WrongType { column, expected, found });
        }
        if !field.is_nullable() && column.logical_null_count() > 0 {
            let (column, count) = (field.name().clone(), column.logical_null_count());
            return Err(ArchiveError::UnexpectedNull { column, count });
        }
    }
    Ok(())
}

fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name().as_str())
}
