//! `approx_percentile(x, q)`: a percentile of numbers, at most 1 % off.
//!
//! ```text
//! wait_s          approx_percentile(wait_s, 0.5)
//! ──────          ──────────────────────────────
//! 60.0
//! null       ──►  between 74.25 and 75.75, the exact percentile being 75.0
//! 90.0
//! ```
//!
//! Nulls do not count; of nothing it is null (kpi-rules A2). A group holds how many values lie in each [bucket](sketch),
//! whatever the number of values, and its state can be merged with others in any order. The result lies on the line
//! between the two nearest values, as that of `exact_percentile`, and is at most 1 % off where both have one sign
//! (kpi-rules A1). Not-a-number lies above all numbers.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, LargeListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::common::cast::{as_float64_array, as_int32_array, as_int64_array, as_large_list_array};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};
use hashbrown::HashMap;

use super::kernel::{GroupKernel, Grouped, Single, check_group_count, selection};
use super::quantile::{between, coerced, quantile};
use super::sketch;
use crate::functions::catalog;

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ApproxPercentile {
    signature: Signature,
}

impl ApproxPercentile {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for ApproxPercentile {
    fn name(&self) -> &str {
        "approx_percentile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        coerced(self.name(), arg_types)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |name: &str, item: DataType| {
            let list = DataType::LargeList(Arc::new(Field::new_list_field(item, true)));
            Arc::new(Field::new(format_state_name(args.name, name), list, true))
        };
        Ok(vec![list("codes", DataType::Int32), list("counts", DataType::Int64)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single::try_new(Sketches::new(quantile(self.name(), &args)?))?))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(Sketches::new(quantile(self.name(), &args)?))))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// The sketches of all groups: how many values of a group lie in a bucket. One table for all groups takes as much memory
/// as there are full buckets, be it few groups of many values or many of few.
#[derive(Debug)]
struct Sketches {
    q: f64,
    groups: usize,
    counts: HashMap<(u32, i32), i64>,
}

impl Sketches {
    fn new(q: f64) -> Self {
        Self { q, groups: 0, counts: HashMap::new() }
    }

    /// The full buckets of each of the first `n` groups, in order.
    fn sorted(&self, n: usize) -> Vec<Vec<(i32, i64)>> {
        let mut sorted = vec![Vec::new(); n];
        for (&(group, code), &count) in &self.counts {
            if let Some(buckets) = sorted.get_mut(group as usize) {
                buckets.push((code, count));
            }
        }
        for buckets in &mut sorted {
            buckets.sort_unstable();
        }
        sorted
    }
}

impl GroupKernel for Sketches {
    fn grow(&mut self, total: usize) -> Result<()> {
        check_group_count(total)?;
        self.groups = self.groups.max(total);
        Ok(())
    }

    fn groups(&self) -> usize {
        self.groups
    }

    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let values = as_float64_array(&arguments[0])?;
        let counts = &mut self.counts;
        let mut take = |row: usize| {
            *counts.entry((groups[row] as u32, sketch::code(values.value(row)))).or_insert(0) += 1;
        };
        match selection(values.nulls(), filter) {
            None => (0..values.len()).for_each(&mut take),
            Some(selected) => selected.set_indices().for_each(&mut take),
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let (codes, counts) = (as_large_list_array(&states[0])?, as_large_list_array(&states[1])?);
        for (row, &group) in groups.iter().enumerate() {
            let (codes, counts) = (codes.value(row), counts.value(row));
            for (&code, &count) in as_int32_array(&codes)?.values().iter().zip(as_int64_array(&counts)?.values().iter())
            {
                *self.counts.entry((group as u32, code)).or_insert(0) += count;
            }
        }
        Ok(())
    }

    fn results(&mut self, n: usize) -> Result<ArrayRef> {
        let q = self.q;
        let found = self.sorted(n).into_iter().map(|buckets| percentile(&buckets, q));
        Ok(Arc::new(found.collect::<Float64Array>()))
    }

    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        Ok(lists(&self.sorted(n)))
    }

    fn forget(&mut self, n: usize) {
        if n >= self.groups {
            *self = Self::new(self.q);
            return;
        }
        if n == 0 {
            return;
        }
        let first = n as u32;
        let counts = std::mem::take(&mut self.counts);
        let left = counts.into_iter().filter(|&((group, _), _)| group >= first);
        self.counts = left.map(|((group, code), count)| ((group - first, code), count)).collect();
        self.groups -= n;
    }

    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = as_float64_array(&arguments[0])?;
        let selected = selection(values.nulls(), filter);
        let rows: Vec<Vec<(i32, i64)>> = (0..values.len())
            .map(|row| {
                let counts = selected.as_ref().is_none_or(|selected| selected.value(row));
                if counts { vec![(sketch::code(values.value(row)), 1)] } else { Vec::new() }
            })
            .collect();
        Ok(lists(&rows))
    }

    fn bytes(&self) -> usize {
        // A slot of the table has a byte of its own beside the entry.
        self.counts.capacity() * (size_of::<((u32, i32), i64)>() + 1)
    }
}

