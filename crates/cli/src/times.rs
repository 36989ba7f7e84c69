//! Times as people write them on the command line.

use tapemeasure_model::instant::{civil_from_days, days_from_civil, parse_instant};
use tapemeasure_model::zone::{LocalTime, Zone};

use crate::failure::Failure;

const FORMS: &str = "write an RFC 3339 time, a date (2025-03-01), a month (2025-03), a year (2025), today, yesterday, \
    last-30d, last-8w, last-3mo or last-1y";

/// Reads a time: the first instant of what is named, in the local time of `zone`. `today`, `last-…` count from the
/// local day of `now_us`, which is the as-of time: for an archive nothing later exists.
///
/// # Errors
/// A usage error that names the option and what it takes.
pub fn parse(option: &str, text: &str, zone: &Zone, now_us: i64) -> Result<i64, Failure> {
    named(text.trim(), zone, now_us)
        .ok_or_else(|| Failure::usage(format!("{option} {text:?} is no time that is known here; {FORMS}")))
}

fn named(text: &str, zone: &Zone, now_us: i64) -> Option<i64> {
    if let Ok(us) = parse_instant(text) {
        return Some(us);
    }
    let start = |day: i64| i32::try_from(day).ok().map(|day| zone.local_date_start_us(day));
    let today = i64::from(LocalTime::new(zone, now_us, now_us).date(now_us));
    match text {
        "today" => return start(today),
        "yesterday" => return start(today - 1),
        _ => {}
    }
    if let Some(length) = text.strip_prefix("last-") {
        let digits = length.bytes().take_while(u8::is_ascii_digit).count();
        let n: i64 = length[..digits].parse().ok().filter(|&n| n <= 100_000)?;
        let (year, month, day) = civil_from_days(today);
        return match &length[digits..] {
            "d" => start(today - n),
            "w" => start(today - 7 * n),
            "mo" => start(months_before(year, month, day, n)),
            "y" => start(months_before(year, month, day, 12 * n)),
            _ => None,
        };
    }
    start(date(text)?)
}

/// Days since 1970 of `2025`, `2025-03`, `2025-03-01`.
fn date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| -> Option<Option<i64>> {
        match parts.next() {
            None => Some(None),
            Some(p) if p.len() == digits && p.bytes().all(|b| b.is_ascii_digit()) => p.parse().ok().map(Some),
            Some(_) => None,
        }
    };
    let year = part(4)??;
    let month = part(2)?.unwrap_or(1);
    let day = part(2)?.unwrap_or(1);
    let days = days_from_civil(year, month, day);
    (parts.next().is_none() && civil_from_days(days) == (year, month, day)).then_some(days)
}

/// The same day some months before, or the last day of that month where it is shorter.
fn months_before(year: i64, month: i64, day: i64, months: i64) -> i64 {
    let total = year * 12 + month - 1 - months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let last = days_from_civil(next_year, next_month, 1) - 1;
    (days_from_civil(year, month, 1) + day - 1).min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, zone: &str, expect: &str) {
        let zone = Zone::parse(zone).unwrap();
        let now = parse_instant("2025-05-31T10:30:00Z").unwrap();
        assert_eq!(named(text, &zone, now), Some(parse_instant(expect).unwrap()), "{text}");
    }

    #[test]
    fn dates_are_local_and_name_their_first_instant() {
        check("2025-03-03T09:00:00+01:00", "UTC", "2025-03-03T08:00:00Z");
        check("2025-03-31", "Europe/Berlin", "2025-03-30T22:00:00Z");
        check("2025-03", "Europe/Berlin", "2025-02-28T23:00:00Z");
        check("2025", "America/New_York", "2025-01-01T05:00:00Z");
        check("today", "UTC", "2025-05-31T00:00:00Z");
        check("yesterday", "UTC", "2025-05-30T00:00:00Z");
        check("last-30d", "UTC", "2025-05-01T00:00:00Z");
        check("last-1w", "UTC", "2025-05-24T00:00:00Z");
        check("last-3mo", "UTC", "2025-02-28T00:00:00Z");
        check("last-1y", "UTC", "2024-05-31T00:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesteryear",
            "2025-13",
            "2025-02-30",
            "2025-3-1",
            "last-3",
            "last-d",
            "2025-03-03T09:00:00",
            "20250303",
        ] {
            assert_eq!(named(text, &Zone::UTC, 0), None, "{text}");
        }
    }
}
