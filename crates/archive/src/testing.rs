//! Events for the tests of this crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{Field, Schema};
use tapemeasure_model::instant::parse_instant;
use tapemeasure_model::schema::{DICTIONARY_COLUMNS, dictionary_type, events_schema};

use crate::archive::Archive;
use crate::commit::CommitInfo;
use crate::event_file::EventFile;
use crate::run::{RunOptions, RunWriter};

/// One event: an inbound message unless it says otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) conversation_key: i64,
    pub(crate) source: &'static str,
    pub(crate) conversation_id: Option<&'static str>,
    pub(crate) contact_id: Option<&'static str>,
    pub(crate) occurred_at: &'static str,
    pub(crate) event_type: &'static str,
    pub(crate) direction: Option<&'static str>,
    pub(crate) event_id: &'static str,
}

pub(crate) fn row(
    conversation_key: i64,
    conversation_id: &'static str,
    occurred_at: &'static str,
    event_id: &'static str,
) -> Row {
    Row {
        conversation_key,
        source: "s",
        conversation_id: Some(conversation_id),
        contact_id: Some("u"),
        occurred_at,
        event_type: "message",
        direction: Some("inbound"),
        event_id,
    }
}

pub(crate) fn at(text: &str) -> i64 {
    parse_instant(text).unwrap()
}

/// Rows as a batch of the stored schema.
pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let text = |value: fn(&Row) -> Option<&'static str>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<StringArray>())
    };
    let times = rows.iter().map(|row| at(row.occurred_at));
    let columns: Vec<ArrayRef> = vec![
        text(|row| Some(row.source)),
        text(|row| Some(row.event_id)),
        Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
        text(|row| Some(row.event_type)),
        text(|row| row.conversation_id),
        text(|row| row.contact_id),
        text(|_| Some("email")),
        text(|row| row.direction),
        text(|_| None),
        text(|_| None),
        text(|_| None),
        text(|_| None),
        Arc::new(BooleanArray::from(vec![None::<bool>; rows.len()])),
        Arc::new(BooleanArray::from(vec![Some(false); rows.len()])),
        text(|_| None),
        text(|_| None),
        Arc::new(rows.iter().map(|row| row.conversation_key).collect::<Int64Array>()),
    ];
    RecordBatch::try_new(events_schema(), columns).unwrap()
}

/// The same, with dictionaries for the columns that are read as such.
pub(crate) fn dictionary_batch(rows: &[Row]) -> RecordBatch {
    let plain = batch(rows);
    let fields: Vec<Field> = plain
        .schema()
        .fields()
        .iter()
        .map(|field| match DICTIONARY_COLUMNS.contains(&field.name().as_str()) {
            true => Field::clone(field).with_data_type(dictionary_type()),
            false => Field::clone(field),
        })
        .collect();
    let columns: Vec<ArrayRef> =
        plain.columns().iter().zip(&fields).map(|(column, field)| cast(column, field.data_type()).unwrap()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Writes sorted rows of one period as a run.
pub(crate) fn run_of(archive: &Archive, rows: &[Row]) -> Vec<EventFile> {
    let period = archive.period_kind().period_of(at(rows[0].occurred_at));
    let mut writer = RunWriter::new(archive, period, RunOptions::default());
    writer.write(&batch(rows)).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn info(operation: &str) -> CommitInfo {
    CommitInfo { operation: operation.to_owned(), inputs: Vec::new(), metrics: BTreeMap::new() }
}

/// Commits sorted rows of one period on top of the newest version.
pub(crate) async fn commit_rows(archive: &Archive, rows: &[Row]) -> i64 {
    let base = archive.snapshot(None).await.unwrap();
    archive.commit(&base, &[], run_of(archive, rows), info("INGEST")).await.unwrap()
}
