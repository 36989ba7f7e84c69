//! The company's local time: months, clock changes, service hours, and the week of the outage.

use std::fmt;
use std::ops::Range;

use crate::tables::{HOLIDAYS, OUTAGE_MONTH, SERVICE_HOURS};

/// Microseconds of a second.
pub(crate) const SECOND_US: i64 = 1_000_000;
/// Microseconds of a minute.
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds of an hour.
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;
/// Microseconds of a day of 24 hours.
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

/// First year of which the clock changes are known.
pub const FIRST_YEAR: i32 = 2020;
/// Last year of which the clock changes are known.
pub const LAST_YEAR: i32 = 2030;

/// The time zone of the company, in which its days, weeks and service hours are told.
pub const TIME_ZONE: &str = "Europe/Berlin";

const YEARS: usize = (LAST_YEAR - FIRST_YEAR + 1) as usize;

/// The instants at which the clocks of [`TIME_ZONE`] change, in microseconds since 1970 UTC: to summer (UTC+2), to
/// winter (UTC+1), in turns, from [`FIRST_YEAR`] to [`LAST_YEAR`]. By the rule of Directive 2000/84/EC, articles 2 and
/// 3: the last Sundays of March and of October, at 01:00 UTC.
pub static CLOCK_CHANGES_US: [i64; 2 * YEARS] = clock_changes();

const fn clock_changes() -> [i64; 2 * YEARS] {
    let mut changes = [0; 2 * YEARS];
    let mut at = 0;
    while at < YEARS {
        let year = FIRST_YEAR + at as i32;
        changes[2 * at] = last_sunday_of_31(year, 3) * DAY_US + HOUR_US;
        changes[2 * at + 1] = last_sunday_of_31(year, 10) * DAY_US + HOUR_US;
        at += 1;
    }
    changes
}

