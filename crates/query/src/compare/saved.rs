//! The other side from a saved baseline (kpi-rules B2).

use std::collections::HashMap;

use tapemeasure_model::zone::Grain;

use super::columns::INCOMPLETE;
use super::sides::{Group, Side};
use super::{Other, Others, spoken};
use crate::baselines::{Window, beside};
use crate::definitions::Definition;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::plan::KpiRequest;
use crate::plan::period::{Asked, Period};

/// Holds every row against a baseline, which must have the KPI in the same grouping. Each bucket is a period of its own
/// there: weeks are what a baseline can judge, so buckets are at least that long.
///
/// # Errors
/// That of `refused` for a request that baselines cannot answer; those of
/// [`baselines::compare`](crate::baselines::compare()).
pub(super) async fn others(
    engine: &Engine,
    request: &KpiRequest,
    definition: &Definition,
    side: &Side,
    (name, refused): (&str, &(impl Fn(String) -> QueryError + Sync)),
) -> Result<Others, QueryError> {
    if request.filter.as_deref().is_some_and(|filter| !filter.trim().is_empty()) {
        return Err(refused("a baseline holds all rows, without a condition; leave out --where".to_owned()));
    }
    if request.target_us.is_some() {
        return Err(refused("a baseline rests on the targets of the settings; leave out --target".to_owned()));
    }
    if matches!(request.grain, Grain::Hour | Grain::Day) {
        return Err(refused("a baseline knows what is usual for a week; ask for --grain week or longer".to_owned()));
    }
    let kpis = &engine.kpis;
    let by = request.dimensions(definition);
    let mut notes = Vec::new();
    let mut found: HashMap<(String, Group), Other> = HashMap::new();
    let mut windows: HashMap<String, String> = HashMap::new();
    for (bucket, period) in periods(engine, request)? {
        if period.start_us > kpis.as_of_us {
            continue;
        }
        let beside = beside(engine, (name, definition.name.as_str()), (by, request.hours), period, refused).await?;
        let zone = kpis.clocks.zone();
        let about = if request.grain == Grain::Total { period.text(&zone) } else { bucket.clone() };
        if request.grain == Grain::Total {
            notes.push(format!("{about} is compared with {} of baseline {name}", beside.window));
        }
        if beside.overlaps {
            notes.push(format!(
                "no window of baseline {name} ends before {about}: {} is not apart from it",
                beside.window
            ));
        }
        for row in beside.rows {
            let other = Other {
                bucket: Some(beside.window.clone()),
                value: row.value,
                n: row.n,
                between: Some((row.difference, row.ratio)),
                verdict: Some(row.verdict.as_str()),
            };
            found.insert((bucket.clone(), row.group), other);
        }
        windows.insert(bucket, beside.window);
    }
    if request.grain != Grain::Total {
        notes.push(format!("each {} is compared with baseline {name}", spoken(request.grain)));
    }
    let rows = side
        .rows
        .iter()
        .map(|row| {
            if let Some(other) = found.get(&(row.bucket.clone(), row.group.clone())) {
                return other.clone();
            }
            match windows.get(&row.bucket) {
                // The group is on neither side.
                Some(window) => Other { bucket: Some(window.clone()), ..Other::default() },
                None => Other { verdict: Some(INCOMPLETE), ..Other::default() },
            }
        })
        .collect();
    Ok(Others { rows, sql: None, served_by: Some("baselines".to_owned()), notes, counts_rows: true })
}

/// The periods of the buckets of a request, by their names.
fn periods(engine: &Engine, request: &KpiRequest) -> Result<Vec<(String, Window)>, QueryError> {
    let kpis = &engine.kpis;
    let end_us = kpis.as_of_us.saturating_add(1);
    let asked = Asked { since_us: request.since_us.or(kpis.first_us), ..kpis.asked(request) };
    let period = Period::new(asked, &kpis.clocks)?;
    let window = |id: i64| {
        let (from_us, to_us) = period.part(id);
        let start_us = from_us.unwrap_or(end_us);
        (period.label(id), Window { start_us, end_us: to_us.unwrap_or(end_us).max(start_us) })
    };
    Ok(period.ids()?.into_iter().map(window).collect())
}
