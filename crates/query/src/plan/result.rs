//! Rows of numbers to the result that people see: names of buckets, plain text, and what is provisional.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use datafusion::common::cast::as_int64_array;
use datafusion::error::DataFusionError;

use super::period::Period;
use super::sql::OPEN_ROWS;
use crate::error::QueryError;

/// Dresses a sorted batch whose first column is the bucket's id. The columns of the result: `bucket` as text, the
/// others as they are with views as plain text, `provisional`; without [`OPEN_ROWS`].
///
/// A bucket is provisional while it runs, and while a row of it can still change (kpi-rules T3). The latter counts for
/// all its groups: who will answer an open wait, and with it the group that it ends up in, is not known before.
///
/// # Errors
/// [`QueryError::Internal`] if the batch is not as described.
pub(crate) fn dressed(batch: &RecordBatch, period: &Period) -> Result<RecordBatch, QueryError> {
    dress(batch, period).map_err(QueryError::while_doing("writing the result"))
}

fn dress(batch: &RecordBatch, period: &Period) -> Result<RecordBatch, DataFusionError> {
    let ids = as_int64_array(batch.column(0))?;
    let mut unsettled = HashSet::new();
    if let Some(open_rows) = batch.column_by_name(OPEN_ROWS) {
        let open_rows = as_int64_array(open_rows)?;
        unsettled.extend((0..ids.len()).filter(|&row| open_rows.value(row) > 0).map(|row| ids.value(row)));
    }
    let mut buckets: HashMap<i64, (String, bool)> = HashMap::new();
    for &id in ids.values() {
        buckets.entry(id).or_insert_with(|| (period.label(id), period.is_running(id) || unsettled.contains(&id)));
    }
    let labels: StringArray = ids.values().iter().map(|id| buckets.get(id).map(|(label, _)| label.as_str())).collect();
    let provisional: BooleanArray = ids.values().iter().map(|id| buckets.get(id).map(|&(_, open)| open)).collect();

    let schema = Arc::new(dressed_schema(batch.schema_ref()));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(labels)];
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()).skip(1) {
        if field.name() == OPEN_ROWS {
            continue;
        }
        columns.push(plain(column)?);
    }
    columns.push(Arc::new(provisional));
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// The columns of the result of [`dressed`] for rows with those of `schema`.
pub(crate) fn dressed_schema(schema: &Schema) -> Schema {
    let mut fields = vec![Field::new("bucket", DataType::Utf8, false)];
    for field in schema.fields().iter().skip(1).filter(|field| field.name() != OPEN_ROWS) {
        fields.push(Field::new(field.name(), plain_type(field.data_type()), true));
    }
    fields.push(Field::new("provisional", DataType::Boolean, false));
    Schema::new(fields)
}

/// A column as people see it: views as plain text.
pub(crate) fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Utf8View => cast(column, &DataType::Utf8),
        _ => Ok(Arc::clone(column)),
    }
}

/// The type of a [`plain`] column.
pub(crate) fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StringViewArray};
    use tapemeasure_model::instant::parse_instant;
    use tapemeasure_model::zone::{Grain, WeekStart, Zone};

    use super::super::period::Asked;
    use super::*;
    use crate::functions::local_time::Clocks;

    #[test]
    fn open_rows_make_all_groups_of_their_bucket_provisional() {
        let (since_us, as_of_us) =
            (parse_instant("2025-03-03T00:00:00Z").unwrap(), parse_instant("2025-03-05T12:00:00Z").unwrap());
        let asked = Asked { grain: Grain::Day, since_us: None, until_us: None, as_of_us, first_us: Some(since_us) };
        let clocks = Clocks::new(Zone::UTC, WeekStart::Monday, (since_us, as_of_us));
        let period = Period::new(asked, &clocks).unwrap();
        let ids = period.ids().unwrap();
        let batch = RecordBatch::try_from_iter([
            ("bucket", Arc::new(Int64Array::from(vec![ids[0], ids[1], ids[1], ids[2]])) as ArrayRef),
            ("channel", Arc::new(StringViewArray::from(vec![Some("a"), None, Some("b"), Some("a")])) as ArrayRef),
            (OPEN_ROWS, Arc::new(Int64Array::from(vec![0, 0, 2, 0])) as ArrayRef),
        ])
        .unwrap();
        let found = dressed(&batch, &period).unwrap();
        let names: Vec<&str> = found.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, ["bucket", "channel", "provisional"]);
        let labels: Vec<Option<&str>> = found.column(0).as_string::<i32>().iter().collect();
        assert_eq!(labels, ["2025-03-03", "2025-03-04", "2025-03-04", "2025-03-05"].map(Some));
        let provisional: Vec<Option<bool>> = found.column(2).as_boolean().iter().collect();
        assert_eq!(provisional, [false, true, true, true].map(Some));
    }
}
