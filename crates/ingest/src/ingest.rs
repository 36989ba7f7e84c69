//! The whole of an ingest: inputs in, a version of the archive out, or nothing.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::Utc;
use tapemeasure_archive::{Archive, ArchiveError, InputDigest};
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::period::PeriodKind;

use crate::commit::{Landed, land};
use crate::control::Control;
use crate::error::IngestError;
use crate::formats::{AUTO, by_name};
use crate::inputs::{Input, Origin, expand};
use crate::merge::Job;
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
const PARTS_OF_ARCHIVES: [&str; 5] = ["settings.toml", "events", "derived", QUARANTINE, SPILL];

/// Bytes hashed at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Names listed in a note before it only counts.
const NAMED: usize = 3;

/// Takes everything that `inputs` stand for (files, directories, patterns, `-`) into the archive at `root`, in one
/// commit, or nothing. An archive that does not exist is made.
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
    if options.format != AUTO {
        by_name(&options.format)?;
    }
    let inputs = expand(inputs)?;
    let existing = existing(root, options.period).await?;
    let control = Control::new(progress);
    let known = match &existing {
        Some(archive) if !options.force => recorded(archive).await?,
        _ => Vec::new(),
    };
    let files = inputs.len() as u64;
    let (fresh, skipped) = off_executor(|| without_known(inputs, &known, options, &control))?;

    progress.started(fresh.iter().map(|input| input.bytes).sum());
    let scratch = scratch_for(root);
    let kind = existing.as_ref().map(Archive::period_kind).or(options.period);
    let mut gathered = off_executor(|| gather(&fresh, options, kind, &control, &scratch))?;
    judge(&mut gathered, options, &root.join(QUARANTINE), &scratch)?;

    let archive = match existing {
        Some(archive) => archive,
        None => create(root, gathered.kind).await?,
    };
    let Gathered { buffers, runs, digests, tally, mut quarantine, .. } = gathered;
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
    let mut quarantined = None;
    let landed = land(&job, &digests, &metrics(files, tally), || {
        quarantined = quarantine.write(&archive.quarantine_dir(), Utc::now(), &scratch)?;
        Ok(())
    })
    .await?;

    let mut summary = summary_of(tally, landed, &skipped);
    summary.files = files;
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

/// Every input that any version has taken in.
async fn recorded(archive: &Archive) -> Result<Vec<InputDigest>, IngestError> {
    let history = archive.history().await?;
    Ok(history.into_iter().flat_map(|version| version.inputs).collect())
}

/// Inputs that are not read because the archive has them.
#[derive(Debug, Default)]
struct Skipped {
    names: Vec<String>,
    events: u64,
}

/// Parts the inputs that are to be read from those that are recorded with the same content. Only a file with the size
/// and the last name of a recorded one is hashed, since that means to read it once more.
fn without_known(
    inputs: Vec<Input>,
    known: &[InputDigest],
    options: &IngestOptions,
    control: &Control<'_>,
) -> Result<(Vec<Input>, Skipped), IngestError> {
    let mut by_name_and_size: HashMap<(&str, u64), Vec<&InputDigest>> = HashMap::new();
    for input in known {
        by_name_and_size.entry((last_part(&input.name), input.bytes)).or_default().push(input);
    }
    let mut fresh = Vec::new();
    let mut skipped = Skipped::default();
    for input in inputs {
        let candidates = input.bytes.and_then(|bytes| by_name_and_size.get(&(last_part(&input.name), bytes)));
        let found = match (candidates, &input.origin) {
            (Some(candidates), Origin::File(path)) => {
                let digest = digest_of(path, &input.name, control)? + &suffix(options);
                candidates.iter().find(|candidate| candidate.digest == digest).map(|found| found.records)
            }
            _ => None,
        };
        match found {
            Some(events) => {
                skipped.events += events;
                skipped.names.push(input.name);
            }
            None => fresh.push(input),
        }
    }
    Ok((fresh, skipped))
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn digest_of(path: &Path, name: &str, control: &Control<'_>) -> Result<String, IngestError> {
    let failed = |byte, source| IngestError::Read { input: name.to_owned(), byte, source };
    let mut file = File::open(path).map_err(|error| failed(0, error))?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        control.check()?;
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
            Ok(length) => hasher.update(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(hasher.count(), error)),
        };
    }
}

/// The digest as it is recorded: of the bytes, and of the options that make other events of the same bytes.
fn fingerprinted(mut input: InputDigest, options: &IngestOptions) -> InputDigest {
    input.digest += &suffix(options);
    input
}

fn suffix(options: &IngestOptions) -> String {
    let source = options.source.as_deref().map(|source| format!(";source={source}")).unwrap_or_default();
    let body = if options.keep_body { ";body=keep" } else { "" };
    source + body
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
        let max_percent = options.max_rejected_share * 100.0;
        IngestError::TooManyRejected { rejected, read, max_percent, example, quarantine }
    })
}

fn metrics(files: u64, tally: Tally) -> BTreeMap<String, i64> {
    let counts = [("files", files), ("read", tally.read()), ("rejected", tally.rejected)];
    counts.into_iter().map(|(name, count)| (name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX))).collect()
}

fn summary_of(tally: Tally, landed: Landed, skipped: &Skipped) -> IngestSummary {
    let mut notes = Vec::new();
    if !skipped.names.is_empty() {
        let shown = skipped.names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match skipped.names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        notes.push(format!("ingested before and not read again: {shown}{more} (--force reads them)"));
    }
    IngestSummary {
        read: tally.read() + skipped.events,
        accepted: landed.counts.accepted,
        replaced: landed.counts.replaced,
        duplicates: landed.counts.duplicates + skipped.events,
        rejected: tally.rejected,
        // Canonical events have no records that are none.
        ignored: 0,
        first: tally.first_us.map(format_instant),
        last: tally.last_us.map(format_instant),
        version: landed.version,
        skipped_files: skipped.names.len() as u64,
        notes,
        ..IngestSummary::default()
    }
}
