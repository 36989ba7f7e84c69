//! A range of keys of a run, as batches.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Int64Type, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use tapemeasure_model::schema::{DICTIONARY_COLUMNS, col, dictionary_type, events_schema};

use super::chunks::ColumnChunks;
use super::range::KeyRange;
use crate::archive::Archive;
use crate::error::ArchiveError;
use crate::event_file::EventFile;

/// Rows in one read of the key column where a row group lies on an edge of the range.
const KEYS_AT_ONCE: usize = 65_536;

/// Reads the rows of `files` whose `conversation_key` lies in `keys`, file after file, row after row: given the files
/// of a period in the order of [`Snapshot::files_of`](crate::Snapshot::files_of), sorted by the sort key.
///
/// Batches have at most `batch_size` rows, at least one, and the columns asked for in the order asked for. Columns of
/// [`DICTIONARY_COLUMNS`] come as `Dictionary(Int32, Utf8)`, and all batches of one row group share the values; other
/// text comes as `Utf8`. Files and row groups outside the range are not read. Blocks on the file system, so belongs on
/// a thread of its own. Errors of files that are opened later come from the iterator, which then ends.
///
/// # Errors
/// [`ArchiveError::UnknownColumn`].
pub fn read_run(
    archive: &Archive,
    files: &[EventFile],
    columns: &[&str],
    keys: KeyRange,
    batch_size: usize,
) -> Result<RunReader, ArchiveError> {
    let stored = events_schema();
    let mut fields = Vec::with_capacity(columns.len());
    for &name in columns {
        let field = stored.column_with_name(name).map(|(_, field)| as_read(field));
        fields.push(field.ok_or_else(|| ArchiveError::UnknownColumn { column: name.to_owned() })?);
    }
    let in_range = |file: &&EventFile| file.min_key <= keys.max && keys.min <= file.max_key;
    Ok(RunReader {
        files: files.iter().filter(in_range).map(|file| archive.file_path(file)).collect(),
        schema: Arc::new(Schema::new(fields)),
        keys,
        batch_size: batch_size.max(1),
        open: None,
        ended: false,
    })
}

/// Opens a file of events and reads its footer.
///
/// # Errors
/// [`ArchiveError::MissingFile`], or the file cannot be read.
pub(crate) fn open_parquet(path: &Path) -> Result<(File, ArrowReaderMetadata), ArchiveError> {
    let file = File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => ArchiveError::MissingFile { path: path.to_owned() },
        _ => ArchiveError::io("open", path, e),
    })?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|e| ArchiveError::parquet("read", path, e))?;
    Ok((file, metadata))
}

/// The batches of a range of keys of a run; see [`read_run`].
pub struct RunReader {
    /// Files that are not opened yet.
    files: VecDeque<PathBuf>,
    schema: SchemaRef,
    keys: KeyRange,
    batch_size: usize,
    open: Option<OpenFile>,
    ended: bool,
}

impl RunReader {
    /// Schema of every batch.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArchiveError> {
        loop {
            if let Some(file) = &mut self.open {
                if let Some(batch) = file.next_batch(self.keys, self.batch_size)? {
                    return file.in_order_asked(&batch, &self.schema).map(Some);
                }
                self.open = None;
            }
            match self.files.pop_front() {
                Some(path) => self.open = Some(OpenFile::open(path, &self.schema)?),
                None => return Ok(None),
            }
        }
    }
}

impl Iterator for RunReader {
    type Item = Result<RecordBatch, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_batch().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::fmt::Debug for RunReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunReader")
            .field("files", &self.files)
            .field("schema", &self.schema)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// A file whose row groups are read one after the other, each by a reader of its own: a batch that spans two row
/// groups would lose their dictionaries.
struct OpenFile {
    path: PathBuf,
    file: File,
    metadata: ArrowReaderMetadata,
    /// Index of `conversation_key` in the file.
    key_column: usize,
    /// Indices in the file of the columns asked for, ascending, each once.
    columns: Vec<usize>,
    /// For each column asked for, its place among `columns`.
    places: Vec<usize>,
    row_groups: Range<usize>,
    batches: Option<ParquetRecordBatchReader>,
}

impl OpenFile {
    fn open(path: PathBuf, asked: &Schema) -> Result<Self, ArchiveError> {
        let (file, stored) = open_parquet(&path)?;
        let as_read = Schema::new(stored.schema().fields().iter().map(|field| as_read(field)).collect::<Vec<_>>());
        let index_of = |name: &str| as_read.column_with_name(name).map(|(idx, _)| idx);
        let missing = |name: &str| ArchiveError::UnknownColumn { column: name.to_owned() };
        let mut indices = Vec::with_capacity(asked.fields().len());
        for field in asked.fields() {
            let idx = index_of(field.name()).ok_or_else(|| missing(field.name()))?;
            let found = as_read.field(idx).data_type();
            if found != field.data_type() {
                let (column, expected) = (field.name().clone(), field.data_type().clone());
                return Err(ArchiveError::WrongType { column, expected, found: found.clone() });
            }
            indices.push(idx);
        }
        let key_column = index_of(col::CONVERSATION_KEY).ok_or_else(|| missing(col::CONVERSATION_KEY))?;
        let mut columns = indices.clone();
        columns.sort_unstable();
        columns.dedup();
        let places = indices.iter().map(|idx| columns.partition_point(|column| column < idx)).collect();
        let parquet = Arc::clone(stored.metadata());
        let row_groups = 0..parquet.num_row_groups();
        let metadata = ArrowReaderMetadata::try_new(parquet, ArrowReaderOptions::new().with_schema(Arc::new(as_read)))
            .map_err(|e| ArchiveError::parquet("read", &path, e))?;
        Ok(Self { path, file, metadata, key_column, columns, places, row_groups, batches: None })
    }

