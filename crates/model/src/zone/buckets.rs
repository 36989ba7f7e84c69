//! Local hours, days, weeks, months, quarters and years, as numbers for grouping and as text for people (kpi-rules T1);
//! quarters and years also of a fiscal year.

use super::{Month, Offsets, Zone};
use crate::event::named;
use crate::instant::{DAY_US, HOUR_US, SECOND_US, civil_from_days, days_from_civil, first_of_month};

named! {
    /// How long the buckets of a series are.
    Grain {
        /// One bucket for everything.
        Total = "total",
        /// Local hours.
        Hour = "hour",
        /// Local days, of 23 to 25 hours.
        Day = "day",
        /// Weeks, from the set first day.
        Week = "week",
        /// Calendar months.
        Month = "month",
        /// Calendar quarters.
        Quarter = "quarter",
        /// Calendar years.
        Year = "year",
        /// Three months each, from the set first month of a fiscal year on.
        FiscalQuarter = "fiscal_quarter",
        /// Twelve months, from the set first month on.
        FiscalYear = "fiscal_year",
    }
}

named! {
    /// The day that a week begins with.
    WeekStart {
        /// ISO 8601.
        Monday = "monday",
        /// North America.
        Sunday = "sunday",
        /// The Middle East.
        Saturday = "saturday",
    }
}

impl WeekStart {
    /// Days since the last start of a week at 1970-01-01, a Thursday.
    const fn days_at_epoch(self) -> i64 {
        match self {
            Self::Monday => 3,
            Self::Sunday => 4,
            Self::Saturday => 5,
        }
    }
}

/// Bits of an hour's id that hold the offset, and what is added to make it positive: offsets stay below 26 hours.
const OFFSET_BITS: u32 = 18;
const OFFSET_BIAS_S: i64 = 1 << (OFFSET_BITS - 1);

/// What a table is made beyond the range asked for, so that the bounds of the first and last year lie in it.
const MARGIN_US: i64 = 400 * DAY_US;

/// Buckets of one grain in one zone.
///
/// An id is a number that sorts by time: 0 for [`Grain::Total`]; for hours the start of the local hour in UTC seconds
/// with the offset in its low bits, so that the two hours of an autumn change stay apart; for all others the days since
/// 1970-01-01 of the bucket's first local day.
#[derive(Debug, Clone)]
pub struct Buckets {
    grain: Grain,
    week_start: WeekStart,
    fiscal_year_start: Month,
    offsets: Offsets,
}

impl Buckets {
    /// Buckets that are right for instants from `min_us` to `max_us` (and for the bounds of the buckets that hold
    /// them). Making them costs some microseconds a year of range.
    pub fn new(zone: &Zone, grain: Grain, week_start: WeekStart, min_us: i64, max_us: i64) -> Self {
        let offsets = Offsets::new(zone, min_us.saturating_sub(MARGIN_US), max_us.saturating_add(MARGIN_US));
        Self { grain, week_start, fiscal_year_start: Month::January, offsets }
    }

    /// The same with fiscal years that begin in `month`; unless said so they begin in January.
    pub fn with_fiscal_year_start(self, month: Month) -> Self {
        Self { fiscal_year_start: month, ..self }
    }

    /// The grain.
    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// The bucket of an instant.
    pub fn id(&self, us: i64) -> i64 {
        self.id_and_reach(us).0
    }

    /// The buckets of many instants: `out` is cleared and gets one id for each. Fast where neighbours share a bucket.
    pub fn ids(&self, us: &[i64], out: &mut Vec<i64>) {
        out.clear();
        out.reserve(us.len());
        let (mut id, mut from, mut to) = (0, 0, 0);
        for &t in us {
            if t < from || t >= to {
                (id, from, to) = self.id_and_reach(t);
            }
            out.push(id);
        }
    }

    /// An id as the oracle writes it: `total`, `2025-03-03`, `2025-03-03T14:00:00+0545`.
    pub fn label(&self, id: i64) -> String {
        match self.grain {
            Grain::Total => "total".to_owned(),
            Grain::Hour => {
                let (start_s, offset_s) = hour_parts(id);
                let local_s = start_s + offset_s;
                let (year, month, day) = civil_from_days(local_s.div_euclid(86_400));
                let hour = local_s.rem_euclid(86_400) / 3_600;
                let sign = if offset_s < 0 { '-' } else { '+' };
                let offset = offset_s.abs();
                let (h, m, s) = (offset / 3_600, offset / 60 % 60, offset % 60);
                let seconds = if s == 0 { String::new() } else { format!("{s:02}") };
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:00:00{sign}{h:02}{m:02}{seconds}")
            }
            _ => {
                let (year, month, day) = civil_from_days(id);
                format!("{year:04}-{month:02}-{day:02}")
            }
        }
    }

