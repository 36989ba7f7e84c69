//! Rows of a table dealt out to the groups that they are stored by: UTC days, or parts of the contacts.
//!
//! Days come in their order, rows without a time behind them, and within a day rows lie in the order of keys, in which
//! the walks make them. That prunes as well as the order of time, because a row group holds days.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;
use tapemeasure_model::instant::DAY_US;

use super::values::Values;

/// Most rows of a batch.
pub(crate) const BATCH_ROWS: usize = 16_384;

/// The day of rows without a time: after all others.
const NO_DAY: i32 = i32::MAX;

/// The columns of a table, filled row by row.
pub(crate) trait Columns: Send {
    /// Rows so far.
    fn len(&self) -> usize;

    /// The columns of the table's schema.
    fn finish(self: Box<Self>, values: &Values) -> Vec<ArrayRef>;
}

/// The columns of one table and walk, by group.
pub(crate) struct Dealt<C> {
    groups: HashMap<i32, Group<C>>,
    bounds: Option<(i64, i64)>,
}

/// The rows of a group: full columns, and those that are being filled.
struct Group<C> {
    full: Vec<C>,
    filling: C,
}

impl<C> Default for Dealt<C> {
    fn default() -> Self {
        Self { groups: HashMap::new(), bounds: None }
    }
}

impl<C: Columns + Default + 'static> Dealt<C> {
    /// The columns that a row of this time is to be added to.
    #[inline]
    pub(crate) fn at(&mut self, time: Option<i64>) -> &mut C {
        if let Some(at) = time {
            self.bounds = Some(self.bounds.map_or((at, at), |(least, most)| (least.min(at), most.max(at))));
        }
        self.group(time.map_or(NO_DAY, |at| at.div_euclid(DAY_US) as i32))
    }

    /// The columns that a row of this group is to be added to.
    #[inline]
    pub(crate) fn group(&mut self, group: i32) -> &mut C {
        let new = || Group { full: Vec::new(), filling: C::default() };
        let group = self.groups.entry(group).or_insert_with(new);
        if group.filling.len() == BATCH_ROWS {
            group.full.push(std::mem::take(&mut group.filling));
        }
        &mut group.filling
    }

    /// Its rows, with the texts behind their numbers.
    pub(crate) fn rows(self, values: &Arc<Values>) -> Rows {
        let mut filled = Vec::with_capacity(self.groups.len());
        for (group, Group { full, filling }) in self.groups {
            for columns in full.into_iter().chain([filling]) {
                filled.push(Filled { group, columns: Box::new(columns), values: Arc::clone(values) });
            }
        }
        // The sort is stable: what lies in one group stays in its order.
        filled.sort_by_key(|filled| filled.group);
        Rows { filled, bounds: self.bounds }
    }
}

/// Rows of one table, as columns that are yet to be finished.
pub(crate) struct Rows {
    filled: Vec<Filled>,
    /// Least and greatest time.
    pub(crate) bounds: Option<(i64, i64)>,
}

/// Rows of one group and walk.
struct Filled {
    group: i32,
    columns: Box<dyn Columns>,
    values: Arc<Values>,
}

impl Rows {
    /// The rows of several walks, given in the order of their keys.
    pub(crate) fn together(walks: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self { filled: Vec::new(), bounds: None };
        for rows in walks {
            all.filled.extend(rows.filled);
            all.bounds = match (all.bounds, rows.bounds) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            };
        }
        all.filled.sort_by_key(|filled| filled.group);
        all
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled.is_empty()
    }

    /// The rows in batches of at most [`BATCH_ROWS`] of one group, each with its group, in order of the groups.
    pub(crate) fn batches(self, schema: SchemaRef) -> impl Iterator<Item = Result<(i32, RecordBatch), ArrowError>> {
        self.filled.into_iter().map(move |filled| {
            let columns = filled.columns.finish(&filled.values);
            Ok((filled.group, RecordBatch::try_new(Arc::clone(&schema), columns)?))
        })
    }

    /// The rows in as few batches as have at least [`BATCH_ROWS`] but for the last, in memory that holds no more than
    /// them: to be kept.
    pub(crate) fn compact(self, schema: &SchemaRef) -> Result<Vec<RecordBatch>, ArrowError> {
        let (mut all, mut next, mut rows) = (Vec::new(), Vec::new(), 0);
        for batch in self.batches(Arc::clone(schema)) {
            let (_, batch) = batch?;
            rows += batch.num_rows();
            next.push(batch);
            if rows >= BATCH_ROWS {
                all.push(concat_batches(schema, &std::mem::take(&mut next))?);
                rows = 0;
            }
        }
        if rows > 0 {
            all.push(concat_batches(schema, &next)?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};

    use super::*;
    use crate::fold::batch::Interners;

    #[derive(Default)]
    struct Times(Vec<i64>);

    impl Columns for Times {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn finish(self: Box<Self>, _values: &Values) -> Vec<ArrayRef> {
            vec![Arc::new(Int64Array::from(self.0))]
        }
    }

    /// Two walks with rows of three days, of none, and of one day more than a batch.
    fn rows() -> Rows {
        let values = Arc::new(Values::of(&Interners::default()));
        let walk = |times: &[Option<i64>]| {
            let mut dealt = Dealt::<Times>::default();
            times.iter().for_each(|&time| dealt.at(time).0.push(time.unwrap_or(-1)));
            dealt.rows(&values)
        };
        let mut many = vec![Some(2 * DAY_US); BATCH_ROWS];
        many.extend([Some(2 * DAY_US + 5), None, Some(DAY_US - 1), Some(-1)]);
        Rows::together([walk(&many), walk(&[Some(DAY_US), Some(0), Some(2 * DAY_US + 6)])])
    }

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("at", DataType::Int64, false)]))
    }

    fn times(batch: &RecordBatch) -> &[i64] {
        batch.column(0).as_primitive::<Int64Type>().values()
    }

    #[test]
    fn rows_lie_by_day_and_walk_and_those_without_a_time_behind_all() {
        assert_eq!(rows().bounds, Some((-1, 2 * DAY_US + 6)));
        let batches: Vec<_> = rows().batches(schema()).map(Result::unwrap).collect();
        let groups: Vec<i32> = batches.iter().map(|(group, _)| *group).collect();
        assert_eq!(groups, [-1, 0, 0, 1, 2, 2, 2, i32::MAX]);
        let small: Vec<&[i64]> = batches.iter().map(|(_, batch)| times(batch)).filter(|rows| rows.len() == 1).collect();
        let expected = [[-1], [DAY_US - 1], [0], [DAY_US], [2 * DAY_US + 5], [2 * DAY_US + 6], [-1]];
        assert_eq!(small, expected);
        assert_eq!(times(&batches[4].1), vec![2 * DAY_US; BATCH_ROWS]);
    }

    #[test]
    fn compact_rows_are_the_same_in_few_batches() {
        let compact = rows().compact(&schema()).unwrap();
        assert_eq!(compact.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [BATCH_ROWS + 4, 3]);
        let apart: Vec<i64> = rows().batches(schema()).flat_map(|batch| times(&batch.unwrap().1).to_vec()).collect();
        assert_eq!(compact.iter().flat_map(|batch| times(batch).to_vec()).collect::<Vec<_>>(), apart);
        assert!(Rows::together([]).is_empty());
    }
}
