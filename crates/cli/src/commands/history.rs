//! `tape history`: the versions of the archive.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use tapemeasure_archive::Archive;
use tapemeasure_model::schema::instant_type;

use crate::args::{Global, History};
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink, write_batches};

/// Prints a line a version, newest first.
pub async fn run(global: &Global, verb: &History) -> Result<Done, Failure> {
    let archive = Archive::open(&global.archive).await?;
    let versions = archive.history().await?;
    let count = |name, nullable| Field::new(name, DataType::UInt64, nullable);
    let schema = Arc::new(Schema::new(vec![
        Field::new("version", DataType::Int64, false),
        Field::new("committed_at", instant_type(), false),
        Field::new("operation", DataType::Utf8, false),
        count("files_added", false),
        count("files_removed", false),
        Field::new("accepted", DataType::Int64, true),
        Field::new("replaced", DataType::Int64, true),
        Field::new("duplicates", DataType::Int64, true),
        Field::new("rejected", DataType::Int64, true),
        Field::new("inputs", DataType::Utf8, true),
    ]));
    let metric =
        |name: &str| -> Arc<Int64Array> { Arc::new(versions.iter().map(|v| v.metrics.get(name).copied()).collect()) };
    let inputs = versions.iter().map(|v| {
        let names: Vec<&str> = v.inputs.iter().map(|i| i.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    });
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(Int64Array::from_iter_values(versions.iter().map(|v| v.version))),
            Arc::new(
                TimestampMicrosecondArray::from_iter_values(versions.iter().map(|v| v.timestamp_us))
                    .with_timezone("UTC"),
            ),
            Arc::new(versions.iter().map(|v| Some(v.operation.as_str())).collect::<StringArray>()),
            Arc::new(UInt64Array::from_iter_values(versions.iter().map(|v| v.files_added))),
            Arc::new(UInt64Array::from_iter_values(versions.iter().map(|v| v.files_removed))),
            metric("accepted"),
            metric("replaced"),
            metric("duplicates"),
            metric("rejected"),
            Arc::new(inputs.collect::<StringArray>()),
        ],
    )
    .map_err(|e| Failure::failed("the versions do not form a table; report this as a bug", e))?;
    let sink = Sink::open(verb.output.output.as_deref())?;
    write_batches(Format::choose(&verb.output)?, sink, schema, &[batch])?;
    Ok(Done::Well)
}
