//! A KPI of one grouping over one period, held against what a baseline has of it.

use super::{Rule, joined};
use crate::baselines::conditions::{Conditions, check_equal};
use crate::baselines::rows::Row;
use crate::baselines::schema::{BASELINE_DIMENSIONS, TEXT_DIMENSIONS};
use crate::baselines::store::Key;
use crate::baselines::values::work_out;
use crate::baselines::windows::Window;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::nearest::nearest;
use crate::plan::Hours;
use crate::verdict::Verdict;

/// What a baseline has beside the groups of a period.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// The window of the baseline, as people write it.
    pub(crate) window: String,
    /// The window does not lie before the period.
    pub(crate) overlaps: bool,
    /// A row a group that either side has.
    pub(crate) rows: Vec<BesideRow>,
}

/// What a baseline has beside one group.
#[derive(Debug, Clone)]
pub(crate) struct BesideRow {
    /// The values of the dimensions in the order in which they were asked for.
    pub(crate) group: Vec<Option<String>>,
    /// The headline over the whole window.
    pub(crate) value: Option<f64>,
    /// The rows that it rests on.
    pub(crate) n: Option<i64>,
    /// This side minus the baseline: of the headlines, or of the medians of their weeks where these are counts.
    pub(crate) difference: Option<f64>,
    /// As the difference, this side over the baseline.
    pub(crate) ratio: Option<f64>,
    /// As [`compare`](super::compare) says it.
    pub(crate) verdict: Verdict,
}

/// Holds one KPI, grouped by `by`, of one period against a baseline, by the rules of [`compare`](super::compare).
///
/// # Errors
/// As [`compare`](super::compare); the error of `refused`, if the baseline does not have the KPI grouped like that.
pub(crate) async fn beside(
    engine: &Engine,
    (name, kpi): (&str, &str),
    (by, hours): (&[String], Hours),
    period: Window,
    refused: impl Fn(String) -> QueryError,
) -> Result<Beside, QueryError> {
    let entries = engine.baselines.existing(name).await?;
    let mut kpis: Vec<&str> = entries.keys().map(|key| key.kpi.as_str()).collect();
    kpis.dedup();
    if !kpis.contains(&kpi) {
        return Err(QueryError::NotInBaseline {
            baseline: name.to_owned(),
            kpi: kpi.to_owned(),
            nearest: nearest(kpi, &kpis).unwrap_or_default().to_owned(),
            known: kpis.join(", "),
        });
    }
    let conditions = Conditions::new(engine, (name, kpi), Some(by), hours)?;
    let now = &conditions.set;
    let alike = |key: &Key| key.kpi == kpi && key.grouped_by == now.grouped_by && key.hours == now.hours;
    let windows: Vec<(&Key, &Vec<Row>)> = entries.iter().filter(|(key, _)| alike(key)).collect();
    let before = windows.iter().rev().find(|(key, _)| key.window.end_us <= period.start_us);
    let found = before.or(windows.last()).and_then(|(_, rows)| Some((*rows, rows.first()?)));
    let Some((then, saved)) = found else {
        let mut known: Vec<String> = entries.keys().filter(|key| key.kpi == kpi).map(spoken).collect();
        known.dedup();
        return Err(refused(format!("the baseline has it {}; group like that with --by", known.join(", or "))));
    };
    check_equal(&saved.set, now)?;
    let worked = work_out(engine, &conditions, &[period], 1).await?;
    let values = worked.windows.into_iter().next().unwrap_or_default();
    let definition = engine.definitions().get(kpi)?;
    let rule = Rule { better: definition.better, min_n: definition.min_n, is_count: worked.is_count };
    let mut rows = Vec::new();
    for (group, (then, now)) in joined(then, values) {
        let held = rule.hold(&then, &now);
        let value = |dimension: &String| {
            let place = BASELINE_DIMENSIONS.iter().position(|known| known == dimension)?;
            match place.checked_sub(TEXT_DIMENSIONS) {
                None => group.texts[place].clone(),
                Some(place) => group.times[place].map(|number| number.to_string()),
            }
        };
        rows.push(BesideRow {
            group: by.iter().map(value).collect(),
            value: held.then.value,
            n: held.then.n,
            difference: held.difference,
            ratio: held.ratio,
            verdict: held.verdict,
        });
    }
    Ok(Beside { window: saved.period.clone(), overlaps: before.is_none(), rows })
}

/// How a baseline is grouped, for people.
fn spoken(key: &Key) -> String {
    let by = if key.grouped_by.is_empty() { "ungrouped".to_owned() } else { format!("by {}", key.grouped_by) };
    if key.hours == Hours::Elapsed.as_str() { by } else { format!("{by} in {} hours", key.hours) }
}
