//! `exact_percentile(x, q)`: a percentile of numbers.
//!
//! ```text
//! wait_s          exact_percentile(wait_s, 0.9)
//! ──────          ─────────────────────────────
//! 60.0
//! null       ──►  87.0
//! 90.0
//! ```
//!
//! Nulls do not count; of nothing it is null (kpi-rules A2). Percentiles are continuous, as SQL's `percentile_cont`
//! (kpi-rules A1). Not-a-number lies above all numbers, as in PostgreSQL. Every value is kept until the end; for many
//! groups of many rows [`approx_percentile`](super::approx_percentile) keeps less.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::kernel::{GroupKernel, Grouped, Single};
use super::percentiles::{Spans, state_type};
use super::quantile::{between, coerced, quantile};
use crate::functions::catalog;

/// The aggregate function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ExactPercentile {
    signature: Signature,
}

impl ExactPercentile {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for ExactPercentile {
    fn name(&self) -> &str {
        "exact_percentile"
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
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "keys"), state_type(), true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Single::try_new(Values::new(quantile(self.name(), &args)?))?))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(Values::new(quantile(self.name(), &args)?))))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// The values of all groups, as whole numbers in the same order.
#[derive(Debug)]
struct Values {
    q: f64,
    keys: Spans,
}

impl Values {
    fn new(q: f64) -> Self {
        Self { q, keys: Spans::default() }
    }
}

impl GroupKernel for Values {
    fn grow(&mut self, total: usize) -> Result<()> {
        self.keys.grow(total)
    }

    fn groups(&self) -> usize {
        self.keys.groups()
    }

    fn update(&mut self, arguments: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        self.keys.update(&[keys(&arguments[0])?], groups, filter)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.keys.merge(states, groups)
    }

    fn results(&mut self, n: usize) -> Result<ArrayRef> {
        let q = self.q;
        let found = self.keys.of_groups(n, |keys| percentile(keys, q));
        Ok(Arc::new(found.into_iter().collect::<Float64Array>()))
    }

    fn states(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        self.keys.states(n)
    }

    fn forget(&mut self, n: usize) {
        self.keys.forget(n);
    }

    fn states_of_rows(&self, arguments: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.keys.states_of_rows(&[keys(&arguments[0])?], filter)
    }

    fn bytes(&self) -> usize {
        self.keys.bytes()
    }
}

/// Keys of a column of numbers; null stays null.
fn keys(values: &ArrayRef) -> Result<ArrayRef> {
    let values = as_float64_array(values)?;
    let keys: Vec<i64> = values.values().iter().map(|&value| key(value)).collect();
    Ok(Arc::new(Int64Array::new(keys.into(), values.nulls().cloned())))
}

/// A whole number in the order of the values: IEEE 754-2019, section 5.10, `totalOrder`, with every not-a-number as one.
fn key(value: f64) -> i64 {
    let value = if value.is_nan() { f64::NAN.abs() } else { value };
    flipped(value.to_bits() as i64)
}

fn value(key: i64) -> f64 {
    f64::from_bits(flipped(key) as u64)
}

/// Negative numbers have the sign bit, and more of the other bits the smaller they are: these are turned round.
fn flipped(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The percentile of values by their keys, whose order it changes.
fn percentile(keys: &mut [i64], q: f64) -> Option<f64> {
    let last = keys.len().checked_sub(1)?;
    let x = q * last as f64;
    let rank = (x as usize).min(last);
    let (_, &mut low, right) = keys.select_nth_unstable(rank);
    let high = right.iter().copied().min().unwrap_or(low);
    Some(between(value(low), value(high), x - rank as f64))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;

    use super::super::kernel::testing::{Batch, every_way};
    use super::*;
    use crate::testing::Random;

    /// Sorts and looks the two values up.
    fn plain(mut values: Vec<f64>, q: f64) -> Option<f64> {
        if values.is_empty() {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let x = q * (values.len() - 1) as f64;
        let (low, high) = (values[x.floor() as usize], values[x.ceil() as usize]);
        Some(low + (high - low) * (x - x.floor()))
    }

    #[test]
    fn every_way_through_gives_what_sorting_gives() {
        let mut random = Random(77);
        for (groups, q) in [(1, 0.5), (2, 0.9), (9, 0.0), (40, 1.0), (7, 0.37)] {
            let batches: Vec<Batch> = (0..6)
                .map(|_| {
                    let rows = random.below(150);
                    let values: Float64Array = (0..rows)
                        .map(|_| (random.below(6) > 0).then(|| random.below(2_000) as f64 / 7.0 - 100.0))
                        .collect();
                    let of = (0..rows).map(|_| random.below(groups)).collect();
                    let q = Float64Array::from(vec![q; rows]);
                    (vec![Arc::new(values) as ArrayRef, Arc::new(q) as ArrayRef], of, None)
                })
                .collect();
            let mut values = vec![Vec::new(); groups];
            for (arguments, of, _) in &batches {
                for (value, &group) in arguments[0].as_primitive::<Float64Type>().iter().zip(of) {
                    values[group].extend(value);
                }
            }
            let expected: Vec<Option<f64>> = values.into_iter().map(|values| plain(values, q)).collect();
            for (way, found) in every_way(|| Values::new(q), &batches, groups).into_iter().enumerate() {
                let found: Vec<Option<f64>> = found.as_primitive::<Float64Type>().iter().collect();
                assert_eq!(found, expected, "way {way}, {groups} groups, q {q}");
            }
        }
    }

    #[test]
    fn keys_keep_the_order_and_the_values() {
        let ascending = [f64::NEG_INFINITY, -1e300, -1.5, -f64::MIN_POSITIVE, -0.0, 0.0, 5e-324, 2.0, f64::INFINITY];
        for pair in ascending.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
        for number in ascending {
            assert_eq!(value(key(number)).to_bits(), number.to_bits());
        }
        assert!(key(-f64::NAN) == key(f64::NAN) && key(f64::NAN) > key(f64::INFINITY));
    }

    #[test]
    fn between_infinite_values_is_one_of_them() {
        let found = |values: &[f64], q| percentile(&mut values.iter().map(|&v| key(v)).collect::<Vec<_>>(), q);
        assert_eq!(found(&[1.0, f64::INFINITY, f64::INFINITY], 0.9), Some(f64::INFINITY));
        assert_eq!(found(&[1.0, f64::INFINITY], 0.0), Some(1.0));
        assert_eq!(found(&[], 0.5), None);
    }
}
