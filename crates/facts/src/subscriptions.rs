//! Who opted out where and when (kpi-rules U1), and which events never happened (E3).

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use arrow::error::ArrowError;
use std::sync::Arc;
use tapemeasure_model::event::{EventType, rank};
use tapemeasure_model::schema::col;

use crate::deletions::DeletedIds;
use crate::schema::{changes_schema, subscriptions_schema};

/// The events that `deleted` events name, up to the as-of time.
///
/// # Errors
/// A batch does not have the columns of an extract.
pub(crate) fn deleted_ids(extracts: &[RecordBatch], as_of_us: i64) -> Result<DeletedIds, ArrowError> {
    let mut all = Vec::new();
    for batch in extracts {
        let source = plain(batch, col::SOURCE)?;
        let target = plain(batch, col::TARGET_EVENT_ID)?;
        let at = batch
            .column_by_name(col::OCCURRED_AT)
            .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
            .ok_or_else(|| missing(col::OCCURRED_AT))?
            .clone();
        all.push((source, target, at));
    }
    Ok(DeletedIds::new(all.iter().flat_map(|(source, target, at)| {
        (0..at.len())
            .filter(|&row| at.value(row) <= as_of_us && target.is_valid(row))
            .map(|row| (source.value(row), target.value(row)))
    })))
}

/// Changes as the fold found them, in order of source, contact, channel and time, each with the state before it: rows of
/// [`subscriptions_schema`]. `None` without any.
///
/// # Errors
/// A batch does not have the columns of changes.
pub(crate) fn in_order(changes: &[RecordBatch]) -> Result<Option<RecordBatch>, ArrowError> {
    let all = concat_batches(&changes_schema(), changes)?;
    if all.num_rows() == 0 {
        return Ok(None);
    }
    let texts = |name| plain(&all, name);
    let (source, contact, channel, event_id) =
        (texts("source")?, texts("contact_id")?, texts("channel")?, texts("event_id")?);
    let at = all
        .column_by_name("changed_at")
        .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
        .ok_or_else(|| missing("changed_at"))?;
    let opted_out =
        all.column_by_name("opted_out").and_then(|c| c.as_boolean_opt()).ok_or_else(|| missing("opted_out"))?;
    let rank_of = |row: usize| rank(if opted_out.value(row) { EventType::OptedOut } else { EventType::OptedIn }, None);
    let who = |row: usize| (source.value(row), contact.value(row), channel.is_valid(row).then(|| channel.value(row)));
    let mut order: Vec<u32> = (0..all.num_rows() as u32).collect();
    order.sort_unstable_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        (who(a), at.value(a), rank_of(a), event_id.value(a)).cmp(&(who(b), at.value(b), rank_of(b), event_id.value(b)))
    });
    let mut before: Option<usize> = None;
    let was: BooleanArray = order
        .iter()
        .map(|&row| {
            let row = row as usize;
            let was = before.is_some_and(|before| who(before) == who(row) && opted_out.value(before));
            before = Some(row);
            Some(was)
        })
        .collect();
    let mut columns = take_record_batch(&all, &UInt32Array::from(order))?.columns().to_vec();
    columns.push(Arc::new(was));
    RecordBatch::try_new(subscriptions_schema(), columns).map(Some)
}

/// A column of texts without its dictionary.
fn plain(batch: &RecordBatch, name: &str) -> Result<StringArray, ArrowError> {
    let column = cast(batch.column_by_name(name).ok_or_else(|| missing(name))?, &DataType::Utf8)?;
    column.as_string_opt::<i32>().cloned().ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("no column {name} of the right type"))
}
