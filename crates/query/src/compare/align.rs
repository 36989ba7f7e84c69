//! Which stretch of time a period or bucket is held against.
//!
//! ```text
//!               this side                       previous                     year
//! month         2025-03                         2025-02                      2024-03
//! month so far  2025-03-01 to 2025-03-20 14:00  2025-02-01 to 02-20 14:00    2024-03-01 to 03-20 14:00
//! day           2025-03-30 (23 hours)           2025-03-29                   2024-03-31 (364 days before)
//! any stretch   2025-03-10 09:00 to 11 09:00    2025-03-09 09:00 to 10 09:00 364 days before
//! ```
//!
//! Steps of days, weeks, months and years are steps of the local calendar: the time on the clock stays, whatever clocks
//! do between. A day that a shorter month does not have is that month's end. What has not happened yet is cut off on
//! both sides.

use std::sync::Arc;

use tapemeasure_model::calendar::Date;
use tapemeasure_model::instant::{DAY_US, HOUR_US, MINUTE_US, SECOND_US, civil_from_days, first_of_month};
use tapemeasure_model::zone::{Buckets, Grain, Offsets};

/// Days of 52 weeks: what lies a year before with the same weekday.
const YEAR_DAYS: i64 = 364;

/// How far before a period the other side can begin, beside the length of the period itself.
pub(super) const REACH_US: i64 = 800 * DAY_US;

/// Which earlier stretch is the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// The one just before, of the same shape.
    Previous,
    /// The same one a year before.
    Year,
    /// The same weekdays a week before.
    Weekday,
}

/// The other side of a period or bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aligned {
    /// A stretch of time.
    With(Stretch),
    /// There is none: an hour or day that the earlier calendar does not have.
    Nothing,
    /// This side has not begun by the as-of time.
    NotBegun,
}

/// A stretch of time that another is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First instant.
    pub(super) since_us: i64,
    /// First instant after it.
    pub(super) until_us: i64,
    /// The bucket that it is the whole of, or a part of; 0 for a period.
    pub(super) bucket: i64,
    /// It is the whole of its bucket.
    pub(super) whole: bool,
    /// This side is still running, and the other was cut to what has passed of it.
    pub(super) cut: bool,
}

/// The local clock that stretches are moved by.
#[derive(Debug)]
pub(super) struct LocalClock {
    /// Right for everything that is moved, and for as far as it is moved: see [`REACH_US`].
    pub(super) buckets: Arc<Buckets>,
    /// As `buckets`.
    pub(super) offsets: Offsets,
    /// First instant that is not known yet: the one after the as-of time.
    pub(super) end_us: i64,
}

impl LocalClock {
    /// The other side of a whole period. `None` where it would reach into the period: more than a week by weekday.
    pub(super) fn period(&self, (since_us, until_us): (i64, i64), earlier: Earlier) -> Option<Aligned> {
        let step = match (earlier, self.months(since_us, until_us)) {
            (Earlier::Previous, Some(months)) => Step::Months(months),
            (Earlier::Previous, None) => self.length(since_us, until_us),
            (Earlier::Year, Some(_)) => Step::Months(12),
            (Earlier::Year, None) => Step::Days(YEAR_DAYS),
            (Earlier::Weekday, _) => Step::Days(7),
        };
        let first_us = self.before(since_us, step);
        // Within the hour that comes twice in autumn the clock goes back: what is left of the other side may be nothing.
        let last_us = self.before(until_us, step).max(first_us);
        if earlier == Earlier::Weekday && last_us > since_us {
            return None;
        }
        if self.end_us <= since_us {
            return Some(Aligned::NotBegun);
        }
        let cut = self.end_us < until_us;
        let end_us = if cut { self.before(self.end_us, step).clamp(first_us, last_us) } else { last_us };
        Some(stretch(Stretch { since_us: first_us, until_us: end_us, bucket: 0, whole: !cut, cut }))
    }

    /// The other side of a bucket, of which the part `[since_us, until_us)` lies in the period. `None` where buckets of
    /// this grain have no such side: weeks and longer ones by weekday.
    pub(super) fn bucket(&self, id: i64, (since_us, until_us): (i64, i64), earlier: Earlier) -> Option<Aligned> {
        let (start_us, end_us) = self.buckets.bounds(id);
        let step = match (earlier, self.buckets.grain()) {
            (_, Grain::Total) => return None,
            (Earlier::Previous, Grain::Hour) => Step::Elapsed(start_us - self.buckets.bounds(self.id_before(id)).0),
            (Earlier::Previous, Grain::Day) => Step::Days(1),
            (Earlier::Previous, Grain::Week) => Step::Days(7),
            (Earlier::Previous, Grain::Month) => Step::Months(1),
            (Earlier::Previous, Grain::Quarter | Grain::FiscalQuarter) => Step::Months(3),
            (Earlier::Previous | Earlier::Year, Grain::Year | Grain::FiscalYear) => Step::Months(12),
            (Earlier::Year, Grain::Month | Grain::Quarter | Grain::FiscalQuarter) => Step::Months(12),
            (Earlier::Year, Grain::Hour | Grain::Day | Grain::Week) => Step::Days(YEAR_DAYS),
            (Earlier::Weekday, Grain::Hour | Grain::Day) => Step::Days(7),
            (Earlier::Weekday, _) => return None,
        };
        if self.end_us <= since_us {
            return Some(Aligned::NotBegun);
        }
        let other = match earlier {
            Earlier::Previous => self.id_before(id),
            Earlier::Year | Earlier::Weekday => self.buckets.id(self.before(start_us, step)),
        };
        let (first_us, last_us) = self.buckets.bounds(other);
        // A skipped hour or day has no counterpart: what its clock time falls on instead is another one.
        if earlier != Earlier::Previous && !self.is_same_clock(start_us, first_us, step) {
            return Some(Aligned::Nothing);
        }
        let cut = self.end_us < until_us;
        let shown_end_us = if cut { self.end_us } else { until_us };
        let moved = |us: i64| self.before(us, step).clamp(first_us, last_us);
        let from_us = if since_us <= start_us { first_us } else { moved(since_us) };
        let to_us = if shown_end_us >= end_us { last_us } else { moved(shown_end_us) };
        let whole = from_us == first_us && to_us == last_us;
        Some(stretch(Stretch { since_us: from_us, until_us: to_us, bucket: other, whole, cut }))
    }

