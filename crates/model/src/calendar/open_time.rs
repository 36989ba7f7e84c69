//! The open spans of a calendar over a range of time, and how much of a span is open.
//!
//! ```text
//! open spans (Europe/Berlin, mon-fri 09:00-17:00)          open before
//! 2025-03-28T08:00Z to 16:00Z   Friday, UTC+1              0 h
//! 2025-03-31T07:00Z to 15:00Z   Monday, UTC+2              8 h
//!
//! business length of 2025-03-28T15:00Z to 2025-03-31T08:30Z: (8 h + 1 h 30 min) - (0 h + 7 h) = 2 h 30 min
//! ```

use super::{Calendar, Date};
use crate::instant::{DAY_US, MAX_INSTANT_US, MIN_INSTANT_US, MINUTE_US};
use crate::zone::{Offsets, Zone};

/// Whole days made beyond a range on either side: local dates are at most 26 hours off those of UTC, and hours end at
/// most a day after the day on which they begin.
const MARGIN_DAYS: i64 = 3;

/// An open span: `[start_us, end_us)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start_us: i64,
    end_us: i64,
    /// Open time of the table before it.
    before_us: i64,
}

/// The open spans of a calendar over a range of instants. A year of one span a day takes 12 kB, and is made in less than
/// a millisecond.
#[derive(Debug, Clone)]
pub struct OpenTime {
    calendar: Calendar,
    min_us: i64,
    max_us: i64,
    /// In order of time, disjoint and apart from one another.
    spans: Vec<Span>,
    /// The UTC day, since 1970-01-01, of the first entry of `begun`.
    first_day: i64,
    /// For each UTC day how many spans begin before it. The last entry is one for the day after the range.
    begun: Vec<u32>,
}

impl OpenTime {
    /// The open spans of `calendar` for questions from `min_us` to `max_us`. Questions beyond are answered as well, but
    /// slowly.
    pub fn new(calendar: &Calendar, min_us: i64, max_us: i64) -> Self {
        let min_us = min_us.clamp(MIN_INSTANT_US, MAX_INSTANT_US);
        let max_us = max_us.clamp(min_us, MAX_INSTANT_US);
        let (first_day, last_day) = (min_us.div_euclid(DAY_US), max_us.div_euclid(DAY_US));
        let mut open = Vec::new();
        let mut clock: Option<(Zone, Offsets)> = None;
        for days in first_day - MARGIN_DAYS..=last_day + MARGIN_DAYS {
            let date = Date::from_days(days);
            let zone = calendar.week_on(date).zone;
            let offsets = match clock.take() {
                Some((known, offsets)) if known == zone => offsets,
                _ => Offsets::new(&zone, (first_day - 2 * MARGIN_DAYS) * DAY_US, (last_day + 2 * MARGIN_DAYS) * DAY_US),
            };
            open_on(calendar, date, &offsets, &mut open);
            clock = Some((zone, offsets));
        }
        let spans = merged(open);
        let begun = (first_day..=last_day + 1)
            .map(|day| spans.partition_point(|span| span.start_us < day * DAY_US) as u32)
            .collect();
        Self { calendar: calendar.clone(), min_us, max_us, spans, first_day, begun }
    }

    /// The first and the last instant that questions are answered fast for.
    pub fn range(&self) -> (i64, i64) {
        (self.min_us, self.max_us)
    }

    /// How much of `[from_us, to_us)` is open, in microseconds. Where `to_us` comes first it is that of the span between
    /// them, negative. Instants count as within the years 1 to 9999.
    #[inline]
    pub fn business_us(&self, from_us: i64, to_us: i64) -> i64 {
        let (first, last) = if from_us <= to_us { (from_us, to_us) } else { (to_us, from_us) };
        if self.min_us <= first && last <= self.max_us {
            return self.open_before(to_us) - self.open_before(from_us);
        }
        let length = self.reaching(first, last).within(first, last);
        if from_us <= to_us { length } else { -length }
    }

    /// A table for questions from `min_us` to `max_us`.
    #[cold]
    fn reaching(&self, min_us: i64, max_us: i64) -> Self {
        Self::new(&self.calendar, min_us, max_us)
    }

    /// The open time between two instants, the first not after the second, brought into the range.
    fn within(&self, first_us: i64, last_us: i64) -> i64 {
        self.open_before(last_us.clamp(self.min_us, self.max_us))
            - self.open_before(first_us.clamp(self.min_us, self.max_us))
    }

    /// Open time of the table before an instant of the range.
    #[inline]
    fn open_before(&self, us: i64) -> i64 {
        let day = (us.div_euclid(DAY_US) - self.first_day) as usize;
        let (low, high) = (self.begun[day] as usize, self.begun[day + 1] as usize);
        let begun = low + self.spans[low..high].partition_point(|span| span.start_us <= us);
        match begun.checked_sub(1) {
            None => 0,
            Some(last) => {
                let span = self.spans[last];
                span.before_us + us.min(span.end_us) - span.start_us
            }
        }
    }
}

/// [`OpenTime::business_us`] of many spans: `out` is cleared and gets one length for each pair. Both slices have the same
/// length.
pub fn business_us(open: &OpenTime, from_us: &[i64], to_us: &[i64], out: &mut Vec<i64>) {
    debug_assert_eq!(from_us.len(), to_us.len(), "spans have two ends");
    let times = || from_us.iter().chain(to_us);
    let (Some(&min_us), Some(&max_us)) = (times().min(), times().max()) else {
        out.clear();
        return;
    };
    // Made once for all spans, and not for each that leaves the range.
    let wider = (min_us < open.min_us || max_us > open.max_us)
        .then(|| open.reaching(min_us.min(open.min_us), max_us.max(open.max_us)));
    let open = wider.as_ref().unwrap_or(open);
    out.clear();
    out.extend(from_us.iter().zip(to_us).map(|(&from_us, &to_us)| open.business_us(from_us, to_us)));
}

/// Appends the open spans of the hours that begin on a date.
fn open_on(calendar: &Calendar, date: Date, offsets: &Offsets, open: &mut Vec<(i64, i64)>) {
    let midnight = date.days() * DAY_US;
    let next_is_holiday = calendar.is_holiday(date.next());
    for interval in calendar.hours_on(date).intervals() {
        let start = midnight + i64::from(interval.start_min()) * MINUTE_US;
        let mut end = midnight + i64::from(interval.end_min()) * MINUTE_US;
        if next_is_holiday {
            end = end.min(midnight + DAY_US);
        }
        // Every stretch of time whose clock may show a part of it: no clock is off by more than 26 hours.
        let mut at = start - 2 * DAY_US;
        loop {
            let stretch = offsets.at(at);
            let from = (start - stretch.offset_us).max(stretch.start_us);
            let to = (end - stretch.offset_us).min(stretch.end_us);
            if from < to {
                open.push((from, to));
            }
            if stretch.end_us >= end + 2 * DAY_US {
                break;
            }
            at = stretch.end_us;
        }
    }
}

/// Spans in order of time, those that overlap or touch made one.
fn merged(mut open: Vec<(i64, i64)>) -> Vec<Span> {
    open.sort_unstable();
    let mut spans: Vec<Span> = Vec::with_capacity(open.len());
    for (start_us, end_us) in open {
        if let Some(last) = spans.last_mut()
            && start_us <= last.end_us
        {
            last.end_us = last.end_us.max(end_us);
            continue;
        }
        let before_us = spans.last().map_or(0, |last| last.before_us + last.end_us - last.start_us);
        spans.push(Span { start_us, end_us, before_us });
    }
    spans
}
