//! One state for many groups, as DataFusion's two kinds of accumulator.
//!
//! DataFusion asks for a [`GroupsAccumulator`] where a query groups, and for an [`Accumulator`] where it does not or
//! where the function is used as a window. A [`GroupKernel`] holds the arithmetic once; [`Grouped`] and [`Single`]
//! dress it as the one and the other.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// The state of an aggregate function for groups `0..groups()`.
pub(super) trait GroupKernel: Debug + Send + Sync + 'static {
    /// Makes sure that groups `0..total` exist, empty if new.
    ///
    /// # Errors
    /// More groups than the kernel can number.
    fn grow(&mut self, total: usize) -> Result<()>;

    /// How many groups there are.
    fn groups(&self) -> usize;

    /// Takes rows of the arguments; `groups` has the group of each. Rows that `filter` does not select do not count.
    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()>;

    /// Takes rows of states, as [`states`](Self::states) made them, into the groups that `groups` says.
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()>;

    /// The results of the first `n` groups, which stay as they are.
    fn results(&mut self, n: usize) -> Result<ArrayRef>;

    /// The states of the first `n` groups, one array a column of state. Their content may be gone afterwards: the only
    /// thing that may follow is [`forget`](Self::forget) of as many.
    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>>;

    /// Drops the first `n` groups; group `n` is the first then.
    fn forget(&mut self, n: usize);

    /// The states of groups of one row each.
    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>>;

    /// Memory in use. Called after every batch: must not walk the groups.
    fn bytes(&self) -> usize;
}

/// A kernel for queries that group.
#[derive(Debug)]
pub(super) struct Grouped<K>(pub(super) K);

impl<K: GroupKernel> Grouped<K> {
    fn count(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.0.groups(),
            EmitTo::First(n) => n,
        }
    }
}

impl<K: GroupKernel> GroupsAccumulator for Grouped<K> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.0.grow(total_num_groups)?;
        self.0.update(values, group_indices, opt_filter)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let n = self.count(emit_to);
        let results = self.0.results(n)?;
        self.0.forget(n);
        Ok(results)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let n = self.count(emit_to);
        let states = self.0.states(n)?;
        self.0.forget(n);
        Ok(states)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.0.grow(total_num_groups)?;
        self.0.merge(values, group_indices)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.0.states_of_rows(values, opt_filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.bytes()
    }
}

/// A kernel for queries without groups, and for windows.
#[derive(Debug)]
pub(super) struct Single<K> {
    kernel: K,
    /// As many zeros as the longest batch had rows: everything is in group 0.
    zeros: Vec<usize>,
}

impl<K: GroupKernel> Single<K> {
    /// A kernel with its one group.
    ///
    /// # Errors
    /// As [`GroupKernel::grow`].
    pub(super) fn try_new(mut kernel: K) -> Result<Self> {
        kernel.grow(1)?;
        Ok(Self { kernel, zeros: Vec::new() })
    }

    fn zeros_for(&mut self, arrays: &[ArrayRef]) -> usize {
        let rows = arrays.first().map_or(0, |a| a.len());
        if self.zeros.len() < rows {
            self.zeros.resize(rows, 0);
        }
        rows
    }
}

impl<K: GroupKernel> Accumulator for Single<K> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = self.zeros_for(values);
        self.kernel.update(values, &self.zeros[..rows], None)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.kernel.results(1)?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.kernel.bytes() + self.zeros.capacity() * size_of::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = self.kernel.states(1)?;
        self.kernel.forget(1);
        self.kernel.grow(1)?;
        states.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = self.zeros_for(states);
        self.kernel.merge(states, &self.zeros[..rows])
    }
}

/// The rows that are neither null nor filtered out; `None` if that is all of them. A filter that is null does not
/// select.
pub(super) fn selection(nulls: Option<&NullBuffer>, filter: Option<&BooleanArray>) -> Option<BooleanBuffer> {
    let filter = filter.map(|filter| match filter.nulls() {
        Some(nulls) => filter.values() & nulls.inner(),
        None => filter.values().clone(),
    });
    match (nulls, filter) {
        (None, filter) => filter,
        (Some(nulls), None) => Some(nulls.inner().clone()),
        (Some(nulls), Some(filter)) => Some(nulls.inner() & &filter),
    }
}

