//! Instants: microseconds since 1970-01-01 UTC as `i64`, and RFC 3339 text.

use chrono::{DateTime, Datelike, NaiveDate};

/// One second in microseconds.
pub const SECOND_US: i64 = 1_000_000;
/// One minute in microseconds.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// One hour in microseconds.
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// One day of 24 hours in microseconds.
pub const DAY_US: i64 = 24 * HOUR_US;
/// 0001-01-01T00:00:00Z, the earliest instant that is accepted.
pub const MIN_INSTANT_US: i64 = -62_135_596_800 * SECOND_US;
/// 9999-12-31T23:59:59.999999Z, the latest instant that is accepted.
pub const MAX_INSTANT_US: i64 = 253_402_300_800 * SECOND_US - 1;

/// Why a text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstantError {
    /// A date and time, but no `Z` and no offset.
    #[error("time without UTC offset; write 2025-03-03T09:00:00Z or ...+01:00")]
    MissingOffset,
    /// Anything else that is not RFC 3339.
    #[error("not an RFC 3339 time; write 2025-03-03T09:00:00Z or ...+01:00")]
    Malformed,
    /// Outside the years 1 to 9999 in UTC.
    #[error("time outside the years 1 to 9999")]
    OutOfRange,
}

/// Reads RFC 3339 with an offset, `2025-03-03T09:00:00.25+01:00`.
///
/// Date and time may be parted by `T`, `t` or a blank; the offset is `Z`, `z`, `+hh:mm`, `+hhmm` or `+hh`. Seconds are
/// needed; digits of a second beyond the sixth are cut off. A leap second (`:60`) is the first instant of the next
/// minute.
///
/// # Errors
/// [`InstantError`], which says whether only the offset is missing.
pub fn parse_instant(text: &str) -> Result<i64, InstantError> {
    parse_instant_bytes(text.as_bytes())
}

/// [`parse_instant`] of bytes that need not be UTF-8.
///
/// # Errors
/// As [`parse_instant`].
pub fn parse_instant_bytes(text: &[u8]) -> Result<i64, InstantError> {
    use InstantError::{Malformed, MissingOffset, OutOfRange};
    if text.len() < 19 {
        return Err(Malformed);
    }
    let number = |from: usize, to: usize| -> Result<i64, InstantError> {
        text[from..to]
            .iter()
            .try_fold(0_i64, |n, &b| if b.is_ascii_digit() { Ok(n * 10 + i64::from(b - b'0')) } else { Err(Malformed) })
    };
    if text[4] != b'-'
        || text[7] != b'-'
        || !matches!(text[10], b'T' | b't' | b' ')
        || text[13] != b':'
        || text[16] != b':'
    {
        return Err(Malformed);
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return Err(Malformed);
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err(Malformed);
    }
    let mut at = 19;
    let mut fraction_us = 0;
    if text.get(at) == Some(&b'.') {
        at += 1;
        let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return Err(Malformed);
        }
        let mut scale = 100_000;
        for &b in &text[at..at + digits.min(6)] {
            fraction_us += i64::from(b - b'0') * scale;
            scale /= 10;
        }
        at += digits;
    }
    let offset_s = match text.get(at) {
        None => return Err(MissingOffset),
        Some(b'Z' | b'z') if text.len() == at + 1 => 0,
        Some(&sign @ (b'+' | b'-')) => {
            let (hours, minutes) = match text.len() - at {
                3 => (number(at + 1, at + 3)?, 0),
                5 => (number(at + 1, at + 3)?, number(at + 3, at + 5)?),
                6 if text[at + 3] == b':' => (number(at + 1, at + 3)?, number(at + 4, at + 6)?),
                _ => return Err(Malformed),
            };
            if hours > 23 || minutes > 59 {
                return Err(Malformed);
            }
            let offset = hours * 3_600 + minutes * 60;
            if sign == b'-' { -offset } else { offset }
        }
        Some(_) => return Err(Malformed),
    };
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_s;
    let us = seconds * SECOND_US + fraction_us;
    if (MIN_INSTANT_US..=MAX_INSTANT_US).contains(&us) { Ok(us) } else { Err(OutOfRange) }
}

