//! Durations as people write and read them: `duration_us('10 minutes')`, `human_duration(wait_us)`, `wait_band(wait_us)`.
//!
//! ```text
//! wait_us         human_duration(wait_us)   wait_band(wait_us, '10m,1h')
//! ──────────      ───────────────────────   ────────────────────────────
//! 372000000  ──►  6 min 12 s                1: up to 10m
//! 4320000000      1 h 12 min                3: over 1h
//! null            null                      null
//! ```
//!
//! As in [`within`](super::within), whole numbers are microseconds (`wait_us`), all others are seconds (`wait_s`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringViewArray, new_null_array};
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_float64_array, as_int64_array, as_string_view_array};
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use tapemeasure_model::settings::duration::{format_duration_us, parse_duration_us};

use super::{catalog, constant_text, is_text, result, rows_of};

const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;
const HOUR_US: u64 = 60 * MINUTE_US;
const DAY_US: u64 = 24 * HOUR_US;

/// Bounds of [`WaitBand`] where none are given: the steps in which support counts its waits.
const BOUNDS: &str = "1m,5m,10m,30m,1h,4h,1d";

/// `duration_us(text)`: a duration in microseconds. Null gives null, what is no duration is an error.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DurationUs {
    signature: Signature,
}

impl DurationUs {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DurationUs {
    fn name(&self) -> &str {
        "duration_us"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [text] if is_text(text) => Ok(vec![DataType::Utf8View]),
            _ => plan_err!("write duration_us('10 minutes')"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let texts = args.args[0].to_array(rows)?;
        let read = |text: &str| {
            parse_duration_us(text)
                .ok_or_else(|| exec_datafusion_err!("duration_us: '{text}' is no duration; write 10m, 90s or 1h 30m"))
        };
        let spans = as_string_view_array(&texts)?
            .iter()
            .map(|text| text.map(read).transpose())
            .collect::<Result<Int64Array>>()?;
        result(Arc::new(spans), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// `human_duration(span)`: a span in its two largest units, rounded to the smaller.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct HumanDuration {
    signature: Signature,
}

impl HumanDuration {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for HumanDuration {
    fn name(&self) -> &str {
        "human_duration"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [span] => match span_type(span) {
                Some(span) => Ok(vec![span]),
                None => plan_err!("write human_duration(wait_us) or human_duration(wait_s)"),
            },
            _ => plan_err!("write human_duration(wait_us) or human_duration(wait_s)"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let spans = microseconds(&args.args[0].to_array(rows)?)?;
        let texts: StringViewArray = spans.into_iter().map(|us| us.map(spelled)).collect();
        result(Arc::new(texts), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// `wait_band(span, bounds)`: the band of a histogram that a span lies in; a bound belongs to the band that it ends.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct WaitBand {
    signature: Signature,
}

impl WaitBand {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for WaitBand {
    fn name(&self) -> &str {
        "wait_band"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let (span, bounds) = match arg_types {
            [span] => (span, None),
            [span, bounds] if is_text(bounds) => (span, Some(DataType::Utf8)),
            _ => return plan_err!("write wait_band(wait_us) or wait_band(wait_us, '10m,1h')"),
        };
        match span_type(span) {
            Some(span) => Ok([Some(span), bounds].into_iter().flatten().collect()),
            None => plan_err!("wait_band takes a number, such as wait_us or wait_s"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let bounds = match args.args.get(1) {
            None => Some(BOUNDS),
            Some(bounds) => constant_text(bounds, "wait_band", "the bounds")?,
        };
        let Some(bounds) = bounds else {
            return result(new_null_array(&DataType::Utf8View, rows), constant);
        };
        let (bounds, labels) = bands(bounds)?;
        let spans = microseconds(&args.args[0].to_array(rows)?)?;
        let found: StringViewArray = spans
            .into_iter()
            .map(|us| us.map(|us| labels[bounds.partition_point(|&bound| bound < us)].as_str()))
            .collect();
        result(Arc::new(found), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}

/// The type that a span is read as.
fn span_type(given: &DataType) -> Option<DataType> {
    if given.is_integer() || given.is_null() {
        return Some(DataType::Int64);
    }
    given.is_numeric().then_some(DataType::Float64)
}

/// Spans in microseconds. Seconds that are no number, or more than 292,000 years, give none.
fn microseconds(spans: &ArrayRef) -> Result<Vec<Option<i64>>> {
    if *spans.data_type() == DataType::Int64 {
        return Ok(as_int64_array(spans)?.iter().collect());
    }
    let us = |seconds: f64| {
        let us = (seconds * 1e6).round();
        (us.abs() < i64::MAX as f64).then_some(us as i64)
    };
    Ok(as_float64_array(spans)?.iter().map(|seconds| seconds.and_then(us)).collect())
}

/// A span as people read it.
fn spelled(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    format!("{sign}{}", magnitude(us.unsigned_abs()))
}

fn magnitude(us: u64) -> String {
    if us < 1_000 {
        return if us == 0 { "0 s".to_owned() } else { format!("{us} us") };
    }
    if us < SECOND_US {
        let ms = rounded(us, 1_000);
        return if ms == 1_000 { "1 s".to_owned() } else { format!("{ms} ms") };
    }
    if us < MINUTE_US {
        let tenths = rounded(us, SECOND_US / 10);
        return match (tenths / 10, tenths % 10) {
            (60, _) => "1 min".to_owned(),
            (seconds, 0) => format!("{seconds} s"),
            (seconds, tenth) => format!("{seconds}.{tenth} s"),
        };
    }
    if us < HOUR_US {
        let seconds = rounded(us, SECOND_US);
        return if seconds == 3_600 { "1 h".to_owned() } else { pair(seconds, 60, "min", "s") };
    }
    if us < DAY_US {
        let minutes = rounded(us, MINUTE_US);
        return if minutes == 1_440 { "1 d".to_owned() } else { pair(minutes, 60, "h", "min") };
    }
    let hours = rounded(us, HOUR_US);
    match hours % 24 {
        0 => format!("{} d", hours / 24),
        rest => format!("{} d {rest} h", hours / 24),
    }
}

/// `n` of the smaller unit in both; the smaller with two digits, and left out where it is none.
fn pair(n: u64, ratio: u64, large: &str, small: &str) -> String {
    match n % ratio {
        0 => format!("{} {large}", n / ratio),
        rest => format!("{} {large} {rest:02} {small}", n / ratio),
    }
}

/// How many units, half of one counting as one.
fn rounded(us: u64, unit: u64) -> u64 {
    (us + unit / 2) / unit
}

/// Bounds in microseconds, and a label for the band up to each and for the one over the last.
///
/// # Errors
/// A bound is no duration, or not longer than the one before.
fn bands(text: &str) -> Result<(Vec<i64>, Vec<String>)> {
    let mut bounds: Vec<i64> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let Some(us) = parse_duration_us(part) else {
            return exec_err!("wait_band: '{part}' is no duration; write bounds such as '10m,1h,1d'");
        };
        if bounds.last().is_some_and(|&last| last >= us) {
            return exec_err!("wait_band: '{part}' is not longer than the bound before it");
        }
        bounds.push(us);
    }
    // As many digits for each that the order of the texts is that of the bands.
    let digits = (bounds.len() + 1).to_string().len();
    let named = bounds.iter().map(|&us| format!("up to {}", format_duration_us(us)));
    let over = bounds.last().map(|&us| format!("over {}", format_duration_us(us)));
    let labels = named.chain(over).enumerate().map(|(at, label)| format!("{:0digits$}: {label}", at + 1)).collect();
    Ok((bounds, labels))
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Float64Array};
    use datafusion::common::ScalarValue;

    use super::super::testing::{call, text, view};
    use super::*;

    #[test]
    fn spans_read_in_their_two_largest_units() {
        for (us, expected) in [
            (0, "0 s"),
            (12, "12 us"),
            (250_400, "250 ms"),
            (999_700, "1 s"),
            (12_340_000, "12.3 s"),
            (42_000_000, "42 s"),
            (59_960_000, "1 min"),
            (372_000_000, "6 min 12 s"),
            (365_000_000, "6 min 05 s"),
            (600_000_000, "10 min"),
            (3_599_600_000, "1 h"),
            (4_320_000_000, "1 h 12 min"),
            (11_100_000_000, "3 h 05 min"),
            (86_399_000_000, "1 d"),
            (187_200_000_000, "2 d 4 h"),
            (-372_000_000, "-6 min 12 s"),
            (i64::MIN, "-106751991 d 4 h"),
        ] {
            assert_eq!(spelled(us), expected, "{us}");
        }
    }

    #[test]
    fn seconds_and_microseconds_are_told_apart_by_their_type() {
        let seconds: ArrayRef = Arc::new(Float64Array::from(vec![Some(90.0), None, Some(f64::NAN), Some(1e300)]));
        let found = call(&HumanDuration::new(), vec![ColumnarValue::Array(seconds)], 4).unwrap();
        let ColumnarValue::Array(found) = found else { unreachable!("a column gives a column") };
        let found: Vec<Option<&str>> = found.as_string_view().iter().collect();
        assert_eq!(found, [Some("1 min 30 s"), None, None, None]);
    }

    #[test]
    fn durations_are_read() {
        let found = call(&DurationUs::new(), vec![view("1h 30m")], 1).unwrap();
        let ColumnarValue::Scalar(found) = found else { unreachable!("a constant gives a constant") };
        assert_eq!(found, ScalarValue::Int64(Some(5_400_000_000)));
        let error = call(&DurationUs::new(), vec![view("soon")], 1).unwrap_err().to_string();
        assert!(error.contains("duration_us: 'soon' is no duration"), "{error}");
    }

    #[test]
    fn a_bound_belongs_to_the_band_that_it_ends() {
        let spans: ArrayRef =
            Arc::new(Int64Array::from(vec![Some(0), Some(600_000_000), Some(600_000_001), Some(3_600_000_001), None]));
        let found = call(&WaitBand::new(), vec![ColumnarValue::Array(spans), text("10m, 1h")], 5).unwrap();
        let ColumnarValue::Array(found) = found else { unreachable!("a column gives a column") };
        let found: Vec<Option<&str>> = found.as_string_view().iter().collect();
        assert_eq!(found, [Some("1: up to 10m"), Some("1: up to 10m"), Some("2: up to 1h"), Some("3: over 1h"), None]);
        let error = bands("1h,10m").unwrap_err().to_string();
        assert!(error.contains("'10m' is not longer than the bound before it"), "{error}");
        let (_, labels) = bands("1s,2s,3s,4s,5s,6s,7s,8s,9s").unwrap();
        assert_eq!((labels[0].as_str(), labels[9].as_str()), ("01: up to 1s", "10: over 9s"));
    }
}
