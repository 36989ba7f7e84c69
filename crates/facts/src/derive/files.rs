//! Writing and reading derived Parquet files.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;

use crate::FactsError;

/// Rows of a row group: a tenth of a second of scanning, so that threads share a file evenly.
const ROW_GROUP_ROWS: usize = 131_072;

/// Rows that are read at once.
const READ_ROWS: usize = 16_384;

/// A derived Parquet file that is being written.
pub(crate) struct ParquetFile {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl ParquetFile {
    /// Begins a file. Texts that come as dictionaries are stored as such; ids, times and numbers hardly repeat. Only ids
    /// are compressed: on the others it costs more time than it saves space.
    ///
    /// # Errors
    /// The file cannot be made.
    pub(crate) fn create(path: &Path, schema: &SchemaRef) -> Result<Self, FactsError> {
        let file = File::create(path).map_err(|source| FactsError::Io { path: path.display().to_string(), source })?;
        let mut properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_dictionary_enabled(false);
        for field in schema.fields() {
            let column = ColumnPath::from(field.name().as_str());
            // Rows are not sorted by texts, so that bounds of them would prune nothing.
            let unbounded = EnabledStatistics::None;
            properties = match field.data_type() {
                DataType::Dictionary(..) => properties
                    .set_column_dictionary_enabled(column.clone(), true)
                    .set_column_statistics_enabled(column, unbounded),
                DataType::Utf8 => properties
                    .set_column_compression(column.clone(), Compression::SNAPPY)
                    .set_column_statistics_enabled(column, unbounded),
                // Counts are small, and wait for no one who reads them all.
                DataType::Int64 if field.name().starts_with("n_") => {
                    properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED)
                }
                _ => properties,
            };
        }
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties.build()))
            .map_err(|source| FactsError::Write { path: path.display().to_string(), source })?;
        Ok(Self { path: path.to_owned(), writer })
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), FactsError> {
        self.writer.write(batch).map_err(|source| FactsError::Write { path: self.path.display().to_string(), source })
    }

    /// Rows of the row group so far.
    pub(crate) fn rows_of_group(&self) -> usize {
        self.writer.in_progress_rows()
    }

    /// Ends the row group: what follows lies in others.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn end_row_group(&mut self) -> Result<(), FactsError> {
        self.writer.flush().map_err(|source| FactsError::Write { path: self.path.display().to_string(), source })
    }

    /// Writes the end.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn finish(self) -> Result<(), FactsError> {
        let path = self.path;
        self.writer.close().map_err(|source| FactsError::Write { path: path.display().to_string(), source })?;
        Ok(())
    }
}

/// Reads a whole Parquet file in the given schema.
///
/// # Errors
/// The file cannot be read, or has other columns.
pub(crate) fn read_parquet(path: &Path, schema: SchemaRef) -> Result<RecordBatch, FactsError> {
    let file = OpenFile::open(path, Some(Arc::clone(&schema)))?;
    let batches = file.read_all()?.collect::<Result<Vec<_>, _>>()?;
    concat_batches(&schema, &batches)
        .map_err(|source| FactsError::Columns { period: path.display().to_string(), source })
}

/// The number of rows of a Parquet file, by its footer, and its size.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn rows_and_bytes(path: &Path) -> Result<(u64, u64), FactsError> {
    let bytes =
        std::fs::metadata(path).map_err(|source| FactsError::Io { path: path.display().to_string(), source })?.len();
    Ok((OpenFile::open(path, None)?.rows(), bytes))
}

/// A Parquet file whose footer was read. The file itself is opened for each reading, so that many may be held and threads
/// share them.
pub(crate) struct OpenFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl OpenFile {
    /// Reads the footer of a file that is to be read in the given schema; without one, in that of the file.
    ///
    /// # Errors
    /// The file cannot be read, or has other columns.
    pub(crate) fn open(path: &Path, schema: Option<SchemaRef>) -> Result<Self, FactsError> {
        let file = File::open(path).map_err(|source| FactsError::Io { path: path.display().to_string(), source })?;
        let options = ArrowReaderOptions::new();
        let options = match schema {
            Some(schema) => options.with_schema(schema),
            None => options,
        };
        let metadata = ArrowReaderMetadata::load(&file, options)
            .map_err(|source| FactsError::Read { path: path.display().to_string(), source })?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    /// The number of its rows.
    pub(crate) fn rows(&self) -> u64 {
        self.metadata.metadata().file_metadata().num_rows().unsigned_abs()
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read_all(&self) -> Result<impl Iterator<Item = Result<RecordBatch, FactsError>>, FactsError> {
        self.read((0..self.metadata.metadata().num_row_groups()).collect())
    }

    /// Reads the row groups that may have a number within `wanted` in a column, by its bounds.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read_where(
        &self,
        column: usize,
        wanted: &Range<i32>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, FactsError>>, FactsError> {
        let groups = self.metadata.metadata().row_groups();
        let may_have = |group: &RowGroupMetaData| match group.column(column).statistics() {
            Some(Statistics::Int32(bounds)) => {
                bounds.min_opt().is_none_or(|&least| least < wanted.end)
                    && bounds.max_opt().is_none_or(|&most| wanted.start <= most)
            }
            _ => true,
        };
        self.read((0..groups.len()).filter(|&at| may_have(&groups[at])).collect())
    }

    /// Reads row groups; the file is not opened where there are none.
    fn read(&self, groups: Vec<usize>) -> Result<impl Iterator<Item = Result<RecordBatch, FactsError>>, FactsError> {
        let shown = self.path.display().to_string();
        let reader = if groups.is_empty() {
            None
        } else {
            let file = File::open(&self.path).map_err(|source| FactsError::Io { path: shown.clone(), source })?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let reader = builder.with_row_groups(groups).with_batch_size(READ_ROWS).build();
            Some(reader.map_err(|source| FactsError::Read { path: shown.clone(), source })?)
        };
        Ok(reader
            .into_iter()
            .flatten()
            .map(move |batch| batch.map_err(|source| FactsError::Columns { period: shown.clone(), source })))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int32Array};
    use arrow::datatypes::{Field, Int32Type, Schema};

    use super::*;

    /// Row groups with the numbers 0 and 1, 2, 3 to 5.
    #[test]
    fn only_row_groups_that_may_have_a_number_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("part", DataType::Int32, false)]));
        let mut file = ParquetFile::create(&path, &schema).unwrap();
        for parts in [vec![0, 1], vec![2, 2], vec![3, 4, 5]] {
            let rows = parts.len();
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int32Array::from(parts))]).unwrap();
            file.write(&batch).unwrap();
            assert_eq!(file.rows_of_group(), rows);
            file.end_row_group().unwrap();
        }
        file.finish().unwrap();
        let file = OpenFile::open(&path, Some(Arc::clone(&schema))).unwrap();
        let read = |wanted: Range<i32>| -> Vec<i32> {
            let batches = file.read_where(0, &wanted).unwrap();
            batches.flat_map(|batch| batch.unwrap().column(0).as_primitive::<Int32Type>().values().to_vec()).collect()
        };
        assert_eq!(read(0..1), [0, 1]);
        assert_eq!(read(1..3), [0, 1, 2, 2]);
        assert_eq!(read(4..5), [3, 4, 5]);
        assert_eq!(read(6..64), [0; 0]);
        let all = read_parquet(&path, schema).unwrap();
        assert_eq!(all.column(0).as_primitive::<Int32Type>().values().to_vec(), [0, 1, 2, 2, 3, 4, 5]);
        assert_eq!(rows_and_bytes(&path).unwrap().0, 7);
    }
}
