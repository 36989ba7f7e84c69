//! `tape ingest`: raw events into the archive.

mod options;
mod preview;

use std::path::Path;

use tapemeasure_ingest::{IngestOptions, IngestSummary, ingest};
use tapemeasure_model::period::PeriodKind;
use tapemeasure_report::quantity::count;

use super::{note, print};
use crate::args::{Global, Ingest};
use crate::failure::{Done, Failure};
use crate::watch::{self, IngestWatch};

pub use options::options_of;

/// Ingests, and says what became of every record.
pub async fn run(global: &Global, verb: &Ingest) -> Result<Done, Failure> {
    if !(0.0..=100.0).contains(&verb.max_rejected) {
        return Err(Failure::usage(format!(
            "--max-rejected {} is no percentage; write one from 0 to 100",
            verb.max_rejected
        )));
    }
    let options = IngestOptions {
        max_rejected_share: verb.max_rejected / 100.0,
        period: verb.period.as_deref().and_then(PeriodKind::from_name),
        force: verb.force,
        ..options_of(global, &verb.decoding)?
    };
    if verb.dry_run {
        return preview::run(verb, &options).await;
    }
    let watch = IngestWatch::new();
    watch::end_soon_after_interrupt();
    let summary = ingest(&global.archive, &verb.files, &options, &watch).await?;
    watch.finish();
    print(&if verb.json { in_json(&summary)? } else { in_words(&summary) })?;
    for text in &summary.notes {
        note(text);
    }
    if summary.rejected > 0 {
        note(&rejections(&summary));
    }
    Ok(if summary.rejected == 0 && summary.left_out == 0 { Done::Well } else { Done::WithFindings })
}

/// The summary as one JSON object on a line.
///
/// # Errors
/// None that the world can cause.
pub fn in_json(summary: &IngestSummary) -> Result<String, Failure> {
    let line = serde_json::to_string(summary)
        .map_err(|e| Failure::failed("the summary is no JSON; report this as a bug", e))?;
    Ok(line + "\n")
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
        ("left out", summary.left_out, "files in no known format"),
        ("unread", summary.unread, "hidden files and folders, links to folders, what is no file"),
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
pub fn rejections(summary: &IngestSummary) -> String {
    let kept = summary.quarantine.as_deref();
    rejected_in_words(summary.rejected, &summary.rejected_by_reason, summary.first_rejected.as_deref(), kept)
}

fn rejected_in_words(rejected: u64, by_reason: &[(String, u64)], first: Option<&str>, kept: Option<&Path>) -> String {
    let reasons: Vec<String> = by_reason.iter().map(|(reason, n)| format!("{} {reason}", count(*n))).collect();
    let kept = kept.map_or_else(String::new, |path| format!("; kept in {}", path.display()));
    let first = first.map_or_else(String::new, |at| format!("; first {at}"));
    format!("{} rejected: {}{first}{kept}", count(rejected), reasons.join(", "))
}
