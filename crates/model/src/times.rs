//! Times as people write them: `2025-03`, `last-30d`.

use crate::instant::{DAY_US, civil_from_days, days_from_civil, parse_instant};
use crate::nearest::Meant;
use crate::settings::Settings;
use crate::zone::{Buckets, Grain, LocalTime, Month, WeekStart, Zone};

/// The name of the instant that all others are counted from.
const NOW: &str = "now";

const FORMS: &str = "write an RFC 3339 time, a date (2025-03-01), a month (2025-03), a quarter (2025-Q1), a year (2025), \
    now, today, yesterday, this-week, last-week, last-month, last-30d, last-12w, last-3mo, last-1y, mtd, qtd, ytd or fytd";

/// Stretches that have begun and not ended: from their start on.
const RUNNING: &[(&str, Grain)] = &[
    ("today", Grain::Day),
    ("this-week", Grain::Week),
    ("wtd", Grain::Week),
    ("this-month", Grain::Month),
    ("mtd", Grain::Month),
    ("this-quarter", Grain::Quarter),
    ("qtd", Grain::Quarter),
    ("this-year", Grain::Year),
    ("ytd", Grain::Year),
    ("this-fiscal-quarter", Grain::FiscalQuarter),
    ("this-fiscal-year", Grain::FiscalYear),
    ("fytd", Grain::FiscalYear),
];

/// Stretches that are over: from their start to their end.
const OVER: &[(&str, Grain)] = &[
    ("yesterday", Grain::Day),
    ("last-week", Grain::Week),
    ("last-month", Grain::Month),
    ("last-quarter", Grain::Quarter),
    ("last-year", Grain::Year),
    ("last-fiscal-quarter", Grain::FiscalQuarter),
    ("last-fiscal-year", Grain::FiscalYear),
];

/// How far back a table of local time reaches from the instant that it is asked about: more than two years.
const REACH_US: i64 = 800 * DAY_US;

/// What names of times are counted by.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zone: Zone,
    week_start: WeekStart,
    fiscal_year_start: Month,
    now_us: i64,
}

/// A time that was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The first instant of it.
    pub start_us: i64,
    /// First instant after the day, week, ... that begins there; `None` for instants and counts back.
    pub end_us: Option<i64>,
    sense: Sense,
}

/// What a name means where it bounds a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// The first instant.
    Start,
    /// All of that day, week, ..., and not from its start on.
    Whole,
    /// As a start the first instant, as an end none: there is nothing after it.
    Now,
}

impl Named {
    /// An instant that was told otherwise than by a text, such as a date of SQL.
    pub fn at(us: i64) -> Self {
        Self { start_us: us, end_us: None, sense: Sense::Start }
    }

    /// The first instant after a stretch that is over, such as `last-week`; `None` for every other time.
    fn over_us(self) -> Option<i64> {
        self.end_us.filter(|_| self.sense == Sense::Whole)
    }
}

/// The period of two times: its first instant, and the first instant after it; `None` where it has none. A stretch that is
/// over, such as `last-week`, is all of it where it is the only bound. The end `now` is none: what there is up to the as-of
/// time, itself included.
///
/// ```text
/// last-week              from its Monday to before the Monday after it
/// last-week   now        from its Monday on
/// last-week   today      from its Monday to before today
/// today                  from today on
///             last-week  to before its Monday
/// ```
pub fn between(since: Option<Named>, until: Option<Named>) -> (Option<i64>, Option<i64>) {
    let end_us = match until {
        None => since.and_then(Named::over_us),
        Some(Named { sense: Sense::Now, .. }) => None,
        Some(until) => Some(until.start_us),
    };
    (since.map(|since| since.start_us), end_us)
}

/// A text that names no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no time that is known here; {meant}{}", FORMS)]
pub struct UnknownTime {
    /// The text as given.
    pub text: String,
    /// The name that is near.
    pub meant: Meant,
}

impl Clock {
    /// Names in the local time of `zone`, weeks and fiscal years as the settings say. They count from the local day of
    /// `now_us`, which is the as-of time: for an archive nothing later exists.
    pub fn new(zone: Zone, settings: &Settings, now_us: i64) -> Self {
        Self { zone, week_start: settings.week_start, fiscal_year_start: settings.fiscal_year_start, now_us }
    }