/// Writes an instant as `2025-03-03T09:00:00.000000Z`. Instants that chrono cannot hold are written as a number of
/// microseconds.
pub fn format_instant(us: i64) -> String {
    match DateTime::from_timestamp_micros(us) {
        Some(t) => t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        None => format!("{us} us"),
    }
}

/// The end of a stretch as people say it, `end_us` being the first instant after it: one that is known up to an as-of time,
/// that instant included, ends a microsecond later, and is said to end with it. Events come by the second or millisecond,
/// so a microsecond after one is such an end.
pub const fn said_end_us(end_us: i64) -> i64 {
    if end_us.rem_euclid(1_000) == 1 { end_us - 1 } else { end_us }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; the month is 1 to 12.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Days since 1970-01-01 of the first day of a month, given as months since January of the year 0.
pub const fn first_of_month(months: i64) -> i64 {
    days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1, 1)
}

/// Year, month (1 to 12) and day of a number of days since 1970-01-01: the inverse of [`days_from_civil`], from the
/// same paper.
pub const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date.
pub fn days_of_date(date: NaiveDate) -> i64 {
    days_from_civil(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected seconds: GNU `date -u -d TEXT +%s`.
    #[test]
    fn reads_what_rfc_3339_allows() {
        let cases = [
            ("2025-03-03T09:00:00Z", 1_740_992_400_000_000),
            ("2025-03-03T09:00:00.25Z", 1_740_992_400_250_000),
            ("2025-03-03T09:00:00.1234567Z", 1_740_992_400_123_456),
            ("2025-03-03 10:00:00+01:00", 1_740_992_400_000_000),
            ("2025-03-03t03:30:00-0530", 1_740_992_400_000_000),
            ("1969-12-31T23:59:59Z", -1_000_000),
            ("2024-02-29T00:00:00z", 1_709_164_800_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ];
        for (text, us) in cases {
            assert_eq!(parse_instant(text), Ok(us), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        use InstantError::{Malformed, MissingOffset, OutOfRange};
        let cases = [
            ("2025-03-03T09:00:00", MissingOffset),
            ("2025-03-03 09:00:00.5", MissingOffset),
            ("2025-02-29T00:00:00Z", Malformed),
            ("2025-13-01T00:00:00Z", Malformed),
            ("2025-03-03T24:00:00Z", Malformed),
            ("2025-03-03T09:00:00.Z", Malformed),
            ("2025-03-03T09:00:00Zjunk", Malformed),
            ("2025-03-03", Malformed),
            ("", Malformed),
            ("0001-01-01T00:00:00+01:00", OutOfRange),
        ];
        for (text, error) in cases {
            assert_eq!(parse_instant(text), Err(error), "{text}");
        }
    }

    #[test]
    fn dates_agree_with_chrono() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
            let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            assert_eq!((i64::from(date.year()), i64::from(date.month()), i64::from(date.day())), (year, month, day));
        }
    }

    /// By hand: 31 days from 1 December 1969 to 1 January 1970, 59 from there to 1 March. From the year 0, which is a leap
    /// year, to 1970 it is a year of 366 days and the 719,162 days that Python's `date` counts from the year 1.
    #[test]
    fn months_count_on_over_the_ends_of_years() {
        let january = 1970 * 12;
        assert_eq!([january - 1, january, january + 2].map(first_of_month), [-31, 0, 59]);
        assert_eq!([-1, 0].map(first_of_month), [-719_559, -719_528]);
    }

    #[test]
    fn writes_like_the_oracle() {
        assert_eq!(format_instant(1_740_992_400_250_000), "2025-03-03T09:00:00.250000Z");
        assert_eq!(format_instant(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn an_end_is_said_without_the_microsecond_after_it() {
        for (end, said) in [
            ("2025-03-10T12:00:00.000001Z", "2025-03-10T12:00:00.000000Z"),
            ("2025-03-10T12:00:00.123001Z", "2025-03-10T12:00:00.123000Z"),
            ("1969-12-31T12:00:00.000001Z", "1969-12-31T12:00:00.000000Z"),
            ("2025-03-10T12:00:00.000000Z", "2025-03-10T12:00:00.000000Z"),
            ("2025-03-10T12:00:00.123456Z", "2025-03-10T12:00:00.123456Z"),
        ] {
            assert_eq!(format_instant(said_end_us(parse_instant(end).unwrap())), said, "{end}");
        }
    }
}
