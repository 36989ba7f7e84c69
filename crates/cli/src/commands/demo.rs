//! `tape demo`: an example year, ingested and reported.

use std::path::{Path, PathBuf};

use tapemeasure_archive::Archive;
use tapemeasure_generate::{Format, GenerateOptions, TIME_ZONE};
use tapemeasure_ingest::{IngestOptions, ingest};
use tapemeasure_model::settings::Settings;
use tapemeasure_report::quantity::count;

use super::{generate, note, report};
use crate::args::{Demo, Global};
use crate::failure::{Done, Failure};
use crate::output::Sink;
use crate::watch::{self, IngestWatch};

/// Makes the example in a folder, and prints its report.
pub async fn run(global: &Global, verb: &Demo) -> Result<Done, Failure> {
    let dir = verb.dir.clone().unwrap_or_else(|| PathBuf::from("tapemeasure-demo"));
    std::fs::create_dir_all(&dir).map_err(|e| Failure::output(&dir.display().to_string(), e))?;
    let raw = dir.join("events.ndjson");
    let archive = dir.join("archive");
    if archive.exists() {
        return again(global, &archive, &dir).await;
    }
    let begun = std::time::Instant::now();
    let seconds = |since: std::time::Instant| format!("{:.1} s", since.elapsed().as_secs_f64());

    let options = GenerateOptions { format: Format::Ndjson, ..GenerateOptions::new(verb.conversations) };
    let mut sink = Sink::open(Some(&raw))?;
    let events = generate::write(&options, global.threads(), &mut sink)?;
    sink.finish()?;
    note(&format!("made {} events of an invented year: {} ({})", count(events), raw.display(), seconds(begun)));

    let step = std::time::Instant::now();
    let watch = IngestWatch::new();
    let ingest_options = IngestOptions { threads: global.threads(), ..IngestOptions::default() };
    let summary = ingest(&archive, &[raw.display().to_string()], &ingest_options, &watch).await?;
    watch.finish();
    note(&format!("ingested {} of them: {} ({})", count(summary.accepted), archive.display(), seconds(step)));
    // The invented company works in this zone.
    let settings = Archive::open(&archive).await?.settings_path();
    Settings::set_in_file(&settings, "time_zone", TIME_ZONE)?;
    if watch::interrupted() {
        return Err(Failure::Interrupted);
    }
    finish(global, &archive, &dir).await
}

/// The example is there already: only its report is made anew.
async fn again(global: &Global, archive: &Path, dir: &Path) -> Result<Done, Failure> {
    note(&format!("{} is there already; its report again", archive.display()));
    finish(global, archive, dir).await
}

async fn finish(global: &Global, archive: &Path, dir: &Path) -> Result<Done, Failure> {
    let global = Global { archive: archive.to_owned(), ..global.clone() };
    let file = dir.join("report.html");
    report::both(&global, &file).await?;
    note(&format!("the report as a page: {}", file.display()));
    note(&format!(
        "go on with: tape --archive {} kpi first_response_time --by channel --grain month",
        archive.display()
    ));
    Ok(Done::Well)
}
