//! Empty buckets: rows for the buckets and groups that have none (kpi-rules T4).
//!
//! ```text
//! bucket  channel  n                    bucket  channel  n
//! ──────  ───────  ─                    ──────  ───────  ─
//! 1       sms      4                    1       sms      4
//! 1       web      2   1, 2, 3   ──►    1       web      2
//! 3       sms      1                    2       sms      0
//!                                       2       web      0
//!                                       3       sms      1
//!                                       3       web      0
//! ```
//!
//! Every combination of dimension values that occurs somewhere appears in every bucket, unless the bucket cannot have
//! it: a Monday has no rows of `day_of_week` 3, whether or not there are any on Wednesdays.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, UInt64Array, new_null_array};
use arrow::compute::{SortColumn, SortOptions, concat, lexsort_to_indices, take, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::row::{Row, RowConverter, SortField};
use datafusion::common::cast::{as_int32_array, as_int64_array};
use datafusion::error::DataFusionError;

use super::period::{MAX_ROWS, Period};
use crate::definitions::Empty;
use crate::error::QueryError;

/// Adds the missing rows of a batch whose columns are the bucket's id, the dimensions `by`, and one column for each of
/// `empty`, which says what the new rows have there. The rows come in no order.
///
/// # Errors
/// [`QueryError::TooManyRows`] if the result would have more than [`MAX_ROWS`].
pub(crate) fn fill(
    batch: &RecordBatch,
    by: &[String],
    empty: &[Empty],
    period: &Period,
) -> Result<RecordBatch, QueryError> {
    let doing = QueryError::while_doing("filling empty buckets");
    let ids = period.ids()?;
    let groups = Groups::of(batch, by.len()).map_err(&doing)?;
    let (n_buckets, n_groups) = (ids.len() as u64, groups.first_rows.len() as u64);
    if n_buckets.saturating_mul(n_groups) > MAX_ROWS {
        return Err(QueryError::TooManyRows { buckets: n_buckets, groups: n_groups, limit: MAX_ROWS });
    }
    let buckets = as_int64_array(batch.column(0)).map_err(&doing)?;
    let present: HashSet<(i64, usize)> = buckets.values().iter().copied().zip(groups.of_rows.iter().copied()).collect();
    let derived = Derived::of(batch, by).map_err(&doing)?;
    let mut missing = Vec::new();
    for id in ids {
        let times = if derived.is_none() { None } else { period.local_times(id) };
        for (group, &first_row) in groups.first_rows.iter().enumerate() {
            let possible = times.as_ref().is_none_or(|times| derived.fits(first_row, times));
            if possible && !present.contains(&(id, group)) {
                missing.push((id, first_row));
            }
        }
    }
    extend(batch, by.len(), empty, &missing).map_err(&doing)
}

/// The rows of a batch in order of bucket and dimensions, null first. Its first column is the bucket's id, the next
/// `dimensions` are those.
///
/// # Errors
/// [`QueryError::Internal`] if Arrow cannot sort them.
pub(crate) fn sorted(batch: &RecordBatch, dimensions: usize) -> Result<RecordBatch, QueryError> {
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let keys: Vec<SortColumn> = batch.columns()[..=dimensions]
        .iter()
        .map(|column| SortColumn { values: Arc::clone(column), options })
        .collect();
    let sort = || take_record_batch(batch, &lexsort_to_indices(&keys, None)?);
    sort().map_err(|e| QueryError::of_engine("sorting the result", e.into()))
}

/// The combinations of dimension values of a batch.
struct Groups {
    /// The number of the combination of each row.
    of_rows: Vec<usize>,
    /// The first row of each combination.
    first_rows: Vec<usize>,
}

impl Groups {
    /// Without dimensions there is one combination, rows or not; with them as many as occur.
    fn of(batch: &RecordBatch, dimensions: usize) -> Result<Self, DataFusionError> {
        if dimensions == 0 {
            return Ok(Self { of_rows: vec![0; batch.num_rows()], first_rows: vec![0] });
        }
        let columns = &batch.columns()[1..=dimensions];
        let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(columns)?;
        let mut known: HashMap<Row<'_>, usize> = HashMap::new();
        let (mut of_rows, mut first_rows) = (Vec::with_capacity(batch.num_rows()), Vec::new());
        for (number, row) in rows.iter().enumerate() {
            let group = *known.entry(row).or_insert_with(|| {
                first_rows.push(number);
                first_rows.len() - 1
            });
            of_rows.push(group);
        }
        Ok(Self { of_rows, first_rows })
    }
}

/// The columns of the dimensions that follow from the time.
struct Derived {
    weekday: Option<ArrayRef>,
    hour: Option<ArrayRef>,
}

impl Derived {
    fn of(batch: &RecordBatch, by: &[String]) -> Result<Self, DataFusionError> {
        let column = |name: &str| by.iter().position(|d| d == name).map(|i| Arc::clone(batch.column(i + 1)));
        let (weekday, hour) = (column("day_of_week"), column("hour_of_day"));
        for column in [&weekday, &hour].into_iter().flatten() {
            as_int32_array(column)?;
        }
        Ok(Self { weekday, hour })
    }

    fn is_none(&self) -> bool {
        self.weekday.is_none() && self.hour.is_none()
    }

    /// Whether a bucket with those weekdays and hours can have rows like this one.
    fn fits(&self, row: usize, times: &[(i32, i32)]) -> bool {
        let value = |column: &Option<ArrayRef>| {
            let column = as_int32_array(column.as_ref()?).ok()?;
            column.is_valid(row).then(|| column.value(row))
        };
        let (weekday, hour) = (value(&self.weekday), value(&self.hour));
        times.iter().any(|&(w, h)| weekday.is_none_or(|weekday| weekday == w) && hour.is_none_or(|hour| hour == h))
    }
}

/// Adds rows: for each a bucket, and the row that it has its dimensions from.
fn extend(
    batch: &RecordBatch,
    dimensions: usize,
    empty: &[Empty],
    missing: &[(i64, usize)],
) -> Result<RecordBatch, DataFusionError> {
    debug_assert_eq!(batch.num_columns(), 1 + dimensions + empty.len(), "a column without a value for new rows");
    let with_rows: HashSet<i64> = as_int64_array(batch.column(0))?.values().iter().copied().collect();
    let new_ids: ArrayRef = Arc::new(missing.iter().map(|&(id, _)| Some(id)).collect::<Int64Array>());
    let mut columns = vec![concat(&[batch.column(0).as_ref(), new_ids.as_ref()])?];
    if dimensions > 0 {
        let from: UInt64Array = missing.iter().map(|&(_, row)| Some(row as u64)).collect();
        for column in &batch.columns()[1..=dimensions] {
            columns.push(concat(&[column.as_ref(), take(column, &from, None)?.as_ref()])?);
        }
    }
    for (column, &empty) in batch.columns()[1 + dimensions..].iter().zip(empty) {
        let new = values(column.data_type(), empty, missing.iter().map(|(id, _)| with_rows.contains(id)));
        columns.push(concat(&[column.as_ref(), new.as_ref()])?);
    }
    // What counts rows is never null in SQL, but may be here.
    let schema = batch.schema();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true))
        .collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// What rows have where there was nothing; `with_rows` says of each whether its bucket has other rows.
