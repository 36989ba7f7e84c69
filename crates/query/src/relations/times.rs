//! `since` and `until` of `kpi(...)` as instants.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use tapemeasure_model::times::{Clock, Named, between};
use tapemeasure_model::zone::Zone;

use super::KPI;
use super::call::bad;
use crate::error::QueryError;

/// First instant of a period, and first instant after it; none where it has none.
type Bounds = (Option<i64>, Option<i64>);

/// The period of two times, as [`between`] tells it: texts as the command line takes them, read by `clock`; dates of the
/// local calendar of `zone`; or timestamps, which are UTC where they have no zone.
///
/// # Errors
/// [`QueryError::UnknownTime`] for a text that names no time, [`QueryError::BadCall`] for anything else.
pub(super) fn period(
    since: Option<&ScalarValue>,
    until: Option<&ScalarValue>,
    clock: &Clock,
    zone: &Zone,
) -> Result<Bounds, QueryError> {
    let since = since.map(|value| read(value, "since", clock, zone)).transpose()?;
    let until = until.map(|value| read(value, "until", clock, zone)).transpose()?;
    Ok(between(since, until))
}

/// The time that the argument of that name is.
fn read(value: &ScalarValue, name: &'static str, clock: &Clock, zone: &Zone) -> Result<Named, QueryError> {
    if let Some(text) = value.try_as_str() {
        let unknown = |error| QueryError::UnknownTime { function: KPI, argument: name, error };
        return clock.read(text.unwrap_or_default()).map_err(unknown);
    }
    let none = || {
        bad(format!(
            "{name} {value} is no time; write a text such as '2025-03-01' or 'last-30d', a DATE or a timestamp"
        ))
    };
    match value {
        ScalarValue::Date32(Some(day)) => Ok(Named::at(zone.local_date_start_us(*day))),
        ScalarValue::TimestampSecond(..)
        | ScalarValue::TimestampMillisecond(..)
        | ScalarValue::TimestampMicrosecond(..)
        | ScalarValue::TimestampNanosecond(..) => {
            let us = value.cast_to(&DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
            match us {
                Ok(ScalarValue::TimestampMicrosecond(Some(us), _)) => Ok(Named::at(us)),
                _ => Err(none()),
            }
        }
        _ => Err(none()),
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::{format_instant, parse_instant};
    use tapemeasure_model::settings::Settings;

    use super::*;

    /// The period of two texts in Berlin, as of Saturday, 31 May 2025.
    fn of(since: Option<&str>, until: Option<&str>) -> Result<[Option<String>; 2], String> {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let clock = Clock::new(berlin, &Settings::default(), parse_instant("2025-05-31T10:30:00Z").unwrap());
        let (since, until) = (since.map(ScalarValue::from), until.map(ScalarValue::from));
        let found = period(since.as_ref(), until.as_ref(), &clock, &berlin);
        found
            .map(|(since_us, until_us)| [since_us, until_us].map(|us| us.map(format_instant)))
            .map_err(|error| error.to_string())
    }

    /// Worked by hand: Berlin is at UTC+2 from 30 March to 26 October 2025, and at UTC+1 before and after.
    #[test]
    fn texts_are_those_of_the_command_line() {
        let us = |text: &str| Some(format!("{text}:00:00.000000Z"));
        for (since, until, expected) in [
            (Some("2025"), None, [us("2024-12-31T23"), None]),
            (Some("2025-Q1"), Some("2025-q4"), [us("2024-12-31T23"), us("2025-09-30T22")]),
            (Some("2025-03-01"), Some("2025-11"), [us("2025-02-28T23"), us("2025-10-31T23")]),
            (Some("last-30d"), None, [us("2025-04-30T22"), None]),
            (Some("last-30d"), Some("today"), [us("2025-04-30T22"), us("2025-05-30T22")]),
            (Some("last-week"), None, [us("2025-05-18T22"), us("2025-05-25T22")]),
            (Some("last-week"), Some("now"), [us("2025-05-18T22"), None]),
            (Some("last-month"), Some("2025-05-01"), [us("2025-03-31T22"), us("2025-04-30T22")]),
            (None, Some("yesterday"), [None, us("2025-05-29T22")]),
            (None, None, [None, None]),
        ] {
            assert_eq!(of(since, until), Ok(expected), "{since:?} {until:?}");
        }
        let unknown = of(Some("2025-Q5"), None).unwrap_err();
        assert!(unknown.starts_with("kpi(): since \"2025-Q5\" is no time that is known here; write an"), "{unknown}");
        let near = of(None, Some("last-wek")).unwrap_err();
        assert!(near.starts_with("kpi(): until \"last-wek\" is no time that is known here; did you mean last-week? "));
    }
}