/// Groups are numbered with 32 bits inside the kernels that store the number with every value.
///
/// # Errors
/// More groups than that.
pub(super) fn check_group_count(total: usize) -> Result<()> {
    if u32::try_from(total).is_err() {
        return exec_err!("more than {} groups; ask for fewer", u32::MAX);
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod testing {
    //! The ways in which DataFusion drives a kernel, and rows to drive it with.

    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;
    use crate::testing::Random;

    /// A batch of rows: the arguments, the group of each, and which are selected.
    pub(in crate::aggregates) type Batch = (Vec<ArrayRef>, Vec<usize>, Option<BooleanArray>);

    /// Batches of one column of spans, one in five of them null; every other batch has a filter, with nulls as well.
    pub(in crate::aggregates) fn random_spans(seed: u64, groups: usize) -> Vec<Batch> {
        let mut random = Random(seed);
        (0..7)
            .map(|batch| {
                let rows = random.below(200);
                let spans: Int64Array =
                    (0..rows).map(|_| (random.below(5) > 0).then(|| random.below(1_000_000) as i64)).collect();
                let group_of = (0..rows).map(|_| random.below(groups)).collect();
                let filter = (batch % 2 == 0).then(|| {
                    (0..rows).map(|_| (random.below(6) > 0).then(|| random.below(3) > 0)).collect::<BooleanArray>()
                });
                (vec![Arc::new(spans) as ArrayRef], group_of, filter)
            })
            .collect()
    }

    /// The result of every group, reached in each of the ways that DataFusion takes: directly; through states of many
    /// groups; through states of single rows; and with the groups leaving in two parts.
    pub(in crate::aggregates) fn every_way<K: GroupKernel>(
        make: impl Fn() -> K,
        batches: &[Batch],
        total: usize,
    ) -> Vec<ArrayRef> {
        let all: Vec<usize> = (0..total).collect();
        let fed = |batches: &[Batch]| {
            let mut kernel = Grouped(make());
            for (arguments, groups, filter) in batches {
                kernel.update_batch(arguments, groups, filter.as_ref(), total).unwrap();
            }
            kernel
        };
        let direct = fed(batches).evaluate(EmitTo::All).unwrap();

        let (first, second) = batches.split_at(batches.len() / 2);
        let mut merged = Grouped(make());
        for part in [first, second] {
            let mut part = fed(part);
            if part.0.groups() != 0 {
                let states = part.state(EmitTo::All).unwrap();
                merged.merge_batch(&states, &all, total).unwrap();
            }
        }
        let merged = merged.evaluate(EmitTo::All).unwrap();

        let mut converted = Grouped(make());
        for (arguments, groups, filter) in batches {
            let states = converted.convert_to_state(arguments, filter.as_ref()).unwrap();
            converted.merge_batch(&states, groups, total).unwrap();
        }
        let converted = converted.evaluate(EmitTo::All).unwrap();

        let mut parts = fed(batches);
        let head = parts.evaluate(EmitTo::First(total / 3)).unwrap();
        let tail = parts.evaluate(EmitTo::All).unwrap();
        let parted = arrow::compute::concat(&[head.as_ref(), tail.as_ref()]).unwrap();

        let mut parts = fed(batches);
        let mut rejoined = Grouped(make());
        let head = parts.state(EmitTo::First(total / 2)).unwrap();
        rejoined.merge_batch(&head, &all[..total / 2], total).unwrap();
        let tail = parts.state(EmitTo::All).unwrap();
        rejoined.merge_batch(&tail, &all[total / 2..], total).unwrap();
        let rejoined = rejoined.evaluate(EmitTo::All).unwrap();

        vec![direct, merged, converted, parted, rejoined]
    }
}
