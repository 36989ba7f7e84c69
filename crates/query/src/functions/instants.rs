//! Exact instants: `instant('2025-03-03T09:00:00Z')`, and the microseconds between two, `elapsed_us(from, to)`.
//!
//! SQL's `TIMESTAMP` literal is read by DataFusion as nanoseconds without zone, which holds only the years 1677 to 2262
//! and would have whole columns converted before they are compared. `instant` is read like every other instant of the
//! archive (RFC 3339 with offset) and has the type of the columns, so that files are skipped by their statistics.

use std::sync::Arc;

use arrow::array::{Array, Int64Array, TimestampMicrosecondArray};
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_string_view_array, as_timestamp_microsecond_array};
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use tapemeasure_model::instant::parse_instant;
use tapemeasure_model::schema::instant_type;

use super::{catalog, is_text, is_time, result, rows_of};

/// `instant(text)`: RFC 3339 with an offset as a timestamp. Null gives null.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Instant {
    signature: Signature,
}

impl Instant {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Instant {
    fn name(&self) -> &str {
        "instant"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [text] if is_text(text) => Ok(vec![DataType::Utf8View]),
            _ => plan_err!("write instant('2025-03-03T09:00:00Z')"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(instant_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let texts = args.args[0].to_array(rows)?;
        let instants = as_string_view_array(&texts)?
            .iter()
            .map(|text| {
                let read = |text| parse_instant(text).map_err(|e| exec_datafusion_err!("instant('{text}'): {e}"));
                text.map(read).transpose()
            })
            .collect::<Result<TimestampMicrosecondArray>>()?;
        result(Arc::new(instants.with_timezone("UTC")), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// `elapsed_us(from, to)`: microseconds from one instant to another, negative if the other comes first. Null if either
/// is.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Elapsed {
    signature: Signature,
}

impl Elapsed {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Elapsed {
    fn name(&self) -> &str {
        "elapsed_us"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [from, to] if is_time(from) && is_time(to) => Ok(vec![instant_type(); 2]),
            _ => plan_err!("elapsed_us takes two timestamps, such as opened_at, ended_at"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let (from, to) = (args.args[0].to_array(rows)?, args.args[1].to_array(rows)?);
        let (from, to) = (as_timestamp_microsecond_array(&from)?, as_timestamp_microsecond_array(&to)?);
        let elapsed: Vec<i64> =
            from.values().iter().zip(to.values().iter()).map(|(&from, &to)| to.saturating_sub(from)).collect();
        let nulls = arrow::buffer::NullBuffer::union(from.nulls(), to.nulls());
        result(Arc::new(Int64Array::new(elapsed.into(), nulls)), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;

    use super::super::testing::{call, view};
    use super::*;

    #[track_caller]
    fn value(result: Result<ColumnarValue>) -> ScalarValue {
        let ColumnarValue::Scalar(value) = result.unwrap() else { unreachable!("constants give a constant") };
        value
    }

    #[test]
    fn instants_are_read_with_their_offset() {
        let instant = value(call(&Instant::new(), vec![view("2025-03-03T10:00:00.25+01:00")], 1));
        assert_eq!(instant, ScalarValue::TimestampMicrosecond(Some(1_740_992_400_250_000), Some("UTC".into())));
        let error = call(&Instant::new(), vec![view("2025-03-03T10:00:00")], 1).unwrap_err().to_string();
        assert!(error.contains("instant('2025-03-03T10:00:00'): time without UTC offset"), "{error}");
    }

    #[test]
    fn elapsed_counts_from_the_first_to_the_second() {
        let at = |us| ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(us, Some("UTC".into())));
        assert_eq!(value(call(&Elapsed::new(), vec![at(Some(5)), at(Some(12))], 1)), ScalarValue::Int64(Some(7)));
        assert_eq!(value(call(&Elapsed::new(), vec![at(Some(5)), at(None)], 1)), ScalarValue::Int64(None));
    }
}
