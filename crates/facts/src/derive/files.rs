//! Writing and reading derived Parquet files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::FactsError;

/// Rows of a row group: a tenth of a second of scanning, so that threads share a file evenly.
const ROW_GROUP_ROWS: usize = 131_072;

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
            match field.data_type() {
                DataType::Dictionary(..) => properties = properties.set_column_dictionary_enabled(column, true),
                DataType::Utf8 => {
                    properties = properties
                        .set_column_compression(column.clone(), Compression::SNAPPY)
                        // Rows are not sorted by ids, so that bounds would prune nothing.
                        .set_column_statistics_enabled(column, EnabledStatistics::None);
                }
                _ => {}
            }
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
    let columns = |source| FactsError::Columns { period: path.display().to_string(), source };
    let batches = read_batches(path, Arc::clone(&schema))?.collect::<Result<Vec<_>, _>>().map_err(columns)?;
    concat_batches(&schema, &batches).map_err(columns)
}

/// Reads a Parquet file in the given schema, batch by batch.
///
/// # Errors
/// The file cannot be read, or has other columns.
pub(crate) fn read_batches(path: &Path, schema: SchemaRef) -> Result<ParquetRecordBatchReader, FactsError> {
    let builder = open(path, ArrowReaderOptions::new().with_schema(schema))?;
    builder.build().map_err(|source| FactsError::Read { path: path.display().to_string(), source })
}

/// The number of rows of a Parquet file, by its footer.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn parquet_rows(path: &Path) -> Result<u64, FactsError> {
    let builder = open(path, ArrowReaderOptions::new())?;
    Ok(builder.metadata().file_metadata().num_rows().unsigned_abs())
}

fn open(path: &Path, options: ArrowReaderOptions) -> Result<ParquetRecordBatchReaderBuilder<File>, FactsError> {
    let shown = || path.display().to_string();
    let file = File::open(path).map_err(|source| FactsError::Io { path: shown(), source })?;
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(|source| FactsError::Read { path: shown(), source })
}
