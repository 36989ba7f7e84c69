//! `tape ingest`: raw events into the archive.

use tapemeasure_ingest::{IngestOptions, IngestSummary, ingest};
use tapemeasure_model::period::PeriodKind;
use tapemeasure_report::quantity::count;

use super::{note, print};
use crate::args::{Global, Ingest};
use crate::failure::{Done, Failure};
use crate::watch::{self, IngestWatch};

/// Ingests, and says what became of every record.
pub async fn run(global: &Global, verb: &Ingest) -> Result<Done, Failure> {
    let defaults = IngestOptions::default();
    let options = IngestOptions {
        source: verb.source.clone(),
        format: verb.format.clone(),
        keep_body: verb.body == "keep",
        memory_bytes: global.memory.unwrap_or(defaults.memory_bytes),
        threads: global.threads(),
        max_rejected_share: verb.max_rejected / 100.0,
        period: verb.period.as_deref().and_then(PeriodKind::from_name),
        force: verb.force,
    };
    if !(0.0..=100.0).contains(&verb.max_rejected) {
        return Err(Failure::usage(format!(
            "--max-rejected {} is no percentage; write one from 0 to 100",
            verb.max_rejected
        )));
    }
    let watch = IngestWatch::new();
    watch::end_soon_after_interrupt();
    let summary = ingest(&global.archive, &verb.files, &options, &watch).await?;
    watch.finish();
    if verb.json {
        let line = serde_json::to_string(&summary)
            .map_err(|e| Failure::failed("the summary is no JSON; report this as a bug", e))?;
        print(&format!("{line}\n"))?;
    } else {
        print(&in_words(&summary))?;
    }
    for text in &summary.notes {
        note(text);
    }
    if summary.rejected == 0 {
        return Ok(Done::Well);
    }
    note(&rejections(&summary));
    Ok(Done::WithFindings)
}

/// The summary for people.
pub fn in_words(summary: &IngestSummary) -> String {
    let rate = if summary.seconds > 0.0 { summary.read as f64 / summary.seconds } else { 0.0 };
    let mut text = format!(
        "read       {:>15}  from {} {} in {:.1} s, {} a second\n",
        count(summary.read),
        count(summary.files),
        if summary.files == 1 { "input" } else { "inputs" },
        summary.seconds,
        count(rate as u64),
    );
    for (name, n, meaning) in [
        ("accepted", summary.accepted, "new"),
        ("replaced", summary.replaced, "known, with other content: the later one stands"),
        ("duplicates", summary.duplicates, "known already"),
        ("rejected", summary.rejected, "no events, kept in quarantine/"),
        ("ignored", summary.ignored, "known to the format, and no events"),
    ] {
        if n > 0 || name == "accepted" {
            text.push_str(&format!("{name:<10} {:>15}  {meaning}\n", count(n)));
        }
    }
    if let (Some(first), Some(last)) = (&summary.first, &summary.last) {
        text.push_str(&format!("from {first} to {last}\n"));
    }
    text.push_str(&format!("the archive is at version {}\n", summary.version));
    text
}

/// One line: how many were rejected for which reasons, and where they are.
fn rejections(summary: &IngestSummary) -> String {
    let reasons: Vec<String> =
        summary.rejected_by_reason.iter().map(|(reason, n)| format!("{} {reason}", count(*n))).collect();
    let kept = summary.quarantine.as_ref().map_or_else(String::new, |path| format!("; kept in {}", path.display()));
    let first = summary.first_rejected.as_ref().map_or_else(String::new, |at| format!("; first {at}"));
    format!("{} rejected: {}{first}{kept}", count(summary.rejected), reasons.join(", "))
}