/// Codes and counts as the state has them, one list of each a group.
fn lists(groups: &[Vec<(i32, i64)>]) -> Vec<ArrayRef> {
    let offsets = || OffsetBuffer::<i64>::from_lengths(groups.iter().map(Vec::len));
    let field = |item: DataType| Arc::new(Field::new_list_field(item, true));
    let codes = Int32Array::from_iter_values(groups.iter().flatten().map(|&(code, _)| code));
    let counts = Int64Array::from_iter_values(groups.iter().flatten().map(|&(_, count)| count));
    vec![
        Arc::new(LargeListArray::new(field(DataType::Int32), offsets(), Arc::new(codes), None)),
        Arc::new(LargeListArray::new(field(DataType::Int64), offsets(), Arc::new(counts), None)),
    ]
}

/// The percentile of values that lie in full buckets, which are in order.
fn percentile(buckets: &[(i32, i64)], q: f64) -> Option<f64> {
    let last = buckets.iter().map(|&(_, count)| count).sum::<i64>() - 1;
    if last < 0 {
        return None;
    }
    let x = q * last as f64;
    let rank = (x as i64).min(last);
    let at = |rank: i64| {
        let mut below = 0;
        buckets.iter().find(|&&(_, count)| {
            below += count;
            below > rank
        })
    };
    let (&(low, _), &(high, _)) = (at(rank)?, at((rank + 1).min(last))?);
    Some(between(sketch::value(low), sketch::value(high), x - rank as f64))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;

    use super::super::kernel::testing::{Batch, every_way};
    use super::*;
    use crate::testing::Random;

    #[test]
    fn no_way_through_is_more_than_a_hundredth_off() {
        let mut random = Random(91);
        for (groups, q) in [(1, 0.9), (3, 0.5), (20, 0.95), (40, 0.0), (5, 1.0)] {
            let batches: Vec<Batch> = (0..6)
                .map(|batch| {
                    let rows = random.below(300);
                    let values: Float64Array = (0..rows)
                        .map(|_| (random.below(6) > 0).then(|| 1.5_f64.powi(random.below(40) as i32)))
                        .collect();
                    let of = (0..rows).map(|_| random.below(groups)).collect();
                    let filter = (batch % 2 == 0)
                        .then(|| (0..rows).map(|_| Some(random.below(3) > 0)).collect::<BooleanArray>());
                    (vec![Arc::new(values) as ArrayRef], of, filter)
                })
                .collect();
            let mut values = vec![Vec::new(); groups];
            for (arguments, of, filter) in &batches {
                for (row, value) in arguments[0].as_primitive::<Float64Type>().iter().enumerate() {
                    if filter.as_ref().is_none_or(|filter| filter.value(row)) {
                        values[of[row]].extend(value);
                    }
                }
            }
            let exact: Vec<Option<f64>> = values
                .into_iter()
                .map(|mut values| {
                    values.sort_by(f64::total_cmp);
                    let x = q * values.len().checked_sub(1)? as f64;
                    let (low, high) = (values[x.floor() as usize], values[x.ceil() as usize]);
                    Some(low + (high - low) * (x - x.floor()))
                })
                .collect();
            for (way, found) in every_way(|| Sketches::new(q), &batches, groups).into_iter().enumerate() {
                for (group, found) in found.as_primitive::<Float64Type>().iter().enumerate() {
                    let near = match (found, exact[group]) {
                        (Some(found), Some(exact)) => (found - exact).abs() <= 0.01 * exact,
                        (found, exact) => found == exact,
                    };
                    assert!(near, "way {way}, group {group} of {groups}: {found:?} for {:?}", exact[group]);
                }
            }
        }
    }

    #[test]
    fn memory_grows_with_orders_of_magnitude_and_not_with_rows() {
        let mut sketches = Sketches::new(0.5);
        sketches.grow(1).unwrap();
        for batch in 0..100 {
            let values: Float64Array = (0..1_000).map(|row| Some(f64::from(batch * 1_000 + row) + 1.0)).collect();
            sketches.update(&[Arc::new(values)], &[0; 1_000], None).unwrap();
        }
        // The logarithm of 100,000 to the base of the buckets is 640.
        assert!(sketches.counts.len() <= 641, "{}", sketches.counts.len());
    }
}