    /// First instant of a bucket and first instant after it. For [`Grain::Total`] all of time.
    pub fn bounds(&self, id: i64) -> (i64, i64) {
        match self.grain {
            Grain::Total => (i64::MIN, i64::MAX),
            Grain::Hour => {
                let (start_s, offset_s) = hour_parts(id);
                let (start, end) = (start_s * SECOND_US, start_s * SECOND_US + HOUR_US);
                let holds = self
                    .offsets
                    .stretches()
                    .iter()
                    .find(|s| s.offset_us == offset_s * SECOND_US && s.start_us < end && s.end_us > start);
                holds.map_or((start, end), |s| (start.max(s.start_us), end.min(s.end_us)))
            }
            _ => (self.offsets.first_utc_us(id * DAY_US), self.offsets.first_utc_us(self.next_day(id) * DAY_US)),
        }
    }

    /// Every bucket that touches `[since_us, until_us)`, in order; none where that is empty. One for
    /// [`Grain::Total`].
    pub fn covering(&self, since_us: i64, until_us: i64) -> Vec<i64> {
        let mut ids = Vec::new();
        let mut at = since_us;
        while at < until_us {
            let id = self.id(at);
            if ids.last().is_none_or(|&last| id > last) {
                ids.push(id);
            }
            // A date that comes twice (clocks set back across midnight) ends before it begins again.
            at = self.bounds(id).1.max(self.id_and_reach(at).2);
        }
        ids
    }

    /// The bucket of an instant, and the stretch of instants around it that surely share it.
    fn id_and_reach(&self, us: i64) -> (i64, i64, i64) {
        if self.grain == Grain::Total {
            return (0, i64::MIN, i64::MAX);
        }
        let stretch = self.offsets.at(us);
        let local = us.saturating_add(stretch.offset_us);
        let (id, local_from, local_to) = if self.grain == Grain::Hour {
            let hour = local.div_euclid(HOUR_US);
            let offset_s = stretch.offset_us / SECOND_US;
            let id = ((hour * 3_600 - offset_s) << OFFSET_BITS) | (offset_s + OFFSET_BIAS_S);
            (id, hour * HOUR_US, (hour + 1) * HOUR_US)
        } else {
            let first = self.first_day(local.div_euclid(DAY_US));
            (first, first * DAY_US, self.next_day(first) * DAY_US)
        };
        (
            id,
            stretch.start_us.max(local_from.saturating_sub(stretch.offset_us)),
            stretch.end_us.min(local_to.saturating_sub(stretch.offset_us)),
        )
    }

    /// The first day of the bucket that holds a local day.
    fn first_day(&self, day: i64) -> i64 {
        match self.grain {
            Grain::Total | Grain::Hour | Grain::Day => day,
            Grain::Week => day - (day + self.week_start.days_at_epoch()).rem_euclid(7),
            Grain::Month => {
                let (year, month, _) = civil_from_days(day);
                days_from_civil(year, month, 1)
            }
            Grain::Quarter => {
                let (year, month, _) = civil_from_days(day);
                days_from_civil(year, (month - 1) / 3 * 3 + 1, 1)
            }
            Grain::Year => days_from_civil(civil_from_days(day).0, 1, 1),
            Grain::FiscalQuarter => self.first_fiscal_day(day, 3),
            Grain::FiscalYear => self.first_fiscal_day(day, 12),
        }
    }

    /// The first day of the months, so many at a time from the start of the fiscal year, that hold a local day.
    fn first_fiscal_day(&self, day: i64, months: i64) -> i64 {
        let (year, month, _) = civil_from_days(day);
        let into = (month - self.fiscal_year_start.number()).rem_euclid(12) % months;
        let first = year * 12 + month - 1 - into;
        first_of_month(first)
    }

    /// The first day of the bucket after the one that begins with `first`.
    fn next_day(&self, first: i64) -> i64 {
        let months = match self.grain {
            Grain::Total | Grain::Hour | Grain::Day => return first + 1,
            Grain::Week => return first + 7,
            Grain::Month => 1,
            Grain::Quarter | Grain::FiscalQuarter => 3,
            Grain::Year | Grain::FiscalYear => 12,
        };
        let (year, month, _) = civil_from_days(first);
        first_of_month(year * 12 + month - 1 + months)
    }
}

