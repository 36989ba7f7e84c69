//! What the percentile functions share: their second argument, and the line between two values.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::logical_expr::function::AccumulatorArgs;

/// The types of the arguments of `function(x, q)`.
///
/// # Errors
/// Anything else than two numbers.
pub(super) fn coerced(function: &str, arg_types: &[DataType]) -> Result<Vec<DataType>> {
    let is_number = |t: &DataType| t.is_numeric() || t.is_null();
    match arg_types {
        [x, q] if is_number(x) && is_number(q) => Ok(vec![DataType::Float64; 2]),
        _ => plan_err!("{function} takes a column of numbers and a constant from 0 to 1, such as wait_s, 0.9"),
    }
}

/// The second argument of a call.
///
/// # Errors
/// It is no constant from 0 to 1; the call says DISTINCT.
pub(super) fn quantile(function: &str, args: &AccumulatorArgs) -> Result<f64> {
    if args.is_distinct {
        return plan_err!("{function} knows no DISTINCT");
    }
    // A constant needs no rows; a column has none to be read from.
    let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
    let value = args.exprs.get(1).map(|q| q.evaluate(&nothing));
    match value {
        Some(Ok(ColumnarValue::Scalar(ScalarValue::Float64(Some(q))))) if (0.0..=1.0).contains(&q) => Ok(q),
        Some(Ok(ColumnarValue::Scalar(other))) => {
            plan_err!("{function}: {other} is no share of the values; write a number from 0 to 1, such as 0.9")
        }
        _ => plan_err!("{function}: the second argument must be a constant from 0 to 1, not a column"),
    }
}

/// The value at a rank that lies `fraction` of the way from one value to the next, as SQL's `percentile_cont`
/// (kpi-rules A1).
pub(super) fn between(low: f64, high: f64, fraction: f64) -> f64 {
    // Infinite values have no line between them.
    if fraction == 0.0 || low == high { low } else { low + (high - low) * fraction }
}
