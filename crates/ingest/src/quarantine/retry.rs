//! Rejected records once more through an ingest, after a setting, an option or the record itself was mended.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::Utc;
use tapemeasure_archive::Archive;

use super::error::QuarantineError;
use super::line::Rejected;
use super::read::{counted, quarantine_files, read_quarantine};
use super::regroup::{Asked, Batch, Inputs};
use super::write::place;
use crate::error::IngestError;
use crate::ingest::ingest;
use crate::options::IngestOptions;
use crate::progress::Progress;
use crate::spill::Scratch;
use crate::summary::IngestSummary;

/// Names in an archive's directory, which need not be an archive yet.
const SPILL: &str = "spill";
const QUARANTINE: &str = "quarantine";

/// What a retry did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retried {
    /// What became of the records that were read. Its `quarantine` is the file that has what was rejected again and
    /// what was left; none if there is no such record.
    pub summary: IngestSummary,
    /// Quarantine files whose records were taken over from, and that are gone.
    pub removed: Vec<PathBuf>,
    /// Why records could not be read again, and how many; they are kept with the reason that they had.
    pub left: Vec<(String, u64)>,
    /// The exports that some of these need others of.
    pub exports: Vec<Export>,
}

/// An export to be ingested again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Export {
    /// The source that goes with it.
    pub source: Option<String>,
    /// The files and zip archives that records are left of, sorted. There may be others that belong to it.
    pub files: Vec<String>,
}

/// Ingests the records of quarantine files once more: all files of the archive at `root` if none is named.
///
/// Format, CSV header and source are those that were noted with each record; a format or source in `options` goes
/// before them. All other options are those of an ingest, but that `max_rejected_share` does not apply. Records are
/// ingested by format and source, a commit each. There are formats whose records need others of their export, which are
/// not there: their records are left, unless they are to be read `alone`.
///
/// Afterwards what was rejected again and what was left is in one new file, each record under the place that it came
/// from, and the files are removed; those outside of the archive's quarantine stay.
///
/// # Errors
/// [`QuarantineError`]; the files are then as they were. What a commit brought in before stays, and does no harm when
/// it comes again (kpi-rules E1).
pub async fn retry_quarantine(
    root: &Path,
    files: &[PathBuf],
    options: &IngestOptions,
    alone: bool,
    progress: &dyn Progress,
) -> Result<Retried, QuarantineError> {
    options.check()?;
    options.choice()?;
    let dir = root.join(QUARANTINE);
    let files: Vec<PathBuf> = if files.is_empty() {
        quarantine_files(&dir)?.into_iter().map(|file| file.path).collect()
    } else {
        files.to_vec()
    };
    let spill = root.join(SPILL);
    let scratch = Scratch::new(&spill, vec![spill.clone()]);
    let asked = Asked {
        format: &options.format,
        source: options.source.as_deref(),
        has_mapping: options.mapping.is_some(),
        alone,
    };
    let mut inputs = Inputs::new(&scratch, asked);
    for path in &files {
        for rejected in read_quarantine(path)? {
            inputs.add(rejected?, path)?;
        }
    }
    inputs.finish()?;

    let mut again = Vec::new();
    let ingested = ingest_all(root, &inputs, options, progress, &mut again).await;
    let finished = match ingested {
        Ok(summary) if summary.read == 0 => {
            let (left, exports) = (why_left(&inputs), exports_of(&inputs));
            Ok(Retried { summary, left, exports, ..Retried::default() })
        }
        Ok(summary) => conclude(&dir, &files, &inputs, &again, &scratch, summary),
        Err(error) => Err(error),
    };
    for path in &again {
        // Its records are in the new file, or still in the old ones.
        fs::remove_file(path).ok();
    }
    finished
}