/// The last Sunday of a month of 31 days, as a day number.
const fn last_sunday_of_31(year: i32, month: u32) -> i64 {
    let last = day_number(year, month, 31);
    // Monday is 0, so Sunday (6) goes back no day.
    last - (weekday(last) as i64 + 1) % 7
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`).
pub(crate) const fn day_number(year: i32, month: u32, day: u32) -> i64 {
    let from_march = (month as i64 + 9) % 12;
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number (the same source, `civil_from_days`).
pub(crate) const fn date_of(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + (month <= 2) as i64, month, day_of_month)
}

/// Day of the week of a day number, Monday = 0. 1970-01-01 was a Thursday.
pub(crate) const fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// How far local time is ahead of UTC at an instant.
pub(crate) fn utc_offset_us(us: i64) -> i64 {
    let passed = CLOCK_CHANGES_US.partition_point(|&change_us| change_us <= us);
    if passed % 2 == 1 { 2 * HOUR_US } else { HOUR_US }
}

/// The instant of a full local hour, which is not one that a clock change skips or doubles (these are 2 and 3).
fn at_local_hour(day: i64, hour: i64) -> i64 {
    let local_us = day * DAY_US + hour * HOUR_US;
    local_us - utc_offset_us(local_us - HOUR_US)
}

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// January 2025.
    pub const JANUARY_2025: Self = Self { year: 2025, month: 1 };

    /// The month 1 to 12 of a year; `None` for another number.
    pub const fn new(year: i32, month: u32) -> Option<Self> {
        match month {
            1..=12 => Some(Self { year, month }),
            _ => None,
        }
    }

    /// Reads `2025-03`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }

    /// The year.
    pub const fn year(self) -> i32 {
        self.year
    }

    /// The month of the year, 1 to 12.
    pub const fn month(self) -> u32 {
        self.month
    }

    /// Months since January of year 0.
    fn ordinal(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    /// The month `months` later.
    fn plus(self, months: u32) -> Self {
        let ordinal = self.ordinal() + i64::from(months);
        Self { year: ordinal.div_euclid(12) as i32, month: ordinal.rem_euclid(12) as u32 + 1 }
    }

    /// Whether this and the following months, `months` in all, lie in the years whose clock changes are known.
    pub(crate) fn is_known(self, months: u32) -> bool {
        self.year >= FIRST_YEAR && self.ordinal() + i64::from(months) <= (i64::from(LAST_YEAR) + 1) * 12
    }

    fn first_day(self) -> i64 {
        day_number(self.year, self.month, 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What the clock on the wall shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTime {
    /// Day number of the local date.
    pub day: i64,
    /// Monday = 0.
    pub weekday: usize,
    /// 0 to 23.
    pub hour: usize,
}

/// Local time of an instant.
pub(crate) fn local_time(us: i64) -> LocalTime {
    let local_us = us + utc_offset_us(us);
    let day = local_us.div_euclid(DAY_US);
    LocalTime { day, weekday: weekday(day), hour: (local_us.rem_euclid(DAY_US) / HOUR_US) as usize }
}

/// One local day of the period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    /// 0 = January.
    pub month_idx: usize,
    /// A public holiday: nobody works and fewer people write.
    pub is_holiday: bool,
    /// First and last instant of service, equal on a day without.
    opens_us: i64,
    closes_us: i64,
}

impl Day {
    fn new(day: i64) -> Self {
        let (_, month, day_of_month) = date_of(day);
        let is_holiday = HOLIDAYS.contains(&(month, day_of_month));
        let (opens, closes) = if is_holiday { (12, 12) } else { SERVICE_HOURS[weekday(day)] };
        Self {
            month_idx: month as usize - 1,
            is_holiday,
            opens_us: at_local_hour(day, opens),
            closes_us: at_local_hour(day, closes),
        }
    }
}

/// The days of the period and what is special about them.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    first_day: i64,
    days: Vec<Day>,
    period_us: Range<i64>,
    outage_us: Range<i64>,
}

impl Calendar {
    /// The calendar of `months` months, at least one, all of them known ([`Month::is_known`]).
    pub(crate) fn new(start: Month, months: u32) -> Self {
        let first_day = start.first_day();
        let end_day = start.plus(months).first_day();
        let outage_month = start.plus(months.saturating_sub(1).min(OUTAGE_MONTH - 1)).first_day();
        // The second Monday of the month.
        let outage_day = outage_month + (7 - weekday(outage_month) as i64) % 7 + 7;
        Self {
            first_day,
            days: (first_day..end_day).map(Day::new).collect(),
            period_us: at_local_hour(first_day, 0)..at_local_hour(end_day, 0),
            outage_us: at_local_hour(outage_day, 0)..at_local_hour(outage_day + 7, 0),
        }
    }

    /// From the first local midnight of the period to the one that ends it.
    pub(crate) fn period_us(&self) -> Range<i64> {
        self.period_us.clone()
    }

    /// Whether an instant lies in the week of the outage.
    pub(crate) fn is_outage(&self, us: i64) -> bool {
        self.outage_us.contains(&us)
    }

    /// The position of an instant's local day among the days of the period; a later instant lies past the last.
    fn day_idx(&self, us: i64) -> usize {
        let day = (us + utc_offset_us(us)).div_euclid(DAY_US);
        (day - self.first_day).clamp(0, self.days.len() as i64) as usize
    }

    /// The local day of an instant, `None` after the period.
    pub(crate) fn day(&self, us: i64) -> Option<&Day> {
        self.days.get(self.day_idx(us))
    }

    /// Whether agents are at work.
    pub(crate) fn is_staffed(&self, us: i64) -> bool {
        self.day(us).is_some_and(|day| (day.opens_us..day.closes_us).contains(&us))
    }

    /// The first instant from `us` on at which agents are at work; the end of the period if there is none before it,
    /// or `us` itself if that is later.
    pub(crate) fn next_staffed(&self, us: i64) -> i64 {
        let open = self.days[self.day_idx(us)..].iter().find(|day| day.opens_us < day.closes_us && us < day.closes_us);
        us.max(open.map_or(self.period_us.end, |day| day.opens_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use chrono::{DateTime, Offset, TimeZone};

    const NOON: i64 = 12 * HOUR_US;

    fn instant(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn clocks_change_on_the_known_dates() {
        for change in ["2024-03-31", "2024-10-27", "2025-03-30", "2025-10-26", "2026-03-29", "2026-10-25"] {
            assert!(CLOCK_CHANGES_US.contains(&instant(&format!("{change}T01:00:00Z"))), "{change}");
        }
        assert!(CLOCK_CHANGES_US.is_sorted());
    }

    /// The time zone database says the same for every hour of the years known.
    #[test]
    fn offsets_are_those_of_the_time_zone_database() {
        let (first, last) = (day_number(FIRST_YEAR, 1, 1) * 24, day_number(LAST_YEAR + 1, 1, 1) * 24);
        for hour in first..last {
            let utc = DateTime::from_timestamp(hour * 3_600, 0).unwrap().naive_utc();
            let expected = chrono_tz::Europe::Berlin.offset_from_utc_datetime(&utc).fix().local_minus_utc();
            assert_eq!(utc_offset_us(hour * HOUR_US), i64::from(expected) * SECOND_US, "{utc}");
        }
    }

    #[test]
    fn dates_and_day_numbers_are_inverse() {
        // 2000-02-29 was a Tuesday, 11,016 days after 1970-01-01 (chrono says so too).
        assert_eq!(day_number(2000, 2, 29), instant("2000-02-29T00:00:00Z") / DAY_US);
        assert_eq!(weekday(day_number(2000, 2, 29)), 1);
        for day in day_number(1999, 12, 1)..day_number(2031, 2, 1) {
            let (year, month, day_of_month) = date_of(day);
            assert_eq!(day_number(year as i32, month as u32, day_of_month as u32), day);
        }
    }

    #[test]
    fn the_period_runs_from_local_midnight_to_local_midnight() {
        let calendar = Calendar::new(Month::JANUARY_2025, 6);
        assert_eq!(calendar.period_us(), instant("2025-01-01T00:00:00+01:00")..instant("2025-07-01T00:00:00+02:00"));
        assert_eq!(calendar.days.len(), 31 + 28 + 31 + 30 + 31 + 30);
    }

    #[test]
    fn the_outage_is_the_week_of_the_second_monday() {
        let of = |start, months| Calendar::new(Month::parse(start).unwrap(), months).outage_us;
        assert_eq!(of("2025-01", 12), instant("2025-09-08T00:00:00+02:00")..instant("2025-09-15T00:00:00+02:00"));
        assert_eq!(of("2025-03", 1), instant("2025-03-10T00:00:00+01:00")..instant("2025-03-17T00:00:00+01:00"));
    }

    #[test]
    fn nights_and_holidays_wait_for_the_next_morning() {
        let calendar = Calendar::new(Month::JANUARY_2025, 12);
        for (asked, begins) in [
            // A Wednesday at noon: at once.
            ("2025-03-05T12:00:00+01:00", "2025-03-05T12:00:00+01:00"),
            // A Wednesday night, then the Saturday before the spring clock change.
            ("2025-03-05T23:30:00+01:00", "2025-03-06T07:00:00+01:00"),
            ("2025-03-29T21:00:00+01:00", "2025-03-30T10:00:00+02:00"),
            // Christmas: Thursday and Friday are holidays.
            ("2025-12-24T22:30:00+01:00", "2025-12-27T09:00:00+01:00"),
            // After the last service of the period.
            ("2025-12-31T22:30:00+01:00", "2026-01-01T00:00:00+01:00"),
        ] {
            assert_eq!(calendar.next_staffed(instant(asked)), instant(begins), "{asked}");
            assert_eq!(calendar.is_staffed(instant(asked)), asked == begins, "{asked}");
        }
        let later = calendar.period_us().end + NOON;
        assert_eq!(calendar.next_staffed(later), later);
    }

    #[test]
    fn months_are_read_and_counted() {
        assert_eq!(Month::parse("2025-03"), Month::new(2025, 3));
        for text in ["2025-13", "2025-0", "2025-3", "25-03", "2025", "+025-03", "2025-03-01"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
        assert_eq!(Month::JANUARY_2025.plus(14).to_string(), "2026-03");
        assert!(Month::JANUARY_2025.is_known(72));
        assert!(!Month::JANUARY_2025.is_known(73));
        assert!(!Month { year: 2019, month: 12 }.is_known(1));
    }
}
