//! What is usual for a KPI by a saved baseline (kpi-rules B2).

use tapemeasure_query::Definition;
use tapemeasure_query::baselines::{Window, against};
use tapemeasure_report::digest::{Baseline, MESSAGE_VOLUME_BY_CHANNEL};

use super::question::Question;
use crate::commands::note;
use crate::failure::Failure;
use crate::watch;

/// What is usual, and the verdict; `None`, and a note, where the baseline does not have the KPI without groups.
///
/// # Errors
/// There is no such baseline, its definition or settings are not those of now, or as computing the KPI.
pub async fn saved(
    question: &Question<'_>,
    definition: &Definition,
    name: &str,
) -> Result<Option<(Baseline, String)>, Failure> {
    // Its card is the sum over all channels, its headline the share of one.
    if definition.name == MESSAGE_VOLUME_BY_CHANNEL {
        return Ok(None);
    }
    let end_us = question.until_us.min(question.now_us.saturating_add(1)).max(question.since_us);
    let period = Window { start_us: question.since_us, end_us };
    let kpi = definition.name.as_str();
    let held = tokio::select! {
        held = against(question.engine, (name, kpi), period) => held?,
        () = watch::until_interrupted() => return Err(Failure::Interrupted),
    };
    let Some(held) = held else {
        note(&format!("{kpi}: baseline {name} does not have it without groups"));
        return Ok(None);
    };
    if held.overlaps {
        note(&format!(
            "{kpi}: no window of baseline {name} ends before the period: {} is not apart from it",
            held.window
        ));
    }
    let baseline = Baseline {
        name: format!("baseline {name} ({})", held.window),
        held: held.weekly,
        mean: held.baseline_weekly,
        low: held.usual.map(|(low, _)| low.max(0.0)),
        high: held.usual.map(|(_, high)| high),
        n: held.baseline_n,
    };
    Ok(Some((baseline, held.verdict.as_str().to_owned())))
}
