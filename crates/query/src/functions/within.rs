//! `within(wait, '10 minutes')`: whether a span is no longer than a limit.
//!
//! ```text
//! wait_us           within(wait_us, '10 minutes')
//! ─────────         ─────────────────────────────
//! 600000000    ──►  true
//! 600000001         false
//! null              null
//! ```
//!
//! Whole numbers are microseconds (`wait_us`), all others are seconds (`wait_s`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_float64_array, as_int64_array};
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use tapemeasure_model::settings::duration::parse_duration_us;

use super::{catalog, constant_text, is_text, result, rows_of};

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Within {
    signature: Signature,
}

impl Within {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Within {
    fn name(&self) -> &str {
        "within"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [span, limit] if is_text(limit) && (span.is_integer() || span.is_null()) => {
                Ok(vec![DataType::Int64, DataType::Utf8])
            }
            [span, limit] if is_text(limit) && span.is_numeric() => Ok(vec![DataType::Float64, DataType::Utf8]),
            _ => plan_err!("write within(wait_us, '10 minutes') or within(wait_s, '10 minutes')"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let spans = args.args[0].to_array(rows)?;
        let Some(limit) = constant_text(&args.args[1], "within", "the limit")? else {
            return result(new_null_array(&DataType::Boolean, rows), constant);
        };
        let limit_us = parse_duration_us(limit)
            .ok_or_else(|| exec_datafusion_err!("within: '{limit}' is no duration; write 10m, 90s or 1h 30m"))?;
        let met = match spans.data_type() {
            DataType::Float64 => {
                let (spans, limit_s) = (as_float64_array(&spans)?.values(), limit_us as f64 / 1_000_000.0);
                BooleanBuffer::collect_bool(rows, |row| spans[row] <= limit_s)
            }
            _ => {
                let spans = as_int64_array(&spans)?.values();
                BooleanBuffer::collect_bool(rows, |row| spans[row] <= limit_us)
            }
        };
        let met: ArrayRef = Arc::new(BooleanArray::new(met, spans.nulls().cloned()));
        result(met, constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int64Array};

    use super::super::testing::{call, text};
    use super::*;

    #[track_caller]
    fn check(spans: ArrayRef, limit: &str, expected: [Option<bool>; 3]) {
        let args = vec![ColumnarValue::Array(spans), text(limit)];
        let ColumnarValue::Array(found) = call(&Within::new(), args, 3).unwrap() else {
            unreachable!("a column gives a column")
        };
        assert_eq!(found.as_ref(), &BooleanArray::from(expected.to_vec()) as &dyn Array);
    }

    #[test]
    fn the_limit_itself_is_within() {
        let expected = [Some(true), Some(false), None];
        let us = Int64Array::from(vec![Some(600_000_000), Some(600_000_001), None]);
        check(Arc::new(us), "10 minutes", expected);
        let seconds = Float64Array::from(vec![Some(90.0), Some(90.1), None]);
        check(Arc::new(seconds), "1m 30s", expected);
    }
}
