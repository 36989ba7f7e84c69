//! The `Date` of a mail: RFC 5322, sections 3.3 and 4.3, and what programs write that do not know it.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US, SECOND_US};

use crate::formats::adapter::times::rfc3339;
use crate::quarantine::Reason;

/// The header field, for messages.
pub const DATE: &str = "Date";

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Names of zones that RFC 5322 knows, with their hours east of UTC.
const ZONES: [(&str, i64); 12] = [
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("EDT", -4),
    ("EST", -5),
    ("CDT", -5),
    ("CST", -6),
    ("MDT", -6),
    ("MST", -7),
    ("PDT", -7),
    ("PST", -8),
];

/// What a `Date` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// A time, in microseconds since 1970 UTC.
    Instant(i64),
    /// A date and a time that do not say where.
    Local(NaiveDateTime),
}

/// Reads a date.
///
/// | text | is |
/// |---|---|
/// | `Tue, 4 Mar 2025 10:00:00 +1300 (NZDT)` | the usual form |
/// | `4 Mar 2025 10:00 +1300` | the same: weekday, seconds and comments may be left out |
/// | `04-Mar-2025 10:00 GMT`, `4 March 25 10:00 EST` | hyphens, long months, old years and zones |
/// | `4 Mar 2025 10:00:00 CET` | as +0000, like all names of zones that RFC 5322 does not know (section 4.3) |
/// | `4 Mar 2025 10:00:00` | a local time |
/// | `2025-03-04T10:00:00+01:00` | RFC 3339 |
///
/// A weekday is not checked: a wrong one does not make the date wrong.
///
/// # Errors
/// [`Reason::BadTime`], [`Reason::TimeOutOfRange`].
pub fn parse(text: &str) -> Result<Stamp, Reason> {
    let bare = without_comments(text);
    match read(&bare) {
        Some((local, None)) => Ok(Stamp::Local(local)),
        Some((local, Some(offset_s))) => {
            let us = local.and_utc().timestamp_micros() - offset_s * SECOND_US;
            if (MIN_INSTANT_US..=MAX_INSTANT_US).contains(&us) {
                Ok(Stamp::Instant(us))
            } else {
                Err(Reason::TimeOutOfRange)
            }
        }
        None => rfc3339(&bare, DATE).map(Stamp::Instant),
    }
}

/// Date and time with the seconds of the zone east of UTC, if one is named.
fn read(text: &str) -> Option<(NaiveDateTime, Option<i64>)> {
    let mut words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let mut first = words.next()?;
    if first.starts_with(|c: char| c.is_ascii_alphabetic()) {
        first = words.next()?;
    }
    let mut parts = first.split('-');
    let (day, month, year) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(day), Some(month), Some(year), None) => (day, month, year),
        (Some(day), None, None, None) => (day, words.next()?, words.next()?),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year_of(year)?, month_of(month)?, number(day, 2)?)?;
    let mut parts = words.next()?.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = match parts.next() {
        // A fraction of a second is nobody's business here.
        Some(second) => number(second.split_once('.').map_or(second, |(whole, _)| whole), 2)?,
        None => 0,
    };
    if parts.next().is_some() || second > 60 {
        return None;
    }
    let time = date.and_hms_opt(hour, minute, 0)?.checked_add_signed(TimeDelta::seconds(i64::from(second)))?;
    match words.next() {
        None => Some((time, None)),
        Some(zone) => Some((time, Some(offset_s_of(zone)?))),
    }
}

/// Years of two and three digits are old forms: 00 to 49 are 2000 to 2049, the others count from 1900.
fn year_of(text: &str) -> Option<i32> {
    let year = i32::try_from(number(text, 6)?).ok()?;
    match text.len() {
        2 if year < 50 => Some(year + 2000),
        2 | 3 => Some(year + 1900),
        1 => None,
        _ => Some(year),
    }
}

/// Month from 1, by the first three letters of its name.
fn month_of(text: &str) -> Option<u32> {
    let name = text.get(..3)?;
    let place = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    u32::try_from(place + 1).ok()
}

/// Seconds east of UTC. `None` for what is no zone, 25 hours from UTC for one.
fn offset_s_of(zone: &str) -> Option<i64> {
    if let Some((_, hours)) = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(zone)) {
        return Some(hours * 3_600);
    }
    let signed = ["GMT", "UTC"].iter().find_map(|name| {
        let (front, rest) = zone.split_at_checked(name.len())?;
        front.eq_ignore_ascii_case(name).then_some(rest)
    });
    let signed = signed.unwrap_or(zone);
    let (sign, digits) = match signed.as_bytes().first()? {
        b'+' => (1, &signed[1..]),
        b'-' => (-1, &signed[1..]),
        // Half a day is no zone.
        _ if ["AM", "PM"].iter().any(|half| half.eq_ignore_ascii_case(zone)) => return None,
        _ => return zone.bytes().all(|byte| byte.is_ascii_alphabetic()).then_some(0),
    };
    let digits = digits.replace(':', "");
    let value = i64::from(number(&digits, 4)?);
    let (hours, minutes) = if digits.len() <= 2 { (value, 0) } else { (value / 100, value % 100) };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// One to `longest` digits.