    /// An instant so much before another.
    fn before(&self, us: i64, step: Step) -> i64 {
        match step {
            Step::Elapsed(length_us) => us.saturating_sub(length_us),
            Step::Days(days) => self.offsets.first_utc_us(self.local(us) - days * DAY_US),
            Step::Months(months) => self.offsets.first_utc_us(months_before(self.local(us), months)),
        }
    }

    /// Whether a bucket that begins at `before_us` is the one a step before that which begins at `us`, and not what a
    /// skipped hour or day falls on.
    fn is_same_clock(&self, us: i64, before_us: i64, step: Step) -> bool {
        let unit_us = if self.buckets.grain() == Grain::Hour { HOUR_US } else { DAY_US };
        let unit = |local_us: i64| local_us.div_euclid(unit_us);
        match step {
            Step::Days(days) => unit(self.local(us) - days * DAY_US) == unit(self.local(before_us)),
            // Every year has the first days of its months.
            Step::Elapsed(_) | Step::Months(_) => true,
        }
    }

    /// The whole local months of a stretch; `None` if it has others.
    fn months(&self, since_us: i64, until_us: i64) -> Option<i64> {
        let month = |us: i64| {
            let local_us = self.local(us);
            let (year, month, day) = civil_from_days(local_us.div_euclid(DAY_US));
            (self.is_day_start(us) && day == 1).then_some(year * 12 + month - 1)
        };
        Some(month(until_us)? - month(since_us)?)
    }

    /// How long a stretch is: whole local days, else time.
    fn length(&self, since_us: i64, until_us: i64) -> Step {
        if self.is_day_start(since_us) && self.is_day_start(until_us) {
            Step::Days(self.day(until_us) - self.day(since_us))
        } else {
            Step::Elapsed(until_us - since_us)
        }
    }

    /// Whether a local day begins: at midnight, or where a change of clocks skips midnight at the change.
    fn is_day_start(&self, us: i64) -> bool {
        self.offsets.first_utc_us(self.day(us) * DAY_US) == us
    }

    fn day(&self, us: i64) -> i64 {
        self.local(us).div_euclid(DAY_US)
    }

    fn local(&self, us: i64) -> i64 {
        us.saturating_add(self.offsets.at(us).offset_us)
    }

    fn id_before(&self, id: i64) -> i64 {
        self.buckets.id(self.buckets.bounds(id).0 - 1)
    }

    /// An instant on the local clock, for people: a date where a day begins, else date, time and offset.
    pub(super) fn shown(&self, us: i64) -> String {
        let local_us = self.local(us);
        let date = Date::from_days(local_us.div_euclid(DAY_US));
        if self.is_day_start(us) {
            return date.to_string();
        }
        let time_us = local_us.rem_euclid(DAY_US);
        let (hour, minute) = (time_us / HOUR_US, time_us / MINUTE_US % 60);
        let (second, fraction_us) = (time_us / SECOND_US % 60, time_us % SECOND_US);
        let fraction = if fraction_us == 0 { String::new() } else { format!(".{fraction_us:06}") };
        let offset_s = self.offsets.at(us).offset_us / SECOND_US;
        let sign = if offset_s < 0 { '-' } else { '+' };
        let (h, m) = (offset_s.abs() / 3_600, offset_s.abs() / 60 % 60);
        format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{sign}{h:02}:{m:02}")
    }
}

/// How far one side lies before the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Microseconds.
    Elapsed(i64),
    /// Local days, the time on the clock kept.
    Days(i64),
    /// Local months, day and time on the clock kept.
    Months(i64),
}

/// The local time so many months before; the end of the month where it does not have the day.
fn months_before(local_us: i64, months: i64) -> i64 {
    let (year, month, day) = civil_from_days(local_us.div_euclid(DAY_US));
    let total = year * 12 + month - 1 - months;
    let (start, end) = (first_of_month(total), first_of_month(total + 1));
    if start + day > end { end * DAY_US } else { (start + day - 1) * DAY_US + local_us.rem_euclid(DAY_US) }
}

/// A stretch that is one.
fn stretch(stretch: Stretch) -> Aligned {
    if stretch.since_us < stretch.until_us { Aligned::With(stretch) } else { Aligned::Nothing }
}
