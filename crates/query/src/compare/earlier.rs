//! The other side from an earlier time.

use std::collections::HashMap;

use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US, said_end_us};
use tapemeasure_model::zone::{Grain, Offsets};

use super::align::{Aligned, Earlier, LocalClock, REACH_US, Stretch};
use super::sides::{Absent, Found, Side};
use super::{Other, Others, compared, spoken};
use crate::definitions::{Definition, Kind};
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::plan::KpiRequest;
use crate::plan::period::Period;

/// What every bucket of a request is held against, worked out before any number.
#[derive(Debug)]
pub(super) struct Plan {
    earlier: Earlier,
    grain: Grain,
    clock: LocalClock,
    /// The buckets of this side, in order, each with its other side.
    buckets: Vec<(String, Aligned)>,
    /// The period of [`Grain::Total`].
    period: Option<(i64, i64)>,
    /// The earliest event of the archive.
    first_us: Option<i64>,
}

impl Plan {
    /// The plan of a request. `refused` makes the error of a request that cannot be compared like that.
    ///
    /// # Errors
    /// That error, [`QueryError::EmptyPeriod`], [`QueryError::TooManyRows`].
    pub(super) fn new(
        kpis: &Kpis,
        request: &KpiRequest,
        earlier: Earlier,
        refused: impl Fn(String) -> QueryError,
    ) -> Result<Self, QueryError> {
        let period = Period::new(kpis.asked(request), &kpis.clocks)?;
        let asked = *period.asked();
        let end_us = kpis.as_of_us.saturating_add(1);
        let since_us = asked.since_us.or(kpis.first_us).unwrap_or(end_us);
        let until_us = asked.until_us.unwrap_or(end_us).max(since_us);
        let reach_us = (until_us - since_us).saturating_add(REACH_US);
        let range = (
            since_us.min(end_us).saturating_sub(reach_us).max(MIN_INSTANT_US),
            until_us.max(end_us).saturating_add(REACH_US).min(MAX_INSTANT_US),
        );
        let zone = kpis.clocks.zone();
        let clock = LocalClock {
            buckets: kpis.clocks.buckets(zone, request.grain, range),
            offsets: Offsets::new(&zone, range.0, range.1),
            end_us,
        };
        let mut plan =
            Self { earlier, grain: request.grain, clock, buckets: Vec::new(), period: None, first_us: kpis.first_us };
        if request.grain == Grain::Total {
            if asked.since_us.is_none() {
                return Err(refused("the period has no start; give one with --since".to_owned()));
            }
            let aligned = plan.clock.period((since_us, until_us), earlier);
            let aligned = aligned.ok_or_else(|| {
                refused("the period is longer than 7 days; ask for --grain day or hour, or a shorter one".to_owned())
            })?;
            plan.period = Some((since_us, until_us));
            plan.buckets.push((period.label(0), aligned));
            return Ok(plan);
        }
        for id in period.ids()? {
            let (start_us, stop_us) = plan.clock.buckets.bounds(id);
            let (from_us, to_us) = period.part(id);
            let part = (from_us.unwrap_or(start_us), to_us.unwrap_or(stop_us));
            let aligned = plan.clock.bucket(id, part, earlier).ok_or_else(|| {
                refused(format!("a {} has no weekday; ask for --grain day or hour", spoken(request.grain)))
            })?;
            plan.buckets.push((period.label(id), aligned));
        }
        Ok(plan)
    }

    /// Works the other side out and lays it beside the rows of this side.
    ///
    /// # Errors
    /// As [`Engine::kpi`](crate::Engine::kpi).
    pub(super) async fn run(
        self,
        kpis: &Kpis,
        request: &KpiRequest,
        definition: &Definition,
        side: &Side,
    ) -> Result<Others, QueryError> {
        let by = request.dimensions(definition);
        // Empty buckets of flows follow from the rules; contacts stay in their state where nothing happens.
        let fill = definition.kind != Kind::Flow;
        let other = KpiRequest { measures: Some(compared(definition)), fill, ..request.clone() };
        let mut found = Found::default();
        let mut asked = Vec::new();
        if let Some((since_us, until_us)) = self.whole() {
            let request = KpiRequest { since_us: Some(since_us), until_us: Some(until_us), ..other.clone() };
            let answer = kpis.answer(&request).await?;
            found.add(Side::read(&answer.batch, by.len(), definition)?, None);
            asked.push(answer);
        }
        for (bucket, stretch) in self.stretches() {
            let key = self.key(bucket, stretch);
            if !self.is_in_bulk(stretch) {
                let (since_us, until_us) = (Some(stretch.since_us), Some(stretch.until_us));
                let request = KpiRequest { grain: Grain::Total, since_us, until_us, ..other.clone() };
                let answer = kpis.answer(&request).await?;
                found.add(Side::read(&answer.batch, by.len(), definition)?, Some(&key));
                asked.push(answer);
            }
            found.look_at(&key);
        }
        let absent = Absent::new(definition, side.whole_numbers, by, matches!(self.grain, Grain::Hour | Grain::Day));
        let aligned: HashMap<&str, &Aligned> =
            self.buckets.iter().map(|(bucket, aligned)| (bucket.as_str(), aligned)).collect();
        let mut rows = Vec::with_capacity(side.rows.len());
        for row in &side.rows {
            rows.push(match aligned.get(row.bucket.as_str()) {
                Some(Aligned::With(stretch)) => {
                    let known = self.is_known(stretch);
                    let (value, n) = if known {
                        found.take(&self.key(&row.bucket, stretch), &row.group, &absent)
                    } else {
                        (None, None)
                    };
                    Other { bucket: Some(self.shown(stretch)), value, n, ..Other::default() }
                }
                Some(Aligned::NotBegun) => Other { verdict: Some(super::columns::INCOMPLETE), ..Other::default() },
                Some(Aligned::Nothing) | None => Other::default(),
            });
        }
        let mut notes = self.notes();
        let left_over = found.left_over();
        if left_over > 0 {
            notes.push(format!("{left_over} groups have rows on the other side only, and are not shown"));
        }
        let sql = asked.iter().map(|answer| answer.sql.trim()).collect::<Vec<_>>().join("\n\n");
        let served_by = asked.first().map(|answer| answer.served_by.clone());
        Ok(Others { rows, sql: Some(sql).filter(|sql| !sql.is_empty()), served_by, notes, counts_rows: true })
    }