    /// The time that a text names, blanks around it aside.
    ///
    /// # Errors
    /// [`UnknownTime`] with the nearest name, and all forms.
    pub fn read(&self, text: &str) -> Result<Named, UnknownTime> {
        self.named(text.trim()).ok_or_else(|| {
            let names: Vec<&str> = RUNNING.iter().chain(OVER).map(|&(name, _)| name).chain([NOW]).collect();
            // What begins with a digit was meant as a date, and no name is near.
            let names = if text.trim().starts_with(char::is_alphabetic) { names.as_slice() } else { &[] };
            UnknownTime { text: text.to_owned(), meant: Meant::of(text.trim(), names) }
        })
    }

    /// The first instant after the day, week, month, ... that was named, if it is still running: `mtd`, and `2025-03` in
    /// March 2025.
    pub fn running_until_us(&self, named: Named) -> Option<i64> {
        named.end_us.filter(|&end_us| named.start_us <= self.now_us && self.now_us < end_us)
    }

    fn named(&self, text: &str) -> Option<Named> {
        let at = |start_us| Some(Named::at(start_us));
        let stretch = |(start_us, end_us), sense| Some(Named { start_us, end_us: Some(end_us), sense });
        if let Ok(us) = parse_instant(text) {
            return at(us);
        }
        if text == NOW {
            return Some(Named { sense: Sense::Now, ..Named::at(self.now_us) });
        }
        let named = |names: &[(&str, Grain)]| names.iter().find(|(name, _)| *name == text).map(|&(_, grain)| grain);
        if let Some(grain) = named(RUNNING) {
            return stretch(self.around(self.now_us, grain), Sense::Start);
        }
        if let Some(grain) = named(OVER) {
            let (start_us, _) = self.around(self.now_us, grain);
            return stretch(self.around(start_us - 1, grain), Sense::Whole);
        }
        let start = |day: i64| i32::try_from(day).ok().map(|day| self.zone.local_date_start_us(day));
        if let Some(length) = text.strip_prefix("last-") {
            let digits = length.bytes().take_while(u8::is_ascii_digit).count();
            let n: i64 = length[..digits].parse().ok().filter(|&n| n <= 100_000)?;
            let today = i64::from(LocalTime::new(&self.zone, self.now_us, self.now_us).date(self.now_us));
            let (year, month, day) = civil_from_days(today);
            return match &length[digits..] {
                "d" => at(start(today - n)?),
                "w" => at(start(today - 7 * n)?),
                "mo" => at(start(months_before(year, month, day, n))?),
                "y" => at(start(months_before(year, month, day, 12 * n))?),
                _ => None,
            };
        }
        let (day, grain) = date(text)?;
        let start_us = start(day)?;
        let (_, end_us) = self.around(start_us, grain);
        stretch((start_us, end_us), Sense::Start)
    }

    /// First instant and first instant after the day, week, ... that holds an instant.
    fn around(&self, us: i64, grain: Grain) -> (i64, i64) {
        let buckets = Buckets::new(&self.zone, grain, self.week_start, us.saturating_sub(REACH_US), us)
            .with_fiscal_year_start(self.fiscal_year_start);
        buckets.bounds(buckets.id(us))
    }
}

