//! `mean_s(us)`: the mean of spans in microseconds, in seconds.
//!
//! ```text
//! wait_us        mean_s(wait_us)
//! ─────────      ───────────────
//! 60000000
//! null      ──►  75.0
//! 90000000
//! ```
//!
//! Nulls do not count; of nothing there is no mean (kpi-rules A2). It is exact before its last rounding, whatever the
//! order of rows: sums are kept in 128 bits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::cast::{as_decimal128_array, as_int64_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::kernel::{GroupKernel, Grouped, Single, selection};
use crate::functions::catalog;

/// Microseconds in a second.
const SECOND: f64 = 1_000_000.0;

/// Digits of the sums in a state: the most that 128 bits hold. A sum of 2^32 spans has 29.
const SUM_DIGITS: u8 = 38;

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MeanS {
    signature: Signature,
}

impl MeanS {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for MeanS {
    fn name(&self) -> &str {
        "mean_s"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [t] if t.is_integer() || t.is_null() => Ok(vec![DataType::Int64]),
            _ => plan_err!("mean_s takes one column of whole microseconds, such as wait_us"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let sum = DataType::Decimal128(SUM_DIGITS, 0);
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "sum"), sum, true)),
            Arc::new(Field::new(format_state_name(args.name, "count"), DataType::Int64, true)),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return plan_err!("mean_s knows no DISTINCT");
        }
        Ok(Box::new(Single::try_new(Means::default())?))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(Means::default())))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// The sum and the number of the spans of one group.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: i128,
    count: i64,
}

/// The sums of all groups.
#[derive(Debug, Default)]
struct Means {
    totals: Vec<Total>,
}

impl GroupKernel for Means {
    fn grow(&mut self, total: usize) -> Result<()> {
        if self.totals.len() < total {
            self.totals.resize(total, Total::default());
        }
        Ok(())
    }

    fn groups(&self) -> usize {
        self.totals.len()
    }

    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let spans = as_int64_array(&arguments[0])?;
        let totals = &mut self.totals;
        let mut take = |value: i64, group: usize| {
            let total = &mut totals[group];
            total.sum += i128::from(value);
            total.count += 1;
        };
        match selection(spans.nulls(), filter) {
            None => {
                for (&value, &group) in spans.values().iter().zip(groups) {
                    take(value, group);
                }
            }
            Some(selected) => {
                for row in selected.set_indices() {
                    take(spans.value(row), groups[row]);
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let (sums, counts) = (as_decimal128_array(&states[0])?, as_int64_array(&states[1])?);
        for (row, &group) in groups.iter().enumerate() {
            if sums.is_valid(row) && counts.is_valid(row) {
                self.totals[group].sum += sums.value(row);
                self.totals[group].count += counts.value(row);
            }
        }
        Ok(())
    }

    fn results(&mut self, n: usize) -> Result<ArrayRef> {
        let mean = |total: &Total| (total.count > 0).then(|| total.sum as f64 / total.count as f64 / SECOND);
        Ok(Arc::new(self.totals[..n].iter().map(mean).collect::<Float64Array>()))
    }

    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        columns(self.totals[..n].iter().copied())
    }

    fn forget(&mut self, n: usize) {
        self.totals.drain(..n.min(self.totals.len()));
    }

    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let spans = as_int64_array(&arguments[0])?;
        let selected = selection(spans.nulls(), filter);
        columns(spans.values().iter().enumerate().map(|(row, &value)| {
            let counts = selected.as_ref().is_none_or(|selected| selected.value(row));
            if counts { Total { sum: i128::from(value), count: 1 } } else { Total::default() }
        }))
    }

    fn bytes(&self) -> usize {
        self.totals.capacity() * size_of::<Total>()
    }
}

/// Sums and counts as the state has them.
fn columns(totals: impl Iterator<Item = Total>) -> Result<Vec<ArrayRef>> {
    let (sums, counts): (Vec<i128>, Vec<i64>) = totals.map(|total| (total.sum, total.count)).unzip();
    let sums = Decimal128Array::from(sums).with_precision_and_scale(SUM_DIGITS, 0)?;
    Ok(vec![Arc::new(sums), Arc::new(Int64Array::from(counts))])
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float64Type, Int64Type};
    use datafusion::common::ScalarValue;

    use super::super::kernel::testing::{every_way, random_spans};
    use super::*;

    #[test]
    fn every_way_through_gives_what_a_plain_loop_gives() {
        for groups in [1, 2, 5, 40] {
            let batches = random_spans(61 + groups as u64, groups);
            let mut plain = vec![(0_i128, 0_i64); groups];
            for (arguments, group_of, filter) in &batches {
                let spans = arguments[0].as_primitive::<Int64Type>();
                for row in 0..spans.len() {
                    let selected = filter.as_ref().is_none_or(|f| f.is_valid(row) && f.value(row));
                    if selected && spans.is_valid(row) {
                        plain[group_of[row]].0 += i128::from(spans.value(row));
                        plain[group_of[row]].1 += 1;
                    }
                }
            }
            let expected: Vec<Option<f64>> =
                plain.iter().map(|&(sum, n)| (n > 0).then(|| sum as f64 / n as f64 / 1e6)).collect();
            for (way, result) in every_way(Means::default, &batches, groups).into_iter().enumerate() {
                let found: Vec<Option<f64>> = result.as_primitive::<Float64Type>().iter().collect();
                assert_eq!(found, expected, "way {way}, {groups} groups");
            }
        }
    }

    #[test]
    fn sums_beyond_64_bits_stay_exact() {
        let spans: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX - 1, i64::MAX, i64::MAX - 2]));
        let mut single = Single::try_new(Means::default()).unwrap();
        assert_eq!(single.evaluate().unwrap(), ScalarValue::Float64(None));
        single.update_batch(&[spans]).unwrap();
        assert_eq!(single.evaluate().unwrap(), ScalarValue::Float64(Some((i64::MAX - 1) as f64 / 1e6)));
    }
}