pub(crate) fn values(data_type: &DataType, empty: Empty, with_rows: impl ExactSizeIterator<Item = bool>) -> ArrayRef {
    let n = with_rows.len();
    match (data_type, empty) {
        (DataType::Int64, Empty::ByType | Empty::Zero) => Arc::new(Int64Array::from(vec![0; n])),
        (DataType::Float64, Empty::Zero) => Arc::new(Float64Array::from(vec![0.0; n])),
        (DataType::Int64, Empty::Share) => {
            Arc::new(with_rows.map(|there| there.then_some(0_i64)).collect::<Int64Array>())
        }
        (DataType::Float64, Empty::Share) => {
            Arc::new(with_rows.map(|there| there.then_some(0.0_f64)).collect::<Float64Array>())
        }
        _ => new_null_array(data_type, n),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int32Array, StringViewArray};
    use arrow::datatypes::{Float64Type, Int32Type, Int64Type};
    use tapemeasure_model::instant::parse_instant;
    use tapemeasure_model::zone::{Grain, WeekStart, Zone};

    use super::super::period::Asked;
    use super::*;
    use crate::functions::local_time::Clocks;

    /// Days since 1970-01-01 of 3 March 2025, a Monday.
    const MONDAY: i64 = 20_150;

    fn days(n: i64) -> Period {
        let since_us = parse_instant("2025-03-03T00:00:00Z").unwrap();
        let until_us = since_us + n * 86_400_000_000;
        let asked = Asked {
            grain: Grain::Day,
            since_us: Some(since_us),
            until_us: Some(until_us),
            as_of_us: until_us,
            first_us: Some(since_us),
        };
        Period::new(asked, &Clocks::new(Zone::UTC, WeekStart::Monday, (since_us, until_us))).unwrap()
    }

    fn by(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn column(array: impl Array + 'static) -> ArrayRef {
        Arc::new(array)
    }

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn every_group_appears_in_every_bucket() {
        let rows = batch(vec![
            ("bucket", column(Int64Array::from(vec![MONDAY, MONDAY, MONDAY + 2]))),
            ("channel", column(StringViewArray::from(vec![Some("sms"), None, Some("sms")]))),
            ("n", column(Int64Array::from(vec![4, 2, 1]))),
            ("mean_s", column(Float64Array::from(vec![1.5, 2.5, 3.5]))),
            ("share", column(Float64Array::from(vec![0.5, 0.5, 1.0]))),
        ]);
        let empty = [Empty::ByType, Empty::ByType, Empty::Share];
        let filled = fill(&rows, &by(&["channel"]), &empty, &days(3)).unwrap();
        let found = sorted(&filled, 1).unwrap();
        let channels: Vec<Option<&str>> = found.column(1).as_string_view().iter().collect();
        let (n, mean) = (found.column(2).as_primitive::<Int64Type>(), found.column(3).as_primitive::<Float64Type>());
        let share = found.column(4).as_primitive::<Float64Type>();
        assert_eq!(
            found.column(0).as_primitive::<Int64Type>().values().to_vec(),
            [0, 0, 1, 1, 2, 2].map(|day| MONDAY + day)
        );
        assert_eq!(channels, [None, Some("sms"), None, Some("sms"), None, Some("sms")]);
        assert_eq!(n.values().to_vec(), [2, 4, 0, 0, 0, 1]);
        assert_eq!(mean.iter().collect::<Vec<_>>(), [Some(2.5), Some(1.5), None, None, None, Some(3.5)]);
        // Tuesday has no rows at all, Wednesday has others.
        assert_eq!(share.iter().collect::<Vec<_>>(), [Some(0.5), Some(0.5), None, None, Some(0.0), Some(1.0)]);
    }

    #[test]
    fn without_dimensions_an_empty_result_is_filled() {
        let rows = batch(vec![
            ("bucket", column(Int64Array::from(Vec::<i64>::new()))),
            ("n", column(Int64Array::from(Vec::<i64>::new()))),
        ]);
        let filled = fill(&rows, &[], &[Empty::ByType], &days(2)).unwrap();
        assert_eq!(filled.num_rows(), 2);
        assert_eq!(filled.column(1).as_primitive::<Int64Type>().values().to_vec(), [0, 0]);
    }

    #[test]
    fn a_monday_has_no_wednesdays() {
        let rows = batch(vec![
            ("bucket", column(Int64Array::from(vec![MONDAY, MONDAY + 2]))),
            ("day_of_week", column(Int32Array::from(vec![1, 3]))),
            ("n", column(Int64Array::from(vec![4, 1]))),
        ]);
        let filled = fill(&rows, &by(&["day_of_week"]), &[Empty::ByType], &days(8)).unwrap();
        let found = sorted(&filled, 1).unwrap();
        let days: Vec<i64> = found.column(0).as_primitive::<Int64Type>().values().to_vec();
        let weekdays: Vec<i32> = found.column(1).as_primitive::<Int32Type>().values().to_vec();
        assert_eq!(days, [MONDAY, MONDAY + 2, MONDAY + 7]);
        assert_eq!(weekdays, [1, 3, 1]);
    }

    #[test]
    fn more_rows_than_anybody_reads_are_an_error() {
        let groups = 1_500_000_i64;
        let rows = batch(vec![
            ("bucket", column(Int64Array::from(vec![MONDAY; groups as usize]))),
            ("contact_id", column((0..groups).map(|g| Some(g.to_string())).collect::<StringViewArray>())),
        ]);
        let error = fill(&rows, &by(&["contact_id"]), &[], &days(2)).unwrap_err().to_string();
        assert!(error.starts_with("2 buckets for each of 1500000 groups are more than 2000000 rows"), "{error}");
    }
}
