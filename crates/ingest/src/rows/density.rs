//! How an archive is cut, from how dense its events lie.

use std::collections::HashMap;

use tapemeasure_model::instant::DAY_US;
use tapemeasure_model::period::PeriodKind;

/// Events in 30 days up to which months are the better cut. Periods of 1 to 10 million events are the aim: fewer make
/// small files, more make an ingest rewrite much for little.
const MOST_A_MONTH: u64 = 10_000_000;

/// Events of each UTC day.
#[derive(Debug, Default)]
pub struct Days {
    counts: HashMap<i64, u64>,
    day: i64,
    run: u64,
}

impl Days {
    /// Counts an event.
    pub fn add(&mut self, time_us: i64) {
        let day = time_us.div_euclid(DAY_US);
        if day != self.day {
            self.settle();
            self.day = day;
        }
        self.run += 1;
    }

    /// Moves the counts of another into this one.
    pub fn absorb(&mut self, other: &mut Self) {
        self.settle();
        other.settle();
        for (day, count) in other.counts.drain() {
            *self.counts.entry(day).or_default() += count;
        }
    }

    /// Months up to 10 million events in 30 days, else days. Only days with events count, so that a stray date in
    /// another century changes nothing.
    pub fn choose(&mut self) -> PeriodKind {
        self.settle();
        let days = self.counts.len().max(1) as u64;
        let events: u64 = self.counts.values().sum();
        if events.saturating_mul(30) / days > MOST_A_MONTH { PeriodKind::Day } else { PeriodKind::Month }
    }

    /// Equal days in a row are counted in a number first: exports are mostly in order of time.
    fn settle(&mut self) {
        if self.run > 0 {
            *self.counts.entry(self.day).or_default() += self.run;
            self.run = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(counts: &[(i64, u64)]) -> Days {
        Days { counts: counts.iter().copied().collect(), ..Days::default() }
    }

    #[test]
    fn ten_million_in_thirty_days_are_still_months() {
        assert_eq!(days(&[]).choose(), PeriodKind::Month);
        assert_eq!(days(&[(0, 333_333)]).choose(), PeriodKind::Month);
        assert_eq!(days(&[(0, 333_334)]).choose(), PeriodKind::Day);
        assert_eq!(days(&[(0, 300_000), (1, 360_000)]).choose(), PeriodKind::Month);
        // A stray date only counts as one more day.
        assert_eq!(days(&[(0, 900_000), (2_900_000, 1)]).choose(), PeriodKind::Day);
    }

    #[test]
    fn counting_in_parts_is_counting_at_once() {
        let mut a = Days::default();
        let mut b = Days::default();
        for us in [0, DAY_US - 1, DAY_US, -1] {
            a.add(us);
        }
        for us in [5, DAY_US] {
            b.add(us);
        }
        a.absorb(&mut b);
        assert_eq!(a.counts, HashMap::from([(0, 3), (1, 2), (-1, 1)]));
        assert!(b.counts.is_empty());
    }
}
