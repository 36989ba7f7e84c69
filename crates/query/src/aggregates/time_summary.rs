//! `time_summary(us)`: count, mean, exact percentiles and maximum of spans in microseconds, in seconds.
//!
//! ```text
//! wait_us                 time_summary(wait_us)
//! ─────────               ──────────────────────────────────────────────────────────────────
//! 60000000
//! null           ──►      {n: 2, mean_s: 75.0, p50_s: 75.0, p90_s: 87.0, p95_s: 88.5, max_s: 90.0}
//! 90000000
//! ```
//!
//! Nulls do not count. Of nothing, `n` is 0 and the rest is null (kpi-rules A2). Percentiles are continuous, as SQL's
//! `percentile_cont` (kpi-rules A1), worked out in seconds. The mean is exact before its last rounding: sums are kept
//! in 128 bits.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::cast::{as_int64_array, as_large_list_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};

use super::kernel::{GroupKernel, Grouped, Single, check_group_count, selection};

/// Microseconds in a second.
const SECOND: f64 = 1_000_000.0;

/// The percentiles of a summary, in ascending order.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.95];

/// The fields of a summary.
static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let seconds = |name| Field::new(name, DataType::Float64, true);
    Fields::from(vec![
        Field::new("n", DataType::Int64, false),
        seconds("mean_s"),
        seconds("p50_s"),
        seconds("p90_s"),
        seconds("p95_s"),
        seconds("max_s"),
    ])
});

/// The state of a group: its values, in any order.
fn state_type() -> DataType {
    DataType::LargeList(value_field())
}

fn value_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Int64, true))
}

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TimeSummary {
    signature: Signature,
}

impl TimeSummary {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for TimeSummary {
    fn name(&self) -> &str {
        "time_summary"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [t] if t.is_integer() || t.is_null() => Ok(vec![DataType::Int64]),
            _ => plan_err!("time_summary takes one column of whole microseconds, such as wait_us"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "values"), state_type(), true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return plan_err!("time_summary knows no DISTINCT");
        }
        Ok(Box::new(Single::try_new(Spans::default())?))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(Spans::default())))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The values of all groups in order of arrival, with the group of each: taking a batch is two copies, and only the end
/// sorts by group. `group_of` stays empty as long as there is only one group.
#[derive(Debug, Default)]
struct Spans {
    groups: usize,
    values: Vec<i64>,
    group_of: Vec<u32>,
}

impl Spans {
    /// The values sorted by group, and where each group begins; the last offset is the end. There must be more than one
    /// group.
    fn by_group(&self) -> (Vec<i64>, Vec<usize>) {
        debug_assert_eq!(self.values.len(), self.group_of.len(), "every value has its group");
        let mut offsets = vec![0; self.groups + 1];
        for &group in &self.group_of {
            offsets[group as usize + 1] += 1;
        }
        for group in 0..self.groups {
            offsets[group + 1] += offsets[group];
        }
        let mut next = offsets.clone();
        let mut sorted = vec![0; self.values.len()];
        for (&value, &group) in self.values.iter().zip(&self.group_of) {
            let at = &mut next[group as usize];
            sorted[*at] = value;
            *at += 1;
        }
        (sorted, offsets)
    }
}

impl GroupKernel for Spans {
    fn grow(&mut self, total: usize) -> Result<()> {
        check_group_count(total)?;
        if total > 1 && self.groups <= 1 {
            self.group_of.resize(self.values.len(), 0);
        }
        self.groups = self.groups.max(total);
        Ok(())
    }