    fn next_batch(&mut self, keys: KeyRange, batch_size: usize) -> Result<Option<RecordBatch>, ArchiveError> {
        loop {
            match self.batches.as_mut().and_then(Iterator::next) {
                Some(Ok(batch)) => return Ok(Some(batch)),
                Some(Err(source)) => return Err(ArchiveError::Decode { path: self.path.clone(), source }),
                None => {}
            }
            let Some(row_group_idx) = self.row_groups.next() else { return Ok(None) };
            self.batches = self
                .open_row_group(row_group_idx, keys, batch_size)
                .map_err(|e| ArchiveError::parquet("read", &self.path, e))?;
        }
    }

    /// A reader of the rows of a row group that lie in the range; `None` if none does.
    fn open_row_group(
        &self,
        row_group_idx: usize,
        keys: KeyRange,
        batch_size: usize,
    ) -> Result<Option<ParquetRecordBatchReader>, ParquetError> {
        let row_group = self.metadata.metadata().row_group(row_group_idx);
        let bounds = key_bounds(row_group, self.key_column);
        if bounds.is_some_and(|(min, max)| max < keys.min || keys.max < min) {
            return Ok(None);
        }
        if bounds.is_some_and(|(min, max)| keys.covers(min, max)) {
            return self.builder(row_group_idx, &self.columns, batch_size)?.build().map(Some);
        }
        let rows = self.rows_in(row_group_idx, keys)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let builder = self.builder(row_group_idx, &self.columns, batch_size)?;
        builder.with_offset(rows.start).with_limit(rows.len()).build().map(Some)
    }

    /// The rows of a row group whose keys lie in the range. They are neighbours, because the rows are sorted.
    fn rows_in(&self, row_group_idx: usize, keys: KeyRange) -> Result<Range<usize>, ParquetError> {
        let (mut before, mut through) = (0, 0);
        for batch in self.builder(row_group_idx, &[self.key_column], KEYS_AT_ONCE)?.build()? {
            let batch = batch?;
            let column = batch.column(0).as_primitive_opt::<Int64Type>();
            let column = column.ok_or_else(|| ParquetError::General("the key is no 64-bit integer".to_owned()))?;
            before += column.values().partition_point(|&key| key < keys.min);
            through += column.values().partition_point(|&key| key <= keys.max);
        }
        Ok(before..through)
    }

    fn builder(
        &self,
        row_group_idx: usize,
        columns: &[usize],
        batch_size: usize,
    ) -> Result<ParquetRecordBatchReaderBuilder<ColumnChunks>, ParquetError> {
        let row_group = self.metadata.metadata().row_group(row_group_idx);
        let chunks = ColumnChunks::read(&self.file, row_group, columns)?;
        let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), columns.iter().copied());
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, self.metadata.clone())
            .with_projection(mask)
            .with_row_groups(vec![row_group_idx])
            .with_batch_size(batch_size))
    }

    fn in_order_asked(&self, batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArchiveError> {
        let columns = self.places.iter().map(|&place| Arc::clone(batch.column(place))).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
            .map_err(|source| ArchiveError::Decode { path: self.path.clone(), source })
    }
}

/// A column as batches have it: text whose values repeat comes with its dictionary.
fn as_read(field: &Field) -> Field {
    match DICTIONARY_COLUMNS.contains(&field.name().as_str()) {
        true => field.clone().with_data_type(dictionary_type()),
        false => field.clone(),
    }
}

/// Smallest and largest key of a row group; `None` if the file does not say.
fn key_bounds(row_group: &RowGroupMetaData, key_column: usize) -> Option<(i64, i64)> {
    match row_group.column(key_column).statistics()? {
        Statistics::Int64(keys) => Some((*keys.min_opt()?, *keys.max_opt()?)),
        _ => None,
    }
}
