//! A KPI of one grouping over one period, held against what a baseline has of it.

use super::{Sides, alike, check_kpi};
use crate::baselines::conditions::Conditions;
use crate::baselines::schema::{BASELINE_DIMENSIONS, TEXT_DIMENSIONS};
use crate::baselines::store::Key;
use crate::baselines::windows::Window;
use crate::engine::Engine;
use crate::error::QueryError;
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
    check_kpi(&entries, name, kpi)?;
    let conditions = Conditions::new(engine, (name, kpi), Some(by), hours)?;
    let windows = alike(&entries, &conditions.set);
    let Some(sides) = Sides::of(engine, &conditions, &windows, period, 1).await? else {
        let mut known: Vec<String> = entries.keys().filter(|key| key.kpi == kpi).map(spoken).collect();
        known.dedup();
        return Err(refused(format!("the baseline has it {}; group like that with --by", known.join(", or "))));
    };
    let mut rows = Vec::with_capacity(sides.groups.len());
    for (group, held) in sides.groups {
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
    Ok(Beside { window: sides.window, overlaps: sides.overlaps, rows })
}

/// How a baseline is grouped, for people.
fn spoken(key: &Key) -> String {
    let by = if key.grouped_by.is_empty() { "ungrouped".to_owned() } else { format!("by {}", key.grouped_by) };
    if key.hours == Hours::Elapsed.as_str() { by } else { format!("{by} in {} hours", key.hours) }
}
