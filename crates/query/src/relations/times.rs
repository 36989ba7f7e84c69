//! `since` and `until` of `kpi(...)` as instants.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use tapemeasure_model::instant::{civil_from_days, days_from_civil, parse_instant};
use tapemeasure_model::zone::Zone;

use super::call::bad;
use crate::error::QueryError;

/// The first instant of a time: RFC 3339 with an offset; a year, month or date of the local calendar of `zone`; or a
/// timestamp, which is UTC where it has no zone. None is none.
///
/// # Errors
/// [`QueryError::BadCall`] for anything else.
pub(super) fn instant(value: Option<&ScalarValue>, name: &str, zone: &Zone) -> Result<Option<i64>, QueryError> {
    let Some(value) = value else { return Ok(None) };
    let none = || {
        bad(format!(
            "{name} {value} is no time; write an RFC 3339 time, a date ('2025-03-01'), a month ('2025-03') or a year"
        ))
    };
    if let Some(text) = value.try_as_str() {
        let text = text.unwrap_or_default().trim();
        let found = parse_instant(text).ok().or_else(|| date(text).and_then(|day| start(day, zone)));
        return found.map(Some).ok_or_else(none);
    }
    match value {
        ScalarValue::Date32(Some(day)) => Ok(Some(zone.local_date_start_us(*day))),
        ScalarValue::TimestampSecond(..)
        | ScalarValue::TimestampMillisecond(..)
        | ScalarValue::TimestampMicrosecond(..)
        | ScalarValue::TimestampNanosecond(..) => {
            let us = value.cast_to(&DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
            match us {
                Ok(ScalarValue::TimestampMicrosecond(Some(us), _)) => Ok(Some(us)),
                _ => Err(none()),
            }
        }
        _ => Err(none()),
    }
}

fn start(day: i64, zone: &Zone) -> Option<i64> {
    i32::try_from(day).ok().map(|day| zone.local_date_start_us(day))
}

/// Days since 1970-01-01 of `2025`, `2025-03` or `2025-03-01`.
fn date(text: &str) -> Option<i64> {
    let mut numbers = [1_i64; 3];
    let parts: Vec<&str> = text.split('-').collect();
    if parts.len() > 3 {
        return None;
    }
    for (at, part) in parts.iter().enumerate() {
        let digits = if at == 0 { 4 } else { 2 };
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        numbers[at] = part.parse().ok()?;
    }
    let [year, month, day] = numbers;
    let days = days_from_civil(year, month, day);
    (civil_from_days(days) == (year, month, day)).then_some(days)
}
