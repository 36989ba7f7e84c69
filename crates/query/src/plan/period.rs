//! The period that a request asks for, and its buckets.

use std::sync::Arc;

use tapemeasure_model::instant::{DAY_US, HOUR_US, MAX_INSTANT_US, MIN_INSTANT_US, format_instant};
use tapemeasure_model::zone::{Buckets, Grain, LocalTime, Zone};

use crate::error::QueryError;
use crate::functions::local_time::Clocks;

/// The most rows that are made for buckets and groups, 2 million: more than any screen, sheet or chart takes, and some
/// hundred megabytes.
pub(crate) const MAX_ROWS: u64 = 2_000_000;

/// How far apart instants are looked at to find the hours and weekdays of a bucket. Offsets from UTC are multiples of
/// 15 minutes in every zone since 1972.
const STEP_US: i64 = HOUR_US / 4;

/// What a request says about time, beside what the archive has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// How long the buckets are.
    pub(crate) grain: Grain,
    /// First instant, if given.
    pub(crate) since_us: Option<i64>,
    /// First instant after it, if given.
    pub(crate) until_us: Option<i64>,
    /// The as-of time.
    pub(crate) as_of_us: i64,
    /// The earliest event of the archive, if there is any.
    pub(crate) first_us: Option<i64>,
}

/// A period and its buckets.
#[derive(Debug)]
pub(crate) struct Period {
    asked: Asked,
    /// The period as it is filled: as given, else from the earliest event to the as-of time. `None` if neither is
    /// there.
    span: Option<(i64, i64)>,
    zone: Zone,
    buckets: Arc<Buckets>,
}

impl Period {
    /// The period of a request.
    ///
    /// # Errors
    /// [`QueryError::EmptyPeriod`] if it ends where it begins or before.
    pub(crate) fn new(asked: Asked, clocks: &Clocks) -> Result<Self, QueryError> {
        let limit = |us: Option<i64>| us.map(|us| us.clamp(MIN_INSTANT_US, MAX_INSTANT_US));
        let asked = Asked { since_us: limit(asked.since_us), until_us: limit(asked.until_us), ..asked };
        if let (Some(since_us), Some(until_us)) = (asked.since_us, asked.until_us)
            && since_us >= until_us
        {
            return Err(QueryError::EmptyPeriod { since: format_instant(since_us), until: format_instant(until_us) });
        }
        let data = asked.first_us.map(|first_us| (first_us, asked.as_of_us.saturating_add(1)));
        let since_us = asked.since_us.or(data.map(|(first_us, _)| first_us));
        let until_us = asked.until_us.or(data.map(|(_, end_us)| end_us));
        let span = since_us.zip(until_us);
        // Rows lie between the earliest event and the as-of time, whatever the period.
        let edges = [span, data].into_iter().flatten();
        let (from, to) = edges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((asked.as_of_us, asked.as_of_us));
        let buckets = clocks.buckets(clocks.zone(), asked.grain, (from, to));
        Ok(Self { asked, span, zone: clocks.zone(), buckets })
    }

    /// What was asked, its instants within the years 1 to 9999.
    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The ids of all buckets of the period, in order; one for [`Grain::Total`].
    ///
    /// # Errors
    /// [`QueryError::TooManyRows`] if there are more than [`MAX_ROWS`].
    pub(crate) fn ids(&self) -> Result<Vec<i64>, QueryError> {
        if self.asked.grain == Grain::Total {
            return Ok(vec![self.buckets.id(0)]);
        }
        let Some((since_us, until_us)) = self.span else { return Ok(Vec::new()) };
        let shortest_us = if self.asked.grain == Grain::Hour { HOUR_US } else { DAY_US };
        let at_least = until_us.saturating_sub(since_us).max(0) / shortest_us;
        // Only hours and days can come to that many within the years 1 to 9999.
        if matches!(self.asked.grain, Grain::Hour | Grain::Day) && at_least.unsigned_abs() > MAX_ROWS {
            return Err(QueryError::TooManyRows { buckets: at_least.unsigned_abs(), groups: 1, limit: MAX_ROWS });
        }
        Ok(self.buckets.covering(since_us, until_us))
    }

    /// The part of a bucket that lies in the period; without end where neither the bucket nor the period has one.
    pub(crate) fn part(&self, id: i64) -> (Option<i64>, Option<i64>) {
        let bounds = (self.asked.grain != Grain::Total).then(|| self.buckets.bounds(id));
        let start_us = match (bounds, self.asked.since_us) {
            (Some((start, _)), Some(since)) => Some(start.max(since)),
            (bounds, since) => bounds.map(|(start, _)| start).or(since),
        };
        let end_us = match (bounds, self.asked.until_us) {
            (Some((_, end)), Some(until)) => Some(end.min(until)),
            (bounds, until) => bounds.map(|(_, end)| end).or(until),
        };
        (start_us, end_us)
    }

