//! `tape vacuum`: removes files that no version needs.

use std::collections::HashSet;

use tapemeasure_archive::{Archive, Vacuumed};
use tapemeasure_facts::{DeriveOptions, derive, freshness, stale};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::settings::duration::parse_duration_us;
use tapemeasure_report::quantity::count;

use super::{note, print};
use crate::args::{Global, Vacuum};
use crate::failure::{Done, Failure};
use crate::output::human_bytes;
use crate::watch;

/// Removes what is not needed, and says what.
pub async fn run(global: &Global, verb: &Vacuum) -> Result<Done, Failure> {
    let keep_us = parse_duration_us(&verb.keep)
        .ok_or_else(|| Failure::usage(format!("--keep {:?} is no duration; write one such as 7d or 12h", verb.keep)))?;
    let keep_s = u64::try_from(keep_us / 1_000_000).unwrap_or(0);
    let archive = Archive::open(&global.archive).await?;
    let mut removed = archive.vacuum(verb.dry_run, keep_s).await?;

    if let Some(derived) = derived(global, verb, &archive, keep_s).await? {
        removed.bytes += derived.bytes;
        removed.files.extend(derived.files);
    }

    let mut text = String::new();
    for file in &removed.files {
        text.push_str(&format!("{}  {}\n", file.path, human_bytes(file.bytes)));
    }
    let verb = if verb.dry_run { "would remove" } else { "removed" };
    let files = count(removed.files.len() as u64);
    let noun = if removed.files.len() == 1 { "file" } else { "files" };
    text.push_str(&format!("{verb} {files} {noun}, {}\n", human_bytes(removed.bytes)));
    print(&text)?;
    Ok(Done::Well)
}

/// Removes derived files that the newest version does not need. Which these are is known once its facts are there: a
/// dry run, which makes nothing, says nothing of them where they are not.
async fn derived(global: &Global, verb: &Vacuum, archive: &Archive, keep_s: u64) -> Result<Option<Vacuumed>, Failure> {
    let snapshot = archive.snapshot(None).await?;
    let settings = Settings::load(&archive.settings_path())?;
    let cancelled = watch::interrupted;
    let options = DeriveOptions { threads: global.threads(), cancelled: Some(&cancelled), ..DeriveOptions::default() };
    if verb.dry_run {
        let missing = freshness(archive, &snapshot, &settings, &options)?.iter().filter(|(_, there)| !there).count();
        if missing > 0 {
            note(&format!(
                "derived files are not looked at: facts of {missing} periods are still to be derived, which `tape kpi` does"
            ));
            return Ok(None);
        }
    }
    let facts = derive(archive, &snapshot, &settings, &options)?;
    let not_needed: HashSet<String> = stale(archive, &snapshot, &facts)?.into_iter().collect();
    let in_use =
        archive.derived().list()?.into_iter().map(|f| f.name).filter(|name| !not_needed.contains(name)).collect();
    Ok(Some(archive.vacuum_derived(&in_use, keep_s, verb.dry_run)?))
}
