//! The `deleted` events of a file: they reach beyond their conversation, so they are known before anything is folded.
//!
//! They are taken out once a file and kept as a derived file under the digest of the events' file. Only the column of
//! types is read whole; of the others the rows that matter.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter};
use tapemeasure_archive::{Archive, EventFile};
use tapemeasure_model::event::EventType;
use tapemeasure_model::schema::{col, dictionary_type, events_schema};

use crate::FactsError;
use crate::derive::files::{ParquetFile, read_parquet};
use crate::derive::names::of_file;

const BATCH_ROWS: usize = 65_536;

/// The columns of an extract.
const COLUMNS: &[&str] = &[col::SOURCE, col::OCCURRED_AT, col::TARGET_EVENT_ID];

/// The schema of an extract: [`COLUMNS`] as plain text and instants.
pub(crate) fn schema() -> SchemaRef {
    let events = events_schema();
    let fields: Vec<Field> =
        events.fields().iter().filter(|f| COLUMNS.contains(&f.name().as_str())).map(|f| (**f).clone()).collect();
    Arc::new(Schema::new(fields))
}

/// Name of the extract of a file in the derived store.
pub(crate) fn name(file: &EventFile) -> String {
    format!("deletions/{}.parquet", of_file(file))
}

/// The `deleted` events of a file, in its order; `None` without any. Taken from the derived file, which is made where it
/// is missing.
///
/// # Errors
/// The events cannot be read, or the derived file not be written.
pub(crate) fn extract(archive: &Archive, file: &EventFile) -> Result<Option<RecordBatch>, FactsError> {
    if file.deletions == 0 {
        return Ok(None);
    }
    let store = archive.derived();
    let name = name(file);
    if store.exists(&name) {
        return read_parquet(&store.path_of(&name), schema()).map(Some);
    }
    let batch = take(&archive.file_path(file))?;
    store.write_atomically(&name, |path| {
        let mut writer = ParquetFile::create(path, &schema())?;
        writer.write(&batch)?;
        writer.finish()
    })?;
    Ok(Some(batch))
}

fn take(path: &Path) -> Result<RecordBatch, FactsError> {
    let shown = || path.display().to_string();
    let io = |source| FactsError::Io { path: shown(), source };
    let parquet = |source: parquet::errors::ParquetError| FactsError::Read { path: shown(), source };
    let columns = |source| FactsError::Columns { period: shown(), source };
    let fields: Vec<Field> = events_schema()
        .fields()
        .iter()
        .map(|f| {
            if f.name() == col::EVENT_TYPE {
                f.as_ref().clone().with_data_type(dictionary_type())
            } else {
                f.as_ref().clone()
            }
        })
        .collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let file = File::open(path).map_err(io)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(parquet)?;
    let parquet_schema = builder.metadata().file_metadata().schema_descr_ptr();
    let wanted =
        ArrowPredicateFn::new(ProjectionMask::columns(&parquet_schema, [col::EVENT_TYPE]), |batch| Ok(deletes(&batch)));
    let reader = builder
        .with_projection(ProjectionMask::columns(&parquet_schema, COLUMNS.iter().copied()))
        .with_row_filter(RowFilter::new(vec![Box::new(wanted)]))
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(parquet)?;
    let schema = schema();
    let mut batches = Vec::new();
    for batch in reader {
        let batch = batch.map_err(columns)?;
        let plain = batch
            .columns()
            .iter()
            .map(|column| match column.data_type() {
                DataType::Dictionary(..) => arrow::compute::cast(column, &DataType::Utf8),
                _ => Ok(Arc::clone(column)),
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(columns)?;
        batches.push(RecordBatch::try_new(Arc::clone(&schema), plain).map_err(columns)?);
    }
    concat_batches(&schema, &batches).map_err(columns)
}

/// Which rows of a batch with the one column of types are deletions.
fn deletes(batch: &RecordBatch) -> BooleanArray {
    let Some(types) = batch.column(0).as_dictionary_opt::<Int32Type>() else {
        return BooleanArray::from(vec![false; batch.num_rows()]);
    };
    let wanted: Vec<bool> = match types.values().as_string_opt::<i32>() {
        Some(names) => names.iter().map(|name| name == Some(EventType::Deleted.as_str())).collect(),
        None => Vec::new(),
    };
    let keys = types.keys();
    (0..keys.len())
        .map(|row| Some(keys.is_valid(row) && wanted.get(keys.value(row) as usize).copied().unwrap_or(false)))
        .collect()
}