    /// Whether events later than the as-of time can still fall into a bucket (kpi-rules T3). A bucket whose last
    /// instant is the as-of time is complete.
    pub(crate) fn is_running(&self, id: i64) -> bool {
        self.part(id).1.is_some_and(|end_us| end_us > self.asked.as_of_us.saturating_add(1))
    }

    /// A bucket as the output names it.
    pub(crate) fn label(&self, id: i64) -> String {
        self.buckets.label(id)
    }

    /// The weekdays and hours (`day_of_week`, `hour_of_day`) that an hour or day of the period has; `None` for longer
    /// buckets, which have all of them.
    pub(crate) fn local_times(&self, id: i64) -> Option<Vec<(i32, i32)>> {
        if !matches!(self.asked.grain, Grain::Hour | Grain::Day) {
            return None;
        }
        let (Some(start_us), Some(end_us)) = self.part(id) else { return None };
        let clock = LocalTime::new(&self.zone, start_us, end_us);
        let mut times: Vec<(i32, i32)> = (start_us..end_us)
            .step_by(STEP_US as usize)
            .chain([end_us - 1])
            .map(|us| (clock.day(us).day_of_week, clock.day(us).hour_of_day(us)))
            .collect();
        times.sort_unstable();
        times.dedup();
        Some(times)
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::parse_instant;
    use tapemeasure_model::zone::WeekStart;

    use super::*;

    fn us(text: &str) -> i64 {
        parse_instant(text).unwrap()
    }

    fn period(grain: Grain, since: Option<&str>, until: Option<&str>) -> Result<Period, QueryError> {
        let asked = Asked {
            grain,
            since_us: since.map(us),
            until_us: until.map(us),
            as_of_us: us("2025-03-05T12:00:00Z"),
            first_us: Some(us("2025-03-03T09:00:00Z")),
        };
        let clocks = Clocks::new(Zone::parse("Europe/Berlin").unwrap(), WeekStart::Monday, (0, 0));
        Period::new(asked, &clocks)
    }

    #[track_caller]
    fn labels(grain: Grain, since: Option<&str>, until: Option<&str>) -> Vec<String> {
        let period = period(grain, since, until).unwrap();
        period.ids().unwrap().into_iter().map(|id| period.label(id)).collect()
    }

    #[test]
    fn without_bounds_the_data_bound_it() {
        assert_eq!(labels(Grain::Day, None, None), ["2025-03-03", "2025-03-04", "2025-03-05"]);
        assert_eq!(labels(Grain::Day, Some("2025-03-04T23:00:00Z"), None), ["2025-03-05"]);
        assert_eq!(labels(Grain::Week, Some("2025-02-20T00:00:00Z"), None), ["2025-02-17", "2025-02-24", "2025-03-03"]);
        assert_eq!(labels(Grain::Total, None, None), ["total"]);
    }

    #[test]
    fn an_empty_period_is_an_error() {
        let error = period(Grain::Day, Some("2025-03-04T00:00:00Z"), Some("2025-03-04T00:00:00Z")).unwrap_err();
        assert!(matches!(error, QueryError::EmptyPeriod { .. }));
    }

    #[test]
    fn too_many_hours_are_an_error() {
        let period = period(Grain::Hour, Some("0001-01-01T00:00:00Z"), None).unwrap();
        assert!(matches!(period.ids().unwrap_err(), QueryError::TooManyRows { .. }));
    }

    #[test]
    fn a_bucket_runs_until_its_end_is_past() {
        let running = |until: Option<&str>| {
            let period = period(Grain::Day, None, until).unwrap();
            period.ids().unwrap().into_iter().map(|id| period.is_running(id)).collect::<Vec<_>>()
        };
        assert_eq!(running(None), [false, false, true]);
        assert_eq!(running(Some("2025-03-05T12:00:00Z")), [false, false, false]);
        assert_eq!(running(Some("2025-03-05T12:00:00.000001Z")), [false, false, false]);
        assert_eq!(running(Some("2025-03-05T12:00:00.000002Z")), [false, false, true]);
        let total = |until| period(Grain::Total, None, until).unwrap().is_running(0);
        assert!(!total(None));
        assert!(total(Some("2025-04-01T00:00:00Z")));
    }

    #[test]
    fn a_day_has_one_weekday_and_the_hours_that_its_clock_shows() {
        let period = period(Grain::Day, Some("2025-03-29T23:00:00Z"), Some("2025-03-30T22:00:00Z")).unwrap();
        let times = period.local_times(period.ids().unwrap()[0]).unwrap();
        // 30 March 2025 was a Sunday, and had no hour 2 in Berlin.
        let hours: Vec<(i32, i32)> = (0..24).filter(|&hour| hour != 2).map(|hour| (7, hour)).collect();
        assert_eq!(times, hours);
    }
}