fn number(text: &str, longest: usize) -> Option<u32> {
    let fits = (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// The text with a blank for every comment. Comments stand in parentheses, also in each other, where a backslash takes
/// the meaning of a parenthesis away.
fn without_comments(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if depth > 0 => escaped = true,
            '(' => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                bare.push(' ');
            }
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: GNU `date -u -d "2025-03-04 10:00:00" +%s`.
    const MORNING_US: i64 = 1_741_082_400_000_000;
    const HOUR_US: i64 = 3_600 * SECOND_US;

    #[test]
    fn every_form_of_a_date_is_read() {
        for (text, hours_before) in [
            ("Tue, 04 Mar 2025 10:00:00 +0000", 0),
            ("Tue, 4 Mar 2025 10:00:00 -0000", 0),
            ("4 Mar 2025 10:00 GMT", 0),
            ("Tue,4 Mar 2025 10:00:00 UT", 0),
            ("Tue, 4 Mar 2025 10:00:00 +1300 (NZDT)", 13),
            ("Tue, 4 Mar 2025 10:00:00 +1200", 12),
            ("Tue, 4 Mar 2025 10:00:00 -1200", -12),
            ("Tue, 4 Mar 2025 10:00:00 +01:00", 1),
            ("Tue, 4 Mar 2025 10:00:00 GMT+0100", 1),
            ("tuesday, 4 MARCH 25 10:00:00 est", -5),
            ("Tuesday, 04-Mar-25 10:00:00 PDT", -7),
            ("Tue (what (a \\) day)) , 4 Mar 125 (year) 10:00:00 PST", -8),
            ("Tue, 4 Mar 2025 10:00:00 CET", 0),
            ("Mon, 4 Mar 2025 10:00:00.75 +0000", 0),
            ("2025-03-04T10:00:00Z", 0),
            ("2025-03-04 10:00:00 (sic)", i64::MAX),
        ] {
            let expected = match hours_before {
                i64::MAX => Err(Reason::BadTime(DATE)),
                hours => Ok(Stamp::Instant(MORNING_US - hours * HOUR_US)),
            };
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse("4 Mar 2025 10:00:00 +0530"), Ok(Stamp::Instant(MORNING_US - 11 * HOUR_US / 2)));
        assert_eq!(parse("4 Mar 2025 09:59:60 +0000"), Ok(Stamp::Instant(MORNING_US)));
        assert_eq!(parse("Thu, 1 Jan 1970 00:00:00 +0000"), Ok(Stamp::Instant(0)));
        assert_eq!(parse("Thu, 1 Jan 99 00:00:00 +0000"), Ok(Stamp::Instant(915_148_800_000_000)));
    }

    /// Expected: chrono's reader of RFC 2822, where both accept a text.
    #[test]
    fn regular_dates_are_what_chrono_reads() {
        for text in [
            "Fri, 21 Nov 1997 09:55:06 -0600",
            "Tue, 1 Jul 2003 10:52:37 +0200",
            "Thu, 13 Feb 1969 23:32:54 -0330",
            "29 Feb 2024 23:59:59 +1400",
            "Sun, 27 Oct 2002 23:57:07 EST",
        ] {
            let expected = chrono::DateTime::parse_from_rfc2822(text).unwrap().timestamp_micros();
            assert_eq!(parse(text), Ok(Stamp::Instant(expected)), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_says_so() {
        let local = "2025-03-04T10:00:00".parse().unwrap();
        assert_eq!(parse("Tue, 4 Mar 2025 10:00:00"), Ok(Stamp::Local(local)));
        assert_eq!(parse("4 Mar 2025 10:00 (Berlin)"), Ok(Stamp::Local(local)));
    }

    #[test]
    fn what_is_no_date_is_said_to_be_none() {
        for text in [
            "",
            "soon",
            "Tue, 31 Feb 2025 10:00:00 +0000",
            "Tue, 4 Foo 2025 10:00:00 +0000",
            "Tue, 4 Mar 2025 25:00:00 +0000",
            "Tue, 4 Mar 2025 10:00:61 +0000",
            "Tue, 4 Mar 2025 10 +0000",
            "Tue, 4 Mar 2025 10:00:00 +2500",
            "Tue, 4 Mar 2025 10:00:00 +0090",
            "Tue, 4 Mar 2025 10:00:00 PM",
            "Tue, 4 Mar 2025 10:00:00 +",
            "4 Mä 2025 10:00:00 +0000",
            "(4 Mar 2025 10:00:00 +0000",
        ] {
            assert_eq!(parse(text), Err(Reason::BadTime(DATE)), "{text}");
        }
        assert_eq!(parse("1 Jan 10000 00:00:00 +0000"), Err(Reason::TimeOutOfRange));
    }
}
