//! `since` and `until` of `kpi(...)` as instants.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use tapemeasure_model::instant::{civil_from_days, days_from_civil, parse_instant};
use tapemeasure_model::zone::Zone;

use super::call::bad;
use crate::error::QueryError;

/// The first instant of a time: RFC 3339 with an offset; a year, quarter, month or date of the local calendar of `zone`; or
/// a timestamp, which is UTC where it has no zone. None is none. Words that count from the as-of time are none: the text of
/// a query, which views keep, names one period for ever.
///
/// # Errors
/// [`QueryError::BadCall`] for anything else.
pub(super) fn instant(value: Option<&ScalarValue>, name: &str, zone: &Zone) -> Result<Option<i64>, QueryError> {
    let Some(value) = value else { return Ok(None) };
    let none = || {
        bad(format!(
            "{name} {value} is no time; write an RFC 3339 time, a date ('2025-03-01'), a month ('2025-03'), a quarter \
             ('2025-Q1') or a year ('2025')"
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

/// Days since 1970-01-01 of `2025`, `2025-Q1`, `2025-03` or `2025-03-01`.
fn date(text: &str) -> Option<i64> {
    if let Some((year, quarter)) = text.split_once("-Q").or_else(|| text.split_once("-q")) {
        let quarters = ["1", "2", "3", "4"].iter().position(|&known| known == quarter)?;
        return date(&format!("{year}-{:02}", quarters * 3 + 1)).filter(|_| year.len() == 4);
    }
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

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::format_instant;

    use super::*;

    #[test]
    fn dates_begin_with_their_local_day() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        for (text, first) in [
            ("2025", Some("2024-12-31T23:00:00.000000Z")),
            ("2025-Q1", Some("2024-12-31T23:00:00.000000Z")),
            // Berlin is at UTC+2 in summer, and at UTC+1 again on 1 November.
            ("2025-q4", Some("2025-09-30T22:00:00.000000Z")),
            ("2025-11", Some("2025-10-31T23:00:00.000000Z")),
            ("2025-03-01", Some("2025-02-28T23:00:00.000000Z")),
            ("2025-Q5", None),
            ("2025-Q", None),
            ("2025-03-Q1", None),
            ("25-Q1", None),
            ("last-week", None),
        ] {
            let value = ScalarValue::from(text);
            let found = instant(Some(&value), "since", &berlin).ok().flatten().map(format_instant);
            assert_eq!(found.as_deref(), first, "{text}");
        }
    }
}