/// Ingests batch after batch. Quarantine files that come of it are named in `again`.
async fn ingest_all(
    root: &Path,
    inputs: &Inputs<'_>,
    options: &IngestOptions,
    progress: &dyn Progress,
    again: &mut Vec<PathBuf>,
) -> Result<IngestSummary, QuarantineError> {
    let mut total = IngestSummary::default();
    for (Batch { format, mapped, source }, names) in inputs.batches() {
        let mapping = options.mapping.clone().filter(|_| mapped);
        let own = IngestOptions { format, source, mapping, force: true, max_rejected_share: 1.0, ..options.clone() };
        match ingest(root, &names, &own, progress).await {
            Ok(summary) => {
                again.extend(summary.quarantine.clone());
                add(&mut total, summary);
            }
            Err(IngestError::NothingAccepted { rejected, quarantine, .. }) => {
                again.push(quarantine);
                total.files += names.len() as u64;
                total.read += rejected;
                total.rejected += rejected;
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Where nothing came of it, there is no version that it led to.
    if total.version == 0 && Archive::exists(root) {
        let archive = Archive::open(root).await.map_err(IngestError::from)?;
        total.version = archive.snapshot(None).await.map_err(IngestError::from)?.version();
    }
    Ok(total)
}

/// Writes what was rejected again and what was left, and removes the files that it came from.
fn conclude(
    dir: &Path,
    files: &[PathBuf],
    inputs: &Inputs<'_>,
    again: &[PathBuf],
    scratch: &Scratch,
    mut summary: IngestSummary,
) -> Result<Retried, QuarantineError> {
    let path = scratch.path_of("rejected-again.ndjson")?;
    let unwritable = |source| QuarantineError::Write { path: path.clone(), source };
    let mut writer = BufWriter::new(File::create(&path).map_err(unwritable)?);
    let mut write = |rejected: &Rejected| -> std::io::Result<()> {
        serde_json::to_writer(&mut writer, rejected).map_err(std::io::Error::from)?;
        writer.write_all(b"\n")
    };
    let mut reasons: HashMap<String, u64> = HashMap::new();
    let mut lines = 0;
    for again in again {
        for rejected in read_quarantine(again)? {
            let rejected = inputs.relocate(rejected?);
            write(&rejected).map_err(unwritable)?;
            lines += 1;
            if summary.first_rejected.is_none() {
                summary.first_rejected = Some(rejected.place());
            }
            *reasons.entry(rejected.reason).or_default() += 1;
        }
    }
    for (_, rejected) in &inputs.left {
        write(rejected).map_err(unwritable)?;
        lines += 1;
    }
    if lines > 0 {
        let placed = place(&path, writer, dir, Utc::now());
        summary.quarantine = Some(placed.map_err(|source| QuarantineError::Write { path: dir.to_owned(), source })?);
    }
    summary.rejected_by_reason = counted(reasons);
    let mut removed = Vec::new();
    // What a format ignores was rejected by another reading of it: which of the two is right is for the user to say.
    let ignored = summary.ignored;
    if ignored > 0 {
        summary.notes.push(format!("{ignored} records were ignored now, so the files that hold them stay"));
    }
    for file in files.iter().filter(|_| ignored == 0) {
        // Written within the same second with the same records, the new file has the name of the old one.
        let is_new = fs::canonicalize(file).is_ok_and(|file| summary.quarantine.as_ref() == Some(&file));
        if lies_in(file, dir) && !is_new {
            fs::remove_file(file).map_err(|source| QuarantineError::Write { path: file.clone(), source })?;
            removed.push(file.clone());
        }
    }
    Ok(Retried { summary, removed, left: why_left(inputs), exports: exports_of(inputs) })
}

/// Whether a file lies in a directory, whatever names lead there.
fn lies_in(file: &Path, dir: &Path) -> bool {
    match (file.parent().map(fs::canonicalize), fs::canonicalize(dir)) {
        (Some(Ok(parent)), Ok(dir)) => parent == dir,
        _ => false,
    }
}

fn why_left(inputs: &Inputs<'_>) -> Vec<(String, u64)> {
    let mut reasons: HashMap<String, u64> = HashMap::new();
    for (why, _) in &inputs.left {
        *reasons.entry((*why).to_owned()).or_default() += 1;
    }
    counted(reasons)
}

fn exports_of(inputs: &Inputs<'_>) -> Vec<Export> {
    let exports = inputs.exports().into_iter();
    exports.map(|(source, files)| Export { source, files: files.into_iter().collect() }).collect()
}

/// Adds what another ingest did. Its rejects are counted when they have their places again.
fn add(total: &mut IngestSummary, other: IngestSummary) {
    total.files += other.files;
    total.read += other.read;
    total.accepted += other.accepted;
    total.replaced += other.replaced;
    total.duplicates += other.duplicates;
    total.rejected += other.rejected;
    total.ignored += other.ignored;
    // Texts of one form, so that their order is that of time.
    total.first = total.first.take().into_iter().chain(other.first).min();
    total.last = total.last.take().into_iter().chain(other.last).max();
    total.version = total.version.max(other.version);
    total.seconds += other.seconds;
    total.without_closes.extend(other.without_closes);
    total.without_closes.sort();
    total.without_closes.dedup();
    total.notes.extend(other.notes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Unwatched;

    /// Events without a source; the second has no time either.
    const TEXT: &str = concat!(
        r#"{"source":"s","event_id":"e0","occurred_at":"2025-03-03T09:00:00Z","event_type":"opened","conversation_id":"c"}"#,
        "\n",
        r#"{"event_id":"e1","occurred_at":"2025-03-03T09:00:00Z","event_type":"tagged","conversation_id":"c"}"#,
        "\n",
        r#"{"event_id":"e2","event_type":"tagged","conversation_id":"c"}"#,
        "\n",
    );

    #[tokio::test]
    async fn what_was_mended_is_taken_in_and_the_rest_keeps_its_place() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("archive");
        let input = home.path().join("in.ndjson");
        fs::write(&input, TEXT).unwrap();
        let options = IngestOptions { threads: 1, max_rejected_share: 1.0, ..IngestOptions::default() };
        let name = input.display().to_string();
        let first = ingest(&root, std::slice::from_ref(&name), &options, &Unwatched).await.unwrap();
        assert_eq!((first.accepted, first.rejected), (1, 2));

        // Nothing has changed: the same records under the same places.
        let same = retry_quarantine(&root, &[], &options, false, &Unwatched).await.unwrap();
        let counts = |summary: &IngestSummary| (summary.read, summary.accepted, summary.rejected);
        assert_eq!(counts(&same.summary), (2, 0, 2));
        let places = |path: &Path| -> Vec<(String, u64, Option<u64>, String)> {
            let records = read_quarantine(path).unwrap().map(Result::unwrap);
            records.map(|record| (record.file, record.line, record.byte, record.reason)).collect()
        };
        let line_end = |n: usize| TEXT.match_indices('\n').nth(n).map(|(at, _)| at as u64 + 1);
        let no_source = "source is missing".to_owned();
        assert_eq!(
            places(same.summary.quarantine.as_ref().unwrap()),
            [(name.clone(), 2, line_end(0), no_source.clone()), (name.clone(), 3, line_end(1), no_source.clone())]
        );
        assert_eq!(same.summary.rejected_by_reason, [(no_source, 2)]);

        let options = IngestOptions { source: Some("s".to_owned()), ..options };
        let mended = retry_quarantine(&root, &[], &options, false, &Unwatched).await.unwrap();
        assert_eq!(counts(&mended.summary), (2, 1, 1));
        let path = mended.summary.quarantine.unwrap();
        assert_eq!(places(&path), [(name, 3, line_end(1), "occurred_at is missing".to_owned())]);
        // The path is whole, whatever way leads to the archive.
        let dir = fs::canonicalize(root.join(QUARANTINE)).unwrap();
        let files: Vec<PathBuf> = quarantine_files(&dir).unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(files, [path]);
        assert!(!root.join(SPILL).exists());
    }

    #[tokio::test]
    async fn what_cannot_be_read_again_stays_where_it_is() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("archive");
        let input = home.path().join("in.ndjson");
        fs::write(&input, TEXT.to_owned() + "rubbish\n").unwrap();
        let options = IngestOptions {
            threads: 1,
            max_rejected_share: 1.0,
            source: Some("s".to_owned()),
            ..IngestOptions::default()
        };
        let first = ingest(&root, &[input.display().to_string()], &options, &Unwatched).await.unwrap();
        assert_eq!((first.accepted, first.rejected), (2, 2));
        let before = first.quarantine.unwrap();
        fs::write(&before, fs::read_to_string(&before).unwrap().lines().last().unwrap()).unwrap();
        let retried = retry_quarantine(&root, &[], &options, false, &Unwatched).await.unwrap();
        assert_eq!(retried.left, [("not a JSON object".to_owned(), 1)]);
        assert_eq!((retried.summary.read, retried.removed.len()), (0, 0));
        assert!(before.is_file());
    }

    #[tokio::test]
    async fn what_another_format_ignores_is_not_lost() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("archive");
        let input = home.path().join("in.ndjson");
        fs::write(&input, TEXT).unwrap();
        let options = IngestOptions { threads: 1, max_rejected_share: 1.0, ..IngestOptions::default() };
        let first = ingest(&root, &[input.display().to_string()], &options, &Unwatched).await.unwrap();
        let before = first.quarantine.unwrap();
        let options = IngestOptions { format: "front".to_owned(), ..options };
        let retried = retry_quarantine(&root, &[], &options, false, &Unwatched).await.unwrap();
        assert_eq!((retried.summary.ignored, retried.removed.len()), (2, 0));
        assert!(before.is_file());
    }

    #[tokio::test]
    async fn what_needs_its_export_is_left_with_its_name() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("archive");
        let input = home.path().join("twcs.csv");
        let text = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n\
                    1,ann,True,Tue Oct 31 22:10:01 +0000 2017,hello,,\n\
                    2,ann,perhaps,Tue Oct 31 22:10:02 +0000 2017,hello,,1\n";
        fs::write(&input, text).unwrap();
        let name = input.display().to_string();
        let options = IngestOptions { threads: 1, max_rejected_share: 1.0, ..IngestOptions::default() };
        let first = ingest(&root, std::slice::from_ref(&name), &options, &Unwatched).await.unwrap();
        assert_eq!((first.accepted, first.rejected), (1, 1));

        let left = retry_quarantine(&root, &[], &options, false, &Unwatched).await.unwrap();
        assert_eq!(left.left, [("this format needs other records of the export".to_owned(), 1)]);
        assert_eq!(left.exports, [Export { source: None, files: vec![name] }]);
        assert_eq!((left.summary.read, left.removed.len()), (0, 0));
        let alone = retry_quarantine(&root, &[], &options, true, &Unwatched).await.unwrap();
        assert_eq!((alone.summary.read, alone.summary.rejected), (1, 1));
        assert_eq!((alone.left.len(), alone.exports.len()), (0, 0));
    }
}
