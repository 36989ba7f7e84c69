//! What is usual for one KPI, ungrouped, by a baseline, and how a period stands to it.

use super::{Sides, alike};
use crate::baselines::conditions::Conditions;
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
    let windows = alike(&entries, &conditions.set);
    let Some(sides) = Sides::of(engine, &conditions, &windows, period, 1).await? else { return Ok(None) };
    // Ungrouped, there is one group.
    let Some(held) = sides.groups.into_values().next() else { return Ok(None) };
    Ok(Some(Against {
        window: sides.window,
        overlaps: sides.overlaps,
        weekly: held.weekly_now,
        baseline_weekly: held.weekly_then,
        usual: held.low.zip(held.high),
        baseline_n: held.then.n.and_then(|n| u64::try_from(n).ok()),
        verdict: held.verdict,
    }))
}
