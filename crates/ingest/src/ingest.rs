//! The whole of an ingest: inputs in, a version of the archive out, or nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::Utc;
use tapemeasure_archive::{Archive, ArchiveError};
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::period::PeriodKind;

use crate::closes;
use crate::commit::{Landed, land};
use crate::control::Control;
use crate::error::IngestError;
use crate::formats::unrecognised;
use crate::inputs::{Input, Inputs, expand, unpack};
use crate::known::{Parted, fingerprinted, recorded, without_known};
use crate::merge::Job;
use crate::notes;
use crate::options::IngestOptions;
use crate::pipeline::{Gathered, Tally, gather};
use crate::progress::Progress;
use crate::runtime::off_executor;
use crate::spill::Scratch;
use crate::summary::IngestSummary;

/// Names in a directory that is not an archive yet; [`Archive::spill_dir`] and [`Archive::quarantine_dir`] give the
/// same for one that is.
const SPILL: &str = "spill";
const QUARANTINE: &str = "quarantine";

/// What a directory may hold that is to become an archive.
const PARTS_OF_ARCHIVES: [&str; 6] = ["settings.toml", "events", "derived", "kpis", QUARANTINE, SPILL];

/// Takes everything that `inputs` stand for (files, directories, patterns, `-`; of zip archives their members) into the
/// archive at `root`, in one commit, or nothing. An archive that does not exist is made. Sources of formats without
/// closes that have no limits for silence get them in the settings (kpi-rules, section 3). Of what nobody named itself,
/// but a directory, a pattern or a zip archive, files in no known format are left out, unless all are.
///
/// Blocks its thread; on a runtime with several threads its other tasks go on.
///
/// # Errors
/// [`IngestError`]; the archive is then as it was. Where too many records were rejected, all of them are in a file that
/// the error names.
pub async fn ingest(
    root: &Path,
    inputs: &[String],
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<IngestSummary, IngestError> {
    let began = Instant::now();
    options.check()?;
    options.choice()?;
    let inputs = expand(inputs)?;
    let existing = existing(root, options.period).await?;
    let control = Control::new(progress);
    let scratch = scratch_for(root);
    let Inputs { list: inputs, unread } = off_executor(|| unpack(inputs, &scratch, &control))?;
    let known = match &existing {
        Some(archive) if !options.force => recorded(archive).await?,
        _ => Vec::new(),
    };
    let files = inputs.len() as u64;
    let mut parted = off_executor(|| without_known(inputs, &known, options, &control))?;

    progress.started(parted.fresh.iter().map(|input| input.bytes).sum());
    let kind = existing.as_ref().map(Archive::period_kind).or(options.period);
    let mut gathered = off_executor(|| gather(&parted.fresh, &parted.seen, options, kind, &control, &scratch))?;
    for &(input_idx, events) in &gathered.skipped {
        parted.skipped.push(parted.fresh[input_idx].name.clone());
        parted.skipped_events += events;
    }
    let left_out: Vec<String> = gathered.left_out.iter().map(|&idx| parted.fresh[idx].name.clone()).collect();
    let files = files - left_out.len() as u64;
    if let (0, Some(first)) = (files, left_out.first()) {
        return Err(unrecognised(first));
    }
    judge(&mut gathered, options, &root.join(QUARANTINE), &scratch)?;

    let archive = match existing {
        Some(archive) => archive,
        None => create(root, gathered.kind).await?,
    };
    let Gathered { buffers, runs, digests, without_closes, shifted, tally, mut quarantine, .. } = gathered;
    let job = Job {
        archive: &archive,
        buffers: &buffers,
        runs: &runs,
        keep_body: options.keep_body,
        threads: options.threads,
        memory_bytes: options.merge_bytes(),
        control: &control,
    };
    let digests: Vec<_> = digests.into_iter().map(|digest| fingerprinted(digest, options)).collect();
    // Streams have no name to be known by, and with `force` nobody asks.
    let remembered = !options.force && tally.read() > 0 && parted.fresh.iter().any(Input::is_lasting);
    let mut quarantined = None;
    let landed = land(&job, &digests, &metrics(files, tally), remembered, || {
        quarantined = quarantine.write(&archive.quarantine_dir(), Utc::now(), &scratch)?;
        Ok(())
    })
    .await?;

    let mut summary = summary_of(tally, landed, &parted);
    summary.files = files;
    let limited = off_executor(|| closes::limit(&archive.settings_path(), &without_closes));
    summary.notes.extend(notes::left_out(&left_out));
    (summary.left_out, summary.left_out_names, summary.unread) = (left_out.len() as u64, left_out, unread);
    summary.notes.extend(notes::shifted(shifted.0, shifted.1).into_iter().chain(limited));
    summary.notes.extend(notes::nothing_but_ignored(summary.read, summary.ignored));
    summary.without_closes = without_closes.into_iter().collect();
    summary.rejected_by_reason = quarantine.by_reason();
    summary.first_rejected = Some(quarantine.example().to_owned()).filter(|example| !example.is_empty());
    summary.quarantine = quarantined;
    summary.seconds = began.elapsed().as_secs_f64();
    Ok(summary)
}

/// The archive if there is one.
async fn existing(root: &Path, asked: Option<PeriodKind>) -> Result<Option<Archive>, IngestError> {
    if !Archive::exists(root) {
        // Found out now and not after hours of reading.
        return match foreign_entry(root) {
            Some(found) => Err(ArchiveError::NotEmpty { path: root.to_owned(), found }.into()),
            None => Ok(None),
        };
    }
    let archive = Archive::open(root).await?;
    let found = archive.period_kind();
    match asked {
        Some(asked) if asked != found => Err(IngestError::PeriodDiffers { root: root.to_owned(), found, asked }),
        _ => Ok(Some(archive)),
    }
}

/// An entry of a directory that no archive has. A directory that cannot be listed is left to [`Archive::create`].
fn foreign_entry(root: &Path) -> Option<String> {
    let names = std::fs::read_dir(root).ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.') && !PARTS_OF_ARCHIVES.contains(&name.as_str())).min()
}

async fn create(root: &Path, kind: PeriodKind) -> Result<Archive, IngestError> {
    match Archive::create(root, kind).await {
        // Another ingest made it meanwhile.
        Err(ArchiveError::AlreadyAnArchive { .. }) => {
            let archive = Archive::open(root).await?;
            let found = archive.period_kind();
            if found == kind {
                Ok(archive)
            } else {
                Err(IngestError::PeriodDiffers { root: root.to_owned(), found, asked: kind })
            }
        }
        created => Ok(created?),
    }
}

fn scratch_for(root: &Path) -> Scratch {
    let spill = root.join(SPILL);
    let mut above = vec![spill.clone()];
    if !root.exists() {
        above.push(root.to_owned());
    }
    Scratch::new(&spill, above)
}

/// # Errors
/// [`IngestError::NothingAccepted`] or [`IngestError::TooManyRejected`]; the rejects are on disk then.
fn judge(
    gathered: &mut Gathered,
    options: &IngestOptions,
    quarantine_dir: &Path,
    scratch: &Scratch,
) -> Result<(), IngestError> {
    let Tally { events, rejected, .. } = gathered.tally;
    let read = gathered.tally.read();
    let none_left = rejected > 0 && events == 0;
    if !none_left && rejected as f64 <= options.max_rejected_share * read as f64 {
        return Ok(());
    }
    let example = gathered.quarantine.example().to_owned();
    let written: Option<PathBuf> = gathered.quarantine.write(quarantine_dir, Utc::now(), scratch)?;
    let quarantine = written.unwrap_or_default();
    Err(if none_left {
        IngestError::NothingAccepted { rejected, example, quarantine }
    } else {
        let max_percent = options.max_rejected_ppm() as f64 / 1e4;
        IngestError::TooManyRejected { rejected, read, max_percent, example, quarantine }
    })
}

fn metrics(files: u64, tally: Tally) -> BTreeMap<String, i64> {
    let counts = [("files", files), ("read", tally.read()), ("rejected", tally.rejected)];
    counts.into_iter().map(|(name, count)| (name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX))).collect()
}

fn summary_of(tally: Tally, landed: Landed, parted: &Parted) -> IngestSummary {
    IngestSummary {
        read: tally.read() + parted.skipped_events,
        accepted: landed.counts.accepted,
        replaced: landed.counts.replaced,
        duplicates: landed.counts.duplicates + parted.skipped_events,
        rejected: tally.rejected,
        ignored: tally.ignored,
        first: tally.first_us.map(format_instant),
        last: tally.last_us.map(format_instant),
        version: landed.version,
        skipped_files: parted.skipped.len() as u64,
        notes: notes::skipped(&parted.skipped).into_iter().collect(),
        ..IngestSummary::default()
    }
}
