//! What is usual for one KPI, ungrouped, by a baseline, and how a period stands to it.

use super::{Rule, joined};
use crate::baselines::conditions::{Conditions, check_equal};
use crate::baselines::rows::Row;
use crate::baselines::store::Key;
use crate::baselines::values::work_out;
use crate::baselines::windows::Window;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::plan::Hours;
use crate::verdict::Verdict;

/// A period held against what a baseline has of a KPI.
#[derive(Debug, Clone)]
pub struct Against {
    /// The window of the baseline, as people write it.
    pub window: String,
    /// The window does not lie before the period.
    pub overlaps: bool,
    /// The median of the period's weekly values; `None` without a whole week.
    pub weekly: Option<f64>,
    /// The median of the window's weekly values.
    pub baseline_weekly: Option<f64>,
    /// Lowest and highest value that are usual of the median of so many weeks; `None` where the window has too few.
    pub usual: Option<(f64, f64)>,
    /// The rows that the window's number rests on; `None` where nothing counts them.
    pub baseline_n: Option<u64>,
    /// As [`compare`](super::compare) says it.
    pub verdict: Verdict,
}

/// Holds one KPI of a period, ungrouped and in elapsed time unless its definition says otherwise, against a baseline, by the
/// rules of [`compare`](super::compare). `None` if the baseline does not have the KPI like that.
///
/// # Errors
/// [`QueryError::UnknownBaseline`]; [`QueryError::NotComparable`] if a setting or definition is not what it was, with its
/// name; those of [`Engine::kpi`].
pub async fn against(
    engine: &Engine,
    (name, kpi): (&str, &str),
    period: Window,
) -> Result<Option<Against>, QueryError> {
    let entries = engine.baselines.existing(name).await?;
    let conditions = Conditions::new(engine, (name, kpi), Some(&[]), Hours::Elapsed)?;
    let now = &conditions.set;
    let alike = |key: &Key| key.kpi == kpi && key.grouped_by == now.grouped_by && key.hours == now.hours;
    let windows: Vec<(&Key, &Vec<Row>)> = entries.iter().filter(|(key, _)| alike(key)).collect();
    let before = windows.iter().rev().find(|(key, _)| key.window.end_us <= period.start_us);
    let found = before.or(windows.last()).and_then(|(_, rows)| Some((*rows, rows.first()?)));
    let Some((then, saved)) = found else { return Ok(None) };
    check_equal(&saved.set, now)?;
    let worked = work_out(engine, &conditions, &[period], 1).await?;
    let values = worked.windows.into_iter().next().unwrap_or_default();
    let definition = engine.definitions().get(kpi)?;
    let rule = Rule { better: definition.better, min_n: definition.min_n, is_count: worked.is_count };
    // Ungrouped, there is one group.
    let Some((then, now)) = joined(then, values).into_values().next() else { return Ok(None) };
    let held = rule.hold(&then, &now);
    Ok(Some(Against {
        window: saved.period.clone(),
        overlaps: before.is_none(),
        weekly: held.weekly_now,
        baseline_weekly: held.weekly_then,
        usual: held.low.zip(held.high),
        baseline_n: held.then.n.and_then(|n| u64::try_from(n).ok()),
        verdict: held.verdict,
    }))
}
