//! `percentiles_s(us)`: exact percentiles of spans in microseconds, in seconds.
//!
//! ```text
//! wait_us                 percentiles_s(wait_us)
//! ─────────               ──────────────────────────────────────
//! 60000000
//! null           ──►      {p50_s: 75.0, p90_s: 87.0, p95_s: 88.5}
//! 90000000
//! ```
//!
//! Nulls do not count. Of nothing, all are null (kpi-rules A2). Percentiles are continuous, as SQL's `percentile_cont`
//! (kpi-rules A1), worked out in seconds. Every value is kept until the end: ask for it only where it is shown.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::cast::{as_int64_array, as_large_list_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::kernel::{GroupKernel, Grouped, Single, check_group_count, selection};
use crate::functions::catalog;

/// Microseconds in a second.
const SECOND: f64 = 1_000_000.0;

/// The percentiles, in ascending order.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.95];

/// The fields of a result.
static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let seconds = |name| Field::new(name, DataType::Float64, true);
    Fields::from(vec![seconds("p50_s"), seconds("p90_s"), seconds("p95_s")])
});

/// The state of a group: its values, in any order.
pub(super) fn state_type() -> DataType {
    DataType::LargeList(value_field())
}

fn value_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Int64, true))
}

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PercentilesS {
    signature: Signature,
}

impl PercentilesS {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for PercentilesS {
    fn name(&self) -> &str {
        "percentiles_s"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [t] if t.is_integer() || t.is_null() => Ok(vec![DataType::Int64]),
            _ => plan_err!("percentiles_s takes one column of whole microseconds, such as wait_us"),
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
            return plan_err!("percentiles_s knows no DISTINCT");
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

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// The values of all groups in order of arrival, with the group of each: taking a batch is two copies, and only the end
/// sorts by group. `group_of` stays empty as long as there is only one group.
#[derive(Debug, Default)]
pub(super) struct Spans {
    groups: usize,
    values: Vec<i64>,
    group_of: Vec<u32>,
}

impl Spans {
    /// What a function makes of the values of each of the first `n` groups, which it may put into another order.
    pub(super) fn of_groups<T: Clone>(&mut self, n: usize, of: impl Fn(&mut [i64]) -> T) -> Vec<T> {
        if self.groups <= 1 {
            // The one group is put in order where it lies: copying a year of waits would double the memory.
            return vec![of(&mut self.values); n];
        }
        let (mut sorted, offsets) = self.by_group();
        (0..n).map(|group| of(&mut sorted[offsets[group]..offsets[group + 1]])).collect()
    }

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
        Ok(column(&self.of_groups(n, percentiles)))
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

/// The percentiles of all groups as one array.
fn column(groups: &[[Option<f64>; 3]]) -> ArrayRef {
    let columns = (0..QUANTILES.len())
        .map(|at| Arc::new(groups.iter().map(|found| found[at]).collect::<Float64Array>()) as ArrayRef)
        .collect();
    Arc::new(StructArray::new(FIELDS.clone(), columns, None))
}

/// The percentiles of values in microseconds, in seconds. Changes the order of the values.
///
/// A percentile `q` of `n` values lies at rank `x = q (n - 1)`, between the two values next to it in order, in
/// proportion. Ranks ascend, so that each search only looks right of the one before.
fn percentiles(values: &mut [i64]) -> [Option<f64>; 3] {
    let mut found = [None; 3];
    if values.is_empty() {
        return found;
    }
    let last = (values.len() - 1) as f64;
    let mut from = 0;
    for (percentile, q) in found.iter_mut().zip(QUANTILES) {
        let x = q * last;
        let rank = x as usize;
        let (_, &mut low, right) = values[from..].select_nth_unstable(rank - from);
        let high = right.iter().copied().min().unwrap_or(low);
        let (low, high) = (low as f64 / SECOND, high as f64 / SECOND);
        *percentile = Some(low + (high - low) * (x - rank as f64));
        from = rank;
    }
    found
}

#[cfg(test)]
mod tests;
