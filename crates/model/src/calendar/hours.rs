//! Dates, and the hours of a day, as text: `2025-12-24`, `09:00-12:00, 13:00-17:00`, `closed`.

use std::collections::BTreeMap;
use std::fmt;

use crate::instant::{civil_from_days, days_from_civil};

/// Minutes of a day on the local clock.
const DAY_MIN: u16 = 24 * 60;

/// A day that is closed, as text.
const CLOSED: &str = "closed";

/// A local date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i64,
}

impl Date {
    /// The date so many days after 1970-01-01.
    pub const fn from_days(days: i64) -> Self {
        Self { days }
    }

    /// Reads `2025-12-24`; `None` for anything else, and for days that no month has.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number =
            |part: &[u8]| part.iter().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')));
        let date = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?);
        let days = days_from_civil(date.0, date.1, date.2);
        (date.0 >= 1 && civil_from_days(days) == date).then_some(Self { days })
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i64 {
        self.days
    }

    /// The day after.
    pub const fn next(self) -> Self {
        Self { days: self.days + 1 }
    }

    /// Day of the week, 0 for Monday to 6 for Sunday.
    pub const fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        (self.days + 3).rem_euclid(7) as usize
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.days);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Open from one local time to another, the latter not included: minutes since midnight of the day on which it begins.
/// It is shorter than a day or as long, and may end on the day after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    start_min: u16,
    end_min: u16,
}

impl Interval {
    /// Reads `09:00-17:00`. An end that is not after the start is on the next day: `22:00-06:00`; the end of the day is
    /// `24:00` or `00:00`. `None` for anything else, and where both ends are the same.
    pub fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once(['-', '–'])?;
        let (start_min, end_min) = (clock_min(start.trim())?, clock_min(end.trim())?);
        if start_min == DAY_MIN || start_min == end_min {
            return None;
        }
        Some(Self { start_min, end_min: if end_min < start_min { end_min + DAY_MIN } else { end_min } })
    }

    /// First minute, 0 to 1439.
    pub const fn start_min(self) -> u16 {
        self.start_min
    }

    /// First minute after it, at most 1440 above the first: from 1441 on it is one of the next day.
    pub const fn end_min(self) -> u16 {
        self.end_min
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.end_min > DAY_MIN { self.end_min - DAY_MIN } else { self.end_min };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.start_min / 60, self.start_min % 60, end / 60, end % 60)
    }
}

/// Minutes since midnight of `9:00`, `09:00` or `24:00`.
fn clock_min(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= DAY_MIN).then_some(hour * 60 + minute)
}

/// The hours that begin on one day, in order of their starts; none where it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayHours {
    intervals: Vec<Interval>,
}

impl DayHours {
    /// Reads intervals with commas between them, or `closed`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == CLOSED {
            return Some(Self::default());
        }
        let mut intervals = text.split(',').map(|part| Interval::parse(part.trim())).collect::<Option<Vec<_>>>()?;
        intervals.sort_unstable();
        Some(Self { intervals })
    }

    /// Whether nothing is open.
    pub fn is_closed(&self) -> bool {
        self.intervals.is_empty()
    }

    /// The intervals, in order of their starts. They may overlap.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }
}

impl fmt::Display for DayHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_closed() {
            return f.write_str(CLOSED);
        }
        let texts: Vec<String> = self.intervals.iter().map(Interval::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

/// Reads holidays with commas between them, `2025-12-25, 2025-12-24 09:00-12:00, 13:00-15:00`: an interval after a comma
/// belongs to the date with hours before it. An empty text is no holidays. `None` for anything else, and for a date
/// that comes twice.
pub(crate) fn parse_holidays(text: &str) -> Option<BTreeMap<Date, DayHours>> {
    let mut holidays: BTreeMap<Date, DayHours> = BTreeMap::new();
    let mut last = None;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let date = part.get(..10).and_then(Date::parse);
        if let Some(date) = date {
            let rest = part[10..].trim();
            let hours = if rest.is_empty() { DayHours::default() } else { DayHours::parse(rest)? };
            if holidays.insert(date, hours).is_some() {
                return None;
            }
            last = Some(date);
        } else {
            let hours = last.and_then(|date| holidays.get_mut(&date)).filter(|hours| !hours.is_closed())?;
            hours.intervals.push(Interval::parse(part)?);
            hours.intervals.sort_unstable();
        }
    }
    Some(holidays)
}

/// Writes what [`parse_holidays`] reads, in order of the dates.
pub(crate) fn format_holidays(holidays: &BTreeMap<Date, DayHours>) -> String {
    let shown = |(date, hours): (&Date, &DayHours)| {
        if hours.is_closed() { date.to_string() } else { format!("{date} {hours}") }
    };
    holidays.iter().map(shown).collect::<Vec<_>>().join(", ")
}
