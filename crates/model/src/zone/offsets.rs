//! The stretches of constant UTC offset over a range of time.

use super::{Zone, offset_us};
use crate::instant::{HOUR_US, SECOND_US, days_from_civil};

/// How far apart offsets are looked at when the table is made. No zone has changed its clocks and changed them back
/// within less than this, by the time zone database as of its release 2025b.
const STEP_US: i64 = 6 * HOUR_US;

/// Years between which zones change their clocks: before there is only local mean time, and the tables that we compile
/// in end after it.
const FIRST_CHANGE_US: i64 = days_from_civil(1_800, 1, 1) * 24 * HOUR_US;
const LAST_CHANGE_US: i64 = days_from_civil(2_101, 1, 1) * 24 * HOUR_US;

/// A stretch of time with one offset from UTC: `[start_us, end_us)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// First instant.
    pub start_us: i64,
    /// First instant after it.
    pub end_us: i64,
    /// Microseconds to add to UTC for local time.
    pub offset_us: i64,
}

/// The offsets of one zone over a range of instants, as a short sorted table. The first stretch reaches back to the
/// beginning of time and the last to its end, so every instant has an answer; outside the range it is the range's edge.
#[derive(Debug, Clone)]
pub struct Offsets {
    stretches: Vec<Stretch>,
}

impl Offsets {
    /// The table of `zone` that is right from `min_us` to `max_us`.
    pub fn new(zone: &Zone, min_us: i64, max_us: i64) -> Self {
        let first = min_us.min(max_us);
        let from = first.clamp(FIRST_CHANGE_US, LAST_CHANGE_US);
        let to = max_us.clamp(from, LAST_CHANGE_US);
        let mut offset = zone.utc_offset_s(from);
        let mut stretches = vec![Stretch { start_us: i64::MIN, end_us: i64::MAX, offset_us: offset_us(offset) }];
        let mut at = from;
        while at < to {
            let next = at.saturating_add(STEP_US).min(to);
            let after = zone.utc_offset_s(next);
            if after != offset {
                let change = first_with_other_offset(zone, at, next, offset);
                if let Some(last) = stretches.last_mut() {
                    last.end_us = change;
                }
                offset = zone.utc_offset_s(change);
                stretches.push(Stretch { start_us: change, end_us: i64::MAX, offset_us: offset_us(offset) });
                at = change;
            } else {
                at = next;
            }
        }
        Self { stretches }
    }

    /// The stretch that holds an instant.
    #[inline]
    pub fn at(&self, us: i64) -> Stretch {
        let after = self.stretches.partition_point(|s| s.start_us <= us);
        self.stretches[after.max(1) - 1]
    }

    /// The first instant whose local time is `local_us` or later without having been so before: see
    /// [`Zone::local_to_utc_us`].
    pub fn first_utc_us(&self, local_us: i64) -> i64 {
        // Stretches end in the same order by their local clocks as by UTC: they last months, and changes are hours.
        let ended = self.stretches.partition_point(|s| local_us.saturating_sub(s.offset_us) >= s.end_us);
        self.stretches.get(ended).map_or(local_us, |s| local_us.saturating_sub(s.offset_us).max(s.start_us))
    }

    /// Every stretch, in order of time.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }
}

/// Bisects `(before, until]` for the first whole second whose offset is not `offset`.
fn first_with_other_offset(zone: &Zone, before: i64, until: i64, offset: i32) -> i64 {
    let (mut same, mut other) = (before.div_euclid(SECOND_US), -(-until).div_euclid(SECOND_US));
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if zone.utc_offset_s(middle * SECOND_US) == offset {
            same = middle;
        } else {
            other = middle;
        }
    }
    other * SECOND_US
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::parse_instant;

    fn us(text: &str) -> i64 {
        parse_instant(text).unwrap()
    }

    /// The instants are those of the EU and US rules: last Sundays of March and October at 01:00 UTC; second Sunday of
    /// March and first of November at 02:00 local time.
    #[test]
    fn finds_the_changes_of_a_year() {
        let changes = |zone: &str| -> Vec<i64> {
            let zone = Zone::parse(zone).unwrap();
            Offsets::new(&zone, us("2025-01-01T00:00:00Z"), us("2026-01-01T00:00:00Z")).stretches()[1..]
                .iter()
                .map(|s| s.start_us)
                .collect()
        };
        assert_eq!(changes("Europe/Berlin"), [us("2025-03-30T01:00:00Z"), us("2025-10-26T01:00:00Z")]);
        assert_eq!(changes("America/New_York"), [us("2025-03-09T07:00:00Z"), us("2025-11-02T06:00:00Z")]);
        assert_eq!(changes("UTC"), [0_i64; 0]);
    }

    #[test]
    fn the_table_agrees_with_chrono_at_every_quarter_hour() {
        for name in ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"] {
            let zone = Zone::parse(name).unwrap();
            let (from, to) = (us("2009-01-01T00:00:00Z"), us("2012-06-01T00:00:00Z"));
            let table = Offsets::new(&zone, from, to);
            for t in (from..to).step_by(900_000_000) {
                assert_eq!(table.at(t).offset_us, offset_us(zone.utc_offset_s(t)), "{name} {t}");
            }
        }
    }

    #[test]
    fn a_skipped_midnight_begins_at_the_change() {
        // São Paulo put its clocks forward at midnight: 4 November 2018 began at 01:00, 03:00 UTC.
        let zone = Zone::parse("America/Sao_Paulo").unwrap();
        let days = crate::instant::days_from_civil(2018, 11, 4) as i32;
        assert_eq!(zone.local_date_start_us(days), us("2018-11-04T03:00:00Z"));
    }
}
