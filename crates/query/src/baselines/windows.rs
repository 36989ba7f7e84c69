//! The periods of baselines: windows that roll over history, and the weeks in them.

use tapemeasure_model::calendar::Date;
use tapemeasure_model::instant::{civil_from_days, first_of_month, format_instant, said_end_us};
use tapemeasure_model::zone::{Buckets, Grain, LocalTime, WeekStart, Zone};

/// A half-open period, microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// First instant.
    pub start_us: i64,
    /// First instant after it.
    pub end_us: i64,
}

impl Window {
    /// As people write it: `2025-01-06/2025-03-03`, local dates where it begins and ends with a local day, else instants,
    /// the end as [`said_end_us`].
    pub fn text(&self, zone: &Zone) -> String {
        let end_us = said_end_us(self.end_us);
        let date = |us: i64| {
            let day = local_day(zone, us);
            (zone.local_date_start_us(day) == us).then(|| Date::from_days(i64::from(day)))
        };
        match (date(self.start_us), date(end_us)) {
            (Some(start), Some(end)) => format!("{start}/{end}"),
            _ => format!("{}/{}", format_instant(self.start_us), format_instant(end_us)),
        }
    }

    /// The options that name it on the command line: `--period 2025-03`, or `--since` and `--until`.
    pub(super) fn options(&self, zone: &Zone) -> String {
        let date = |us: i64| {
            let day = local_day(zone, us);
            (zone.local_date_start_us(day) == us).then(|| civil_from_days(i64::from(day)))
        };
        let (Some((year, month, day)), Some((end_year, end_month, end_day))) = (date(self.start_us), date(self.end_us))
        else {
            return format!("--since {} --until {}", format_instant(self.start_us), format_instant(self.end_us));
        };
        let months = (end_year - year) * 12 + end_month - month;
        match (months, month, day, end_day) {
            (1, _, 1, 1) => format!("--period {year:04}-{month:02}"),
            (3, 1 | 4 | 7 | 10, 1, 1) => format!("--period {year:04}-Q{}", (month - 1) / 3 + 1),
            (12, 1, 1, 1) => format!("--period {year:04}"),
            _ => format!("--since {year:04}-{month:02}-{day:02} --until {end_year:04}-{end_month:02}-{end_day:02}"),
        }
    }
}

/// The length of a window, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Days; a week is 7 of them.
    Days(i32),
    /// Calendar months; a year is 12 of them.
    Months(i32),
}

impl Length {
    /// Reads `8w`, `30d`, `3mo`, `1y`; `None` for what is none, and for more than 10,000 of them.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let n: i32 = text[..digits].parse().ok().filter(|n| (1..=10_000).contains(n))?;
        match &text[digits..] {
            "d" => Some(Self::Days(n)),
            "w" => Some(Self::Days(7 * n)),
            "mo" => Some(Self::Months(n)),
            "y" => Some(Self::Months(12 * n)),
            _ => None,
        }
    }

    /// The window of this length that ends with an instant, which is taken as the start of its local day. Months before
    /// the 31st end on the last day of a shorter month.
    pub fn ending_at(self, end_us: i64, zone: &Zone) -> Window {
        let end = local_day(zone, end_us);
        let start = match self {
            Self::Days(days) => end.saturating_sub(days),
            Self::Months(months) => {
                let (year, month, day) = civil_from_days(i64::from(end));
                let total = year * 12 + month - 1 - i64::from(months);
                let start = (first_of_month(total) + day - 1).min(first_of_month(total + 1) - 1);
                i32::try_from(start).unwrap_or(i32::MIN)
            }
        };
        Window { start_us: zone.local_date_start_us(start), end_us }
    }
}

/// The grains that windows can follow each other by.
pub const STEPS: &[Grain] = &[Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];

/// The windows that end where a local day, week, month, quarter or year ends, after `from_us` and not after `to_us`; in
/// order of time. None for another grain.
pub fn rolling(
    zone: &Zone,
    week_start: WeekStart,
    every: Grain,
    length: Length,
    (from_us, to_us): (i64, i64),
) -> Vec<Window> {
    if !STEPS.contains(&every) || from_us >= to_us {
        return Vec::new();
    }
    let buckets = Buckets::new(zone, every, week_start, from_us, to_us);
    let ends = buckets.covering(from_us, to_us).into_iter().map(|id| buckets.bounds(id).1);
    ends.filter(|&end_us| end_us <= to_us).map(|end_us| length.ending_at(end_us, zone)).collect()
}

/// A local week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Week {
    /// As a KPI names its bucket.
    pub(crate) label: String,
    /// Its bounds.
    pub(crate) bounds: Window,
}

impl Week {
    /// Whether all of it lies in a window.
    pub(crate) fn is_in(&self, window: Window) -> bool {
        window.start_us <= self.bounds.start_us && self.bounds.end_us <= window.end_us
    }
}

