//! Weekday and hour of day on the local clock.

use super::{Offsets, Zone};
use crate::instant::{DAY_US, HOUR_US};

/// A local date between two changes of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDay {
    /// Its first instant.
    pub start_us: i64,
    /// The first instant after it.
    pub end_us: i64,
    /// When its midnight was, or would have been by this clock.
    midnight_us: i64,
    /// ISO weekday, 1 for Monday to 7 for Sunday.
    pub day_of_week: i32,
}

impl LocalDay {
    /// Whether an instant lies in it.
    #[inline]
    pub const fn holds(&self, us: i64) -> bool {
        self.start_us <= us && us < self.end_us
    }

    /// Hour of the day of an instant in it, 0 to 23.
    #[inline]
    pub const fn hour_of_day(&self, us: i64) -> i32 {
        ((us - self.midnight_us) / HOUR_US) as i32
    }
}

/// The local clock of one zone over a range of time.
#[derive(Debug, Clone)]
pub struct LocalTime {
    offsets: Offsets,
}

impl LocalTime {
    /// A clock that is right for instants from `min_us` to `max_us`.
    pub fn new(zone: &Zone, min_us: i64, max_us: i64) -> Self {
        Self { offsets: Offsets::new(zone, min_us, max_us) }
    }

    /// The local day of an instant. Rows that lie by day ask for it seldom.
    pub fn day(&self, us: i64) -> LocalDay {
        let stretch = self.offsets.at(us);
        let date = us.saturating_add(stretch.offset_us).div_euclid(DAY_US);
        let midnight_us = date.saturating_mul(DAY_US).saturating_sub(stretch.offset_us);
        LocalDay {
            start_us: midnight_us.max(stretch.start_us),
            end_us: midnight_us.saturating_add(DAY_US).min(stretch.end_us),
            midnight_us,
            // 1970-01-01 was a Thursday.
            day_of_week: ((date + 3).rem_euclid(7) + 1) as i32,
        }
    }

    /// Days since 1970-01-01 of the local date.
    pub fn date(&self, us: i64) -> i32 {
        self.local_us(us).div_euclid(DAY_US) as i32
    }

    /// Wall-clock microseconds since 1970-01-01T00:00.
    pub fn local_us(&self, us: i64) -> i64 {
        us.saturating_add(self.offsets.at(us).offset_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::parse_instant;

    #[test]
    fn weekday_and_hour_are_local() {
        let us = parse_instant("2025-03-30T22:30:00Z").unwrap();
        let berlin = LocalTime::new(&Zone::parse("Europe/Berlin").unwrap(), us, us);
        let weekday_and_hour = |clock: &LocalTime| (clock.day(us).day_of_week, clock.day(us).hour_of_day(us));
        assert_eq!(weekday_and_hour(&berlin), (1, 0));
        let utc = LocalTime::new(&Zone::UTC, us, us);
        assert_eq!(weekday_and_hour(&utc), (7, 22));
        let kathmandu = LocalTime::new(&Zone::parse("Asia/Kathmandu").unwrap(), us, us);
        assert_eq!(weekday_and_hour(&kathmandu), (1, 4));
    }

    /// The night of 30 March 2025 in Berlin: 2:00 became 3:00 at 1:00 UTC. On 26 October 3:00 became 2:00 at 1:00 UTC.
    #[test]
    fn a_day_of_a_clock_change_is_two() {
        let at = |text: &str| parse_instant(text).unwrap();
        let (from, to) = (at("2025-03-01T00:00:00Z"), at("2025-11-30T00:00:00Z"));
        let berlin = LocalTime::new(&Zone::parse("Europe/Berlin").unwrap(), from, to);
        for (first, change, last, hours) in [
            ("2025-03-29T23:00:00Z", "2025-03-30T01:00:00Z", "2025-03-30T22:00:00Z", [0, 1, 3, 23]),
            ("2025-10-25T22:00:00Z", "2025-10-26T01:00:00Z", "2025-10-26T23:00:00Z", [0, 2, 2, 23]),
        ] {
            let (first, change, last) = (at(first), at(change), at(last));
            let days = [berlin.day(first), berlin.day(last - 1)];
            assert_eq!(days.map(|day| (day.start_us, day.end_us)), [(first, change), (change, last)]);
            assert_eq!(days.map(|day| day.day_of_week), [7, 7]);
            let [before, after] = days;
            let found = [
                before.hour_of_day(first),
                before.hour_of_day(change - 1),
                after.hour_of_day(change),
                after.hour_of_day(last - 1),
            ];
            assert_eq!(found, hours);
            assert!(before.holds(change - 1) && !before.holds(change) && after.holds(change) && !after.holds(last));
        }
    }
}
