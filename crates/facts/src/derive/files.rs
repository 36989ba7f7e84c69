//! Writing and reading derived Parquet files, sorted by their time of attribution.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::FactsError;

/// Rows of a row group: a tenth of a second of scanning, so that threads share a file evenly.
const ROW_GROUP_ROWS: usize = 131_072;

/// Concatenates batches in the order of keys and sorts them by the instants of `time`, null last; rows of one instant
/// keep their order.
///
/// # Errors
/// The batches do not fit together.
pub(crate) fn sorted_by_time(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    time: &str,
) -> Result<RecordBatch, ArrowError> {
    let all = concat_batches(schema, batches)?;
    let times = all
        .column_by_name(time)
        .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
        .ok_or_else(|| ArrowError::SchemaError(format!("no instants {time}")))?;
    let mut order: Vec<(i64, u32)> = (0..times.len())
        .map(|row| (if times.is_valid(row) { times.value(row) } else { i64::MAX }, row as u32))
        .collect();
    order.sort_unstable();
    take_record_batch(&all, &UInt32Array::from_iter_values(order.into_iter().map(|(_, row)| row)))
}

/// Least and greatest instant of a column; `None` without any.
pub(crate) fn time_bounds(batch: &RecordBatch, time: &str) -> Option<(i64, i64)> {
    let times = batch.column_by_name(time)?.as_primitive_opt::<TimestampMicrosecondType>()?;
    let instants = || times.iter().flatten();
    Some((instants().min()?, instants().max()?))
}

/// Writes a batch as a Parquet file. Texts that repeat come as dictionaries and are stored as such.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_parquet(path: &Path, batch: &RecordBatch) -> Result<(), FactsError> {
    let cannot = |source| FactsError::Write { path: path.display().to_string(), source };
    let file = File::create(path).map_err(|source| FactsError::Io { path: path.display().to_string(), source })?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(cannot)?;
    writer.write(batch).map_err(cannot)?;
    writer.close().map_err(cannot)?;
    Ok(())
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
