//! Writing and reading derived Parquet files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
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
    let shown = || path.display().to_string();
    let file = File::open(path).map_err(|source| FactsError::Io { path: shown(), source })?;
    let parquet = |source| FactsError::Read { path: shown(), source };
    let columns = |source| FactsError::Columns { period: shown(), source };
    let options = ArrowReaderOptions::new().with_schema(Arc::clone(&schema));
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(parquet)?
        .build()
        .map_err(parquet)?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(columns)?;
    concat_batches(&schema, &batches).map_err(columns)
}