    /// The stretches of the other side of which something is known, with the bucket of this side that they belong to.
    fn stretches(&self) -> impl Iterator<Item = (&str, &Stretch)> {
        self.buckets.iter().filter_map(|(bucket, aligned)| match aligned {
            Aligned::With(stretch) if self.is_known(stretch) => Some((bucket.as_str(), stretch)),
            Aligned::With(_) | Aligned::Nothing | Aligned::NotBegun => None,
        })
    }

    /// From the first to the last bucket of the other side that is taken whole.
    fn whole(&self) -> Option<(i64, i64)> {
        let whole = self.stretches().filter(|(_, stretch)| self.is_in_bulk(stretch));
        let bounds = whole.map(|(_, stretch)| (stretch.since_us, stretch.until_us));
        bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Whether a stretch is answered together with others, as a bucket.
    fn is_in_bulk(&self, stretch: &Stretch) -> bool {
        self.grain != Grain::Total && stretch.whole
    }

    /// Whether the archive reaches into a stretch: of what lies before its first event nothing is known.
    fn is_known(&self, stretch: &Stretch) -> bool {
        self.first_us.is_some_and(|first_us| first_us < stretch.until_us)
    }

    /// Where the rows of a stretch are found: under their own bucket, or under that of this side.
    fn key(&self, bucket: &str, stretch: &Stretch) -> String {
        if self.is_in_bulk(stretch) { self.clock.buckets.label(stretch.bucket) } else { format!("part for {bucket}") }
    }

    /// A stretch as the output names it: a bucket, or first instant and first instant after it, or the as-of time that it
    /// is cut at.
    fn shown(&self, stretch: &Stretch) -> String {
        if self.is_in_bulk(stretch) {
            return self.clock.buckets.label(stretch.bucket);
        }
        format!("{}/{}", self.clock.shown(stretch.since_us), self.clock.shown(said_end_us(stretch.until_us)))
    }

    /// What was compared with what.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let name = spoken(self.grain);
        if self.grain != Grain::Total {
            notes.push(match (self.earlier, self.grain) {
                (Earlier::Previous, _) => format!("each {name} is compared with the {name} before"),
                (Earlier::Year, Grain::Hour | Grain::Day | Grain::Week) => {
                    format!("each {name} is compared with the {name} 364 days before")
                }
                (Earlier::Year, _) => format!("each {name} is compared with the {name} a year before"),
                (Earlier::Weekday, _) => format!("each {name} is compared with the {name} 7 days before"),
            });
        }
        for (bucket, aligned) in &self.buckets {
            match aligned {
                Aligned::With(stretch) if !self.is_in_bulk(stretch) || stretch.cut => {
                    notes.push(self.about(bucket, stretch));
                }
                Aligned::NotBegun if self.grain == Grain::Total => {
                    notes.push("the period has not begun by the as-of time: there is nothing to compare".to_owned());
                }
                Aligned::With(_) | Aligned::Nothing | Aligned::NotBegun => {}
            }
        }
        let begins_within = |(_, stretch): &(&str, &Stretch)| {
            self.first_us.is_some_and(|first_us| stretch.since_us < first_us && first_us < stretch.until_us)
        };
        if let (Some((_, stretch)), Some(first_us)) = (self.stretches().find(begins_within), self.first_us) {
            notes.push(format!(
                "the archive begins only at {}: {} is not whole",
                self.clock.shown(first_us),
                self.shown(stretch)
            ));
        }
        notes.extend(self.before_the_archive());
        notes
    }

    /// That some or all of the other side lies before the first event of the archive.
    fn before_the_archive(&self) -> Option<String> {
        let all = self.buckets.iter().filter(|(_, aligned)| matches!(aligned, Aligned::With(_))).count();
        let unknown = all - self.stretches().count();
        if unknown == 0 {
            return None;
        }
        let begins = match self.first_us {
            Some(first_us) => format!("the archive begins only at {}", self.clock.shown(first_us)),
            None => "the archive has no events".to_owned(),
        };
        Some(match self.grain {
            Grain::Total => format!("{begins}: nothing is known of the time before"),
            _ => format!(
                "{begins}: nothing is known of what {unknown} of {} {}s would be compared with",
                self.buckets.len(),
                spoken(self.grain)
            ),
        })
    }

    /// What a bucket or period was compared with that is no whole bucket.
    fn about(&self, bucket: &str, stretch: &Stretch) -> String {
        let shown = |us: i64| self.clock.shown(us);
        let (since, until) = (shown(stretch.since_us), shown(said_end_us(stretch.until_us)));
        let known = || shown(said_end_us(self.clock.end_us));
        match (self.period, stretch.cut) {
            (Some(_), false) => format!("compared with {since} to {until}"),
            (Some((_, end_us)), true) => format!(
                "the period runs until {} and is only known to {}: compared with the same part, {since} to {until}",
                shown(end_us),
                known()
            ),
            (None, true) => {
                format!("{bucket} is only known to {}: compared with the same part, {since} to {until}", known())
            }
            (None, false) => format!("of {bucket} a part is asked for: compared with {since} to {until}"),
        }
    }
}