    fn groups(&self) -> usize {
        self.groups
    }

    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let spans = as_int64_array(&arguments[0])?;
        let many = self.groups > 1;
        match selection(spans.nulls(), filter) {
            None => {
                self.values.extend_from_slice(spans.values());
                if many {
                    self.group_of.extend(groups.iter().map(|&group| group as u32));
                }
            }
            Some(selected) => {
                let values = spans.values();
                self.values.extend(selected.set_indices().map(|row| values[row]));
                if many {
                    self.group_of.extend(selected.set_indices().map(|row| groups[row] as u32));
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let lists = as_large_list_array(&states[0])?;
        let values = as_int64_array(lists.values())?.values();
        for (row, &group) in groups.iter().enumerate() {
            if lists.is_null(row) {
                continue;
            }
            let (from, to) = (lists.value_offsets()[row] as usize, lists.value_offsets()[row + 1] as usize);
            self.values.extend_from_slice(&values[from..to]);
            if self.groups > 1 {
                self.group_of.extend(std::iter::repeat_n(group as u32, to - from));
            }
        }
        Ok(())
    }

    fn results(&mut self, n: usize) -> Result<ArrayRef> {
        if self.groups <= 1 {
            // The one group is put in order where it lies: copying a year of waits would double the memory.
            let summary = summarise(&mut self.values);
            return Ok(summaries(&vec![summary; n]));
        }
        let (mut sorted, offsets) = self.by_group();
        let results: Vec<Summary> =
            (0..n).map(|group| summarise(&mut sorted[offsets[group]..offsets[group + 1]])).collect();
        Ok(summaries(&results))
    }

    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        let (mut values, offsets) = if n == 0 {
            (Vec::new(), vec![0])
        } else if self.groups <= 1 {
            let values = std::mem::take(&mut self.values);
            let end = values.len();
            (values, vec![0, end])
        } else {
            self.by_group()
        };
        values.truncate(offsets[n]);
        Ok(vec![lists(values, &offsets[..=n])])
    }

    fn forget(&mut self, n: usize) {
        if n >= self.groups {
            *self = Self::default();
            return;
        }
        if n == 0 {
            return;
        }
        // Only reached with more than one group, so that `group_of` is filled.
        let mut kept = 0;
        for row in 0..self.values.len().min(self.group_of.len()) {
            if self.group_of[row] as usize >= n {
                self.values[kept] = self.values[row];
                self.group_of[kept] = self.group_of[row] - n as u32;
                kept += 1;
            }
        }
        self.values.truncate(kept);
        self.group_of.truncate(kept);
        self.groups -= n;
        if self.groups <= 1 {
            self.group_of = Vec::new();
        }
    }

    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let spans = as_int64_array(&arguments[0])?;
        let Some(selected) = selection(spans.nulls(), filter) else {
            let offsets: Vec<usize> = (0..=spans.len()).collect();
            return Ok(vec![lists(spans.values().to_vec(), &offsets)]);
        };
        let mut offsets = Vec::with_capacity(spans.len() + 1);
        let mut values = Vec::with_capacity(selected.count_set_bits());
        offsets.push(0);
        for (row, &value) in spans.values().iter().enumerate() {
            if selected.value(row) {
                values.push(value);
            }
            offsets.push(values.len());
        }
        Ok(vec![lists(values, &offsets)])
    }

    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<i64>() + self.group_of.capacity() * size_of::<u32>()
    }
}

/// One list a group; `offsets` has one number more than there are groups and begins with 0.
fn lists(values: Vec<i64>, offsets: &[usize]) -> ArrayRef {
    let lengths = offsets.windows(2).map(|w| w[1] - w[0]);
    let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
    Arc::new(LargeListArray::new(value_field(), offsets, Arc::new(Int64Array::from(values)), None))
}

/// The summary of one group, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Summary {
    n: i64,
    mean: Option<f64>,
    quantiles: [Option<f64>; 3],
    max: Option<f64>,
}

fn summaries(groups: &[Summary]) -> ArrayRef {
    let seconds = |of: &dyn Fn(&Summary) -> Option<f64>| -> ArrayRef {
        Arc::new(groups.iter().map(of).collect::<Float64Array>())
    };
    let columns = vec![
        Arc::new(Int64Array::from_iter_values(groups.iter().map(|g| g.n))) as ArrayRef,
        seconds(&|g| g.mean),
        seconds(&|g| g.quantiles[0]),
        seconds(&|g| g.quantiles[1]),
        seconds(&|g| g.quantiles[2]),
        seconds(&|g| g.max),
    ];
    Arc::new(StructArray::new(FIELDS.clone(), columns, None))
}

/// Summarises values in microseconds, whose order it changes.
///
/// A percentile `q` of `n` values lies at rank `x = q (n - 1)`, between the two values next to it in order, in
/// proportion. Ranks ascend, so that each search only looks right of the one before.
fn summarise(values: &mut [i64]) -> Summary {
    let Some(&first) = values.first() else { return Summary::default() };
    let (mut sum, mut max) = (0_i128, first);
    for &value in values.iter() {
        sum += i128::from(value);
        max = max.max(value);
    }
    let n = values.len();
    let mut quantiles = [None; 3];
    let mut from = 0;
    for (quantile, q) in quantiles.iter_mut().zip(QUANTILES) {
        let x = q * (n - 1) as f64;
        let rank = x as usize;
        let (_, &mut low, right) = values[from..].select_nth_unstable(rank - from);
        let high = right.iter().copied().min().unwrap_or(low);
        let (low, high) = (low as f64 / SECOND, high as f64 / SECOND);
        *quantile = Some(low + (high - low) * (x - rank as f64));
        from = rank;
    }
    Summary { n: n as i64, mean: Some(sum as f64 / n as f64 / SECOND), quantiles, max: Some(max as f64 / SECOND) }
}

#[cfg(test)]
mod tests;
