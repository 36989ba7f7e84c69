//! Weekday and hour of day on the local clock.

use super::{Offsets, Zone};
use crate::instant::{DAY_US, HOUR_US};

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

    /// ISO weekday, 1 for Monday to 7 for Sunday.
    pub fn day_of_week(&self, us: i64) -> i32 {
        // 1970-01-01 was a Thursday.
        ((self.local_us(us).div_euclid(DAY_US) + 3).rem_euclid(7) + 1) as i32
    }

    /// Hour of the day, 0 to 23.
    pub fn hour_of_day(&self, us: i64) -> i32 {
        (self.local_us(us).rem_euclid(DAY_US) / HOUR_US) as i32
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
        assert_eq!((berlin.day_of_week(us), berlin.hour_of_day(us)), (1, 0));
        let utc = LocalTime::new(&Zone::UTC, us, us);
        assert_eq!((utc.day_of_week(us), utc.hour_of_day(us)), (7, 22));
        let kathmandu = LocalTime::new(&Zone::parse("Asia/Kathmandu").unwrap(), us, us);
        assert_eq!((kathmandu.day_of_week(us), kathmandu.hour_of_day(us)), (1, 4));
    }
}