/// Start in UTC seconds and offset in seconds of an hour's id.
const fn hour_parts(id: i64) -> (i64, i64) {
    (id >> OFFSET_BITS, (id & ((1 << OFFSET_BITS) - 1)) - OFFSET_BIAS_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::parse_instant;

    fn us(text: &str) -> i64 {
        parse_instant(text).unwrap()
    }

    fn buckets(zone: &str, grain: Grain) -> Buckets {
        let zone = Zone::parse(zone).unwrap();
        Buckets::new(&zone, grain, WeekStart::Monday, us("2024-01-01T00:00:00Z"), us("2026-01-01T00:00:00Z"))
    }

    #[track_caller]
    fn check(zone: &str, grain: Grain, instant: &str, label: &str) {
        let buckets = buckets(zone, grain);
        assert_eq!(buckets.label(buckets.id(us(instant))), label);
    }

    /// Expected labels: Python's `zoneinfo` and `strftime`.
    #[test]
    fn labels_are_local() {
        check("UTC", Grain::Total, "2025-03-03T09:10:00Z", "total");
        check("Asia/Kathmandu", Grain::Hour, "2025-03-03T09:10:00Z", "2025-03-03T14:00:00+0545");
        check("Asia/Kathmandu", Grain::Hour, "2025-03-03T09:20:00Z", "2025-03-03T15:00:00+0545");
        check("Europe/Berlin", Grain::Hour, "2025-10-26T00:30:00Z", "2025-10-26T02:00:00+0200");
        check("Europe/Berlin", Grain::Hour, "2025-10-26T01:30:00Z", "2025-10-26T02:00:00+0100");
        check("Australia/Lord_Howe", Grain::Hour, "2025-04-05T15:10:00Z", "2025-04-06T01:00:00+1030");
        check("America/New_York", Grain::Day, "2025-03-10T03:59:59Z", "2025-03-09");
        check("Europe/Berlin", Grain::Week, "2025-03-02T23:00:00Z", "2025-03-03");
        check("UTC", Grain::Week, "2025-03-02T23:00:00Z", "2025-02-24");
        check("UTC", Grain::Month, "2025-03-31T23:00:00Z", "2025-03-01");
        check("Europe/Berlin", Grain::Quarter, "2025-03-31T22:00:00Z", "2025-04-01");
        check("America/New_York", Grain::Year, "2025-01-01T04:59:59Z", "2024-01-01");
    }

    #[test]
    fn a_day_has_the_hours_it_has() {
        for (day, hours) in [("2025-03-30T12:00:00Z", 23), ("2025-10-26T12:00:00Z", 25), ("2025-06-01T12:00:00Z", 24)] {
            let days = buckets("Europe/Berlin", Grain::Day);
            let (start, end) = days.bounds(days.id(us(day)));
            assert_eq!((end - start) / HOUR_US, hours, "{day}");
            assert_eq!(buckets("Europe/Berlin", Grain::Hour).covering(start, end).len() as i64, hours, "{day}");
        }
    }

    #[test]
    fn bounds_hold_what_ids_put_in_and_cover_all() {
        for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"] {
            for &grain in Grain::ALL {
                let b = buckets(zone, grain);
                let times: Vec<i64> =
                    (us("2025-01-30T00:00:00Z")..us("2025-12-01T00:00:00Z")).step_by(1_234_567_890).collect();
                let mut ids = Vec::new();
                b.ids(&times, &mut ids);
                for (&t, &id) in times.iter().zip(&ids) {
                    assert_eq!(id, b.id(t));
                    let (start, end) = b.bounds(id);
                    assert!(start <= t && t < end, "{zone} {grain} {t}");
                }
                let covering = b.covering(times[0], times[times.len() - 1] + 1);
                ids.dedup();
                for id in ids {
                    assert!(covering.binary_search(&id).is_ok(), "{zone} {grain}");
                }
            }
        }
    }

    /// Worked by hand: a year from April has the quarters April to June, July to September, October to December, January
    /// to March; one from February the quarters from February, May, August, November.
    #[test]
    fn fiscal_years_start_where_they_are_told() {
        let label = |grain, month, instant: &str| {
            let b = buckets("Europe/Berlin", grain).with_fiscal_year_start(month);
            let id = b.id(us(instant));
            (b.label(id), b.label(b.id(b.bounds(id).1)))
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let march = "2025-03-31T21:59:59Z";
        let april = "2025-03-31T22:00:00Z";
        assert_eq!(label(Grain::FiscalYear, Month::April, march), pair("2024-04-01", "2025-04-01"));
        assert_eq!(label(Grain::FiscalYear, Month::April, april), pair("2025-04-01", "2026-04-01"));
        assert_eq!(label(Grain::FiscalQuarter, Month::April, march), pair("2025-01-01", "2025-04-01"));
        assert_eq!(label(Grain::FiscalQuarter, Month::February, march), pair("2025-02-01", "2025-05-01"));
        let january = "2025-01-15T12:00:00Z";
        assert_eq!(label(Grain::FiscalQuarter, Month::February, january), pair("2024-11-01", "2025-02-01"));
        for instant in [january, march, april] {
            let plain = |grain| label(grain, Month::January, instant);
            assert_eq!(plain(Grain::FiscalYear), plain(Grain::Year), "{instant}");
            assert_eq!(plain(Grain::FiscalQuarter), plain(Grain::Quarter), "{instant}");
        }
    }

    #[test]
    fn weeks_start_where_they_are_told() {
        let zone = Zone::UTC;
        let at = us("2025-03-05T00:00:00Z");
        let label = |start| {
            let b = Buckets::new(&zone, Grain::Week, start, at, at);
            b.label(b.id(at))
        };
        assert_eq!(label(WeekStart::Monday), "2025-03-03");
        assert_eq!(label(WeekStart::Sunday), "2025-03-02");
        assert_eq!(label(WeekStart::Saturday), "2025-03-01");
    }
}