/// The weeks that lie wholly in a window and in what there is: they hold an instant at or after the first event, and end
/// by the as-of time. In order of time.
pub(crate) fn weeks(buckets: &Buckets, window: Window, first_us: Option<i64>, as_of_us: i64) -> Vec<Week> {
    let Some(first_us) = first_us else { return Vec::new() };
    let week = |id: i64| {
        let (start_us, end_us) = buckets.bounds(id);
        Week { label: buckets.label(id), bounds: Window { start_us, end_us } }
    };
    let is_there = |week: &Week| week.bounds.end_us > first_us && week.bounds.end_us <= as_of_us.saturating_add(1);
    let all = buckets.covering(window.start_us, window.end_us).into_iter().map(week);
    all.filter(|week| week.is_in(window) && is_there(week)).collect()
}

/// First instant of an instant's local day.
pub fn day_start(zone: &Zone, us: i64) -> i64 {
    zone.local_date_start_us(local_day(zone, us))
}

/// Days since 1970-01-01 of an instant's local date.
fn local_day(zone: &Zone, us: i64) -> i32 {
    LocalTime::new(zone, us, us).date(us)
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::parse_instant;

    use super::*;

    fn us(text: &str) -> i64 {
        parse_instant(text).unwrap()
    }

    /// 2024 and 2025 have 104 Mondays after the first: 8 January 2024 to 29 December 2025.
    #[test]
    fn two_years_have_104_weeks() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let span = (us("2023-12-31T23:00:00Z"), us("2025-12-31T23:00:00Z"));
        let windows = rolling(&zone, WeekStart::Monday, Grain::Week, Length::Days(56), span);
        assert_eq!(windows.len(), 104);
        assert_eq!(windows[0].text(&zone), "2023-11-13/2024-01-08");
        assert_eq!(windows[103].text(&zone), "2025-11-03/2025-12-29");
        // Across the clock change of 31 March 2024 eight weeks are an hour short.
        let spring = windows.iter().find(|w| w.text(&zone) == "2024-02-05/2024-04-01").unwrap();
        assert_eq!(spring.end_us - spring.start_us, (56 * 24 - 1) * 3_600_000_000);
        assert!(rolling(&zone, WeekStart::Monday, Grain::Hour, Length::Days(56), span).is_empty());
    }

    #[test]
    fn lengths_are_local_and_months_are_months() {
        for (text, length) in [
            ("8w", Some(Length::Days(56))),
            ("30d", Some(Length::Days(30))),
            ("3mo", Some(Length::Months(3))),
            ("1y", Some(Length::Months(12))),
            ("0w", None),
            ("w", None),
            ("8 weeks", None),
        ] {
            assert_eq!(Length::parse(text), length, "{text}");
        }
        let window = Length::Months(3).ending_at(us("2025-05-31T00:00:00Z"), &Zone::UTC);
        assert_eq!(window.text(&Zone::UTC), "2025-02-28/2025-05-31");
        let odd = Window { start_us: us("2025-03-01T00:00:00Z"), end_us: us("2025-03-02T12:00:00Z") };
        assert_eq!(odd.text(&Zone::UTC), "2025-03-01T00:00:00.000000Z/2025-03-02T12:00:00.000000Z");
        // Up to an as-of time, itself included.
        assert_eq!(Window { end_us: odd.end_us + 1, ..odd }.text(&Zone::UTC), odd.text(&Zone::UTC));
    }

    #[test]
    fn options_name_a_window() {
        for (start, end, options) in [
            ("2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z", "--period 2025-02"),
            ("2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z", "--period 2025-12"),
            ("2025-04-01T00:00:00Z", "2025-07-01T00:00:00Z", "--period 2025-Q2"),
            ("2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z", "--period 2025-Q4"),
            ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "--period 2025"),
            ("2025-02-01T00:00:00Z", "2025-05-01T00:00:00Z", "--since 2025-02-01 --until 2025-05-01"),
            ("2025-01-06T00:00:00Z", "2025-03-03T00:00:00Z", "--since 2025-01-06 --until 2025-03-03"),
            (
                "2025-03-01T00:00:00Z",
                "2025-03-02T12:00:00.000001Z",
                "--since 2025-03-01T00:00:00.000000Z --until 2025-03-02T12:00:00.000001Z",
            ),
        ] {
            let window = Window { start_us: us(start), end_us: us(end) };
            assert_eq!(window.options(&Zone::UTC), options);
        }
    }

    #[test]
    fn weeks_are_whole_and_lie_in_what_there_is() {
        let (start_us, end_us) = (us("2025-03-01T00:00:00Z"), us("2025-04-01T00:00:00Z"));
        let buckets = Buckets::new(&Zone::UTC, Grain::Week, WeekStart::Monday, start_us, end_us);
        let labels = |first: &str, as_of: &str| -> Vec<String> {
            let weeks = weeks(&buckets, Window { start_us, end_us }, Some(us(first)), us(as_of));
            weeks.into_iter().map(|week| week.label).collect()
        };
        let all = ["2025-03-03", "2025-03-10", "2025-03-17", "2025-03-24"];
        assert_eq!(labels("2025-01-01T00:00:00Z", "2025-06-01T00:00:00Z"), all);
        assert_eq!(labels("2025-03-09T23:00:00Z", "2025-03-23T23:59:59.999999Z"), all[..3]);
        assert_eq!(labels("2025-03-10T00:00:00Z", "2025-03-23T23:59:59Z"), all[1..2]);
    }
}