/// Days since 1970 of `2025`, `2025-Q1`, `2025-03`, `2025-03-01`, and which of them it is.
fn date(text: &str) -> Option<(i64, Grain)> {
    if let Some((year, quarter)) = text.split_once("-Q").or_else(|| text.split_once("-q")) {
        let is_year = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
        let year: i64 = year.parse().ok().filter(|_| is_year)?;
        let month = ["1", "2", "3", "4"].iter().position(|&q| q == quarter)? as i64 * 3 + 1;
        return Some((days_from_civil(year, month, 1), Grain::Quarter));
    }
    let mut parts = text.split('-');
    let mut part = |digits: usize| -> Option<Option<i64>> {
        match parts.next() {
            None => Some(None),
            Some(p) if p.len() == digits && p.bytes().all(|b| b.is_ascii_digit()) => p.parse().ok().map(Some),
            Some(_) => None,
        }
    };
    let year = part(4)??;
    let (month, day) = (part(2)?, part(2)?);
    let grain = match (month, day) {
        (None, _) => Grain::Year,
        (Some(_), None) => Grain::Month,
        (Some(_), Some(_)) => Grain::Day,
    };
    let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
    let days = days_from_civil(year, month, day);
    (parts.next().is_none() && civil_from_days(days) == (year, month, day)).then_some((days, grain))
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

    fn us(text: &str) -> i64 {
        parse_instant(text).unwrap()
    }

    /// Saturday, 31 May 2025, in the fiscal year that began in April.
    fn clock(zone: &str) -> Clock {
        let settings = Settings { fiscal_year_start: Month::April, ..Settings::default() };
        Clock::new(Zone::parse(zone).unwrap(), &settings, us("2025-05-31T10:30:00Z"))
    }

    #[track_caller]
    fn check(text: &str, zone: &str, expect: &str) {
        assert_eq!(clock(zone).named(text).map(|named| named.start_us), Some(us(expect)), "{text}");
    }

    #[test]
    fn dates_are_local_and_name_their_first_instant() {
        check("2025-03-03T09:00:00+01:00", "UTC", "2025-03-03T08:00:00Z");
        check("2025-03-31", "Europe/Berlin", "2025-03-30T22:00:00Z");
        check("2025-03", "Europe/Berlin", "2025-02-28T23:00:00Z");
        check("2025-Q2", "Europe/Berlin", "2025-03-31T22:00:00Z");
        check("2025-q4", "UTC", "2025-10-01T00:00:00Z");
        check("2025", "America/New_York", "2025-01-01T05:00:00Z");
        check("now", "UTC", "2025-05-31T10:30:00Z");
        check("today", "UTC", "2025-05-31T00:00:00Z");
        check("yesterday", "UTC", "2025-05-30T00:00:00Z");
        check("last-30d", "UTC", "2025-05-01T00:00:00Z");
        check("last-1w", "UTC", "2025-05-24T00:00:00Z");
        check("last-12w", "UTC", "2025-03-08T00:00:00Z");
        check("last-3mo", "UTC", "2025-02-28T00:00:00Z");
        check("last-1y", "UTC", "2024-05-31T00:00:00Z");
    }

    /// Worked by hand with a calendar of 2025: Monday of that week is 26 May.
    #[test]
    fn names_of_weeks_months_and_years_begin_where_those_do() {
        for (names, expect) in [
            (&["this-week", "wtd"][..], "2025-05-25T22:00:00Z"),
            (&["this-month", "mtd"][..], "2025-04-30T22:00:00Z"),
            (&["this-quarter", "qtd"][..], "2025-03-31T22:00:00Z"),
            (&["this-fiscal-quarter"][..], "2025-03-31T22:00:00Z"),
            (&["this-year", "ytd"][..], "2024-12-31T23:00:00Z"),
            (&["this-fiscal-year", "fytd"][..], "2025-03-31T22:00:00Z"),
        ] {
            for name in names {
                check(name, "Europe/Berlin", expect);
                assert_eq!(clock("Europe/Berlin").read(name).unwrap().over_us(), None, "{name}");
            }
        }
        let sunday = Settings { week_start: WeekStart::Sunday, ..Settings::default() };
        let clock = Clock::new(Zone::UTC, &sunday, us("2025-05-31T10:30:00Z"));
        assert_eq!(clock.read("this-week").unwrap().start_us, us("2025-05-25T00:00:00Z"));
    }

    #[test]
    fn what_is_over_has_an_end() {
        let over = |name: &str| {
            let named = clock("Europe/Berlin").read(name).unwrap();
            (named.start_us, named.over_us())
        };
        for (name, since, until) in [
            ("yesterday", "2025-05-29T22:00:00Z", "2025-05-30T22:00:00Z"),
            ("last-week", "2025-05-18T22:00:00Z", "2025-05-25T22:00:00Z"),
            ("last-month", "2025-03-31T22:00:00Z", "2025-04-30T22:00:00Z"),
            // Berlin was at UTC+1 in January and at UTC+2 from 30 March on.
            ("last-quarter", "2024-12-31T23:00:00Z", "2025-03-31T22:00:00Z"),
            ("last-fiscal-quarter", "2024-12-31T23:00:00Z", "2025-03-31T22:00:00Z"),
            ("last-year", "2023-12-31T23:00:00Z", "2024-12-31T23:00:00Z"),
            ("last-fiscal-year", "2024-03-31T22:00:00Z", "2025-03-31T22:00:00Z"),
        ] {
            assert_eq!(over(name), (us(since), Some(us(until))), "{name}");
        }
        for name in ["2025-04", "2025-Q1", "2025-05-30", "2024", "last-30d", "today", "2025-03-03T09:00:00Z"] {
            assert_eq!(over(name).1, None, "{name}");
        }
    }

    /// Worked by hand: as of Saturday, 31 May 2025, 10:30, last week is that from Monday, 19 May, to Sunday, 25 May.
    #[test]
    fn two_times_are_a_period() {
        let read = |text: &str| clock("UTC").read(text).unwrap();
        for (since, until, start, end) in [
            (None, None, None, None),
            (Some("last-week"), None, Some("2025-05-19T00:00:00Z"), Some("2025-05-26T00:00:00Z")),
            (Some("last-week"), Some("now"), Some("2025-05-19T00:00:00Z"), None),
            (Some("last-week"), Some(" now "), Some("2025-05-19T00:00:00Z"), None),
            (Some("last-week"), Some("today"), Some("2025-05-19T00:00:00Z"), Some("2025-05-31T00:00:00Z")),
            // The same instant as now, and an end all the same.
            (
                Some("last-week"),
                Some("2025-05-31T10:30:00Z"),
                Some("2025-05-19T00:00:00Z"),
                Some("2025-05-31T10:30:00Z"),
            ),
            // Only what is over ends by itself.
            (Some("2025-04"), None, Some("2025-04-01T00:00:00Z"), None),
            (Some("today"), None, Some("2025-05-31T00:00:00Z"), None),
            (Some("now"), None, Some("2025-05-31T10:30:00Z"), None),
            // As an end a stretch is its start.
            (None, Some("last-week"), None, Some("2025-05-19T00:00:00Z")),
            (None, Some("now"), None, None),
        ] {
            let expected = (start.map(us), end.map(us));
            assert_eq!(between(since.map(read), until.map(read)), expected, "{since:?} {until:?}");
        }
        assert_eq!(between(Some(Named::at(7)), None), (Some(7), None));
        assert_eq!(between(Some(read("yesterday")), Some(Named::at(9))), (Some(us("2025-05-30T00:00:00Z")), Some(9)));
    }

    #[test]
    fn what_runs_knows_when_it_would_be_over() {
        let running = |name: &str| clock("UTC").running_until_us(clock("UTC").read(name).unwrap());
        assert_eq!(running("mtd"), Some(us("2025-06-01T00:00:00Z")));
        assert_eq!(running("2025-05"), Some(us("2025-06-01T00:00:00Z")));
        assert_eq!(running("2025"), Some(us("2026-01-01T00:00:00Z")));
        assert_eq!(running("fytd"), Some(us("2026-04-01T00:00:00Z")));
        assert_eq!(running("today"), Some(us("2025-06-01T00:00:00Z")));
        for name in ["2025-04", "last-week", "last-30d", "2025-06", "now"] {
            assert_eq!(running(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesteryear",
            "2025-13",
            "2025-02-30",
            "2025-3-1",
            "2025-Q5",
            "2025-Q",
            "25-Q1",
            "last-3",
            "last-d",
            "last-",
            "2025-03-03T09:00:00",
            "20250303",
        ] {
            assert_eq!(clock("UTC").named(text), None, "{text}");
        }
        let line = |text: &str| clock("UTC").read(text).unwrap_err().to_string();
        assert!(
            line("lastweek").starts_with(
                "\"lastweek\" is no time that is known here; did you mean last-week? write an RFC 3339 time, a date"
            ),
            "{}",
            line("lastweek")
        );
        assert!(
            line("2025-13").starts_with("\"2025-13\" is no time that is known here; write an RFC 3339 time, a date")
        );
    }
}
