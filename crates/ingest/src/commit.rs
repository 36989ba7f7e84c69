//! From gathered rows to a version of the archive: merge, commit, and once more if somebody else was faster.

use std::collections::BTreeMap;

use tapemeasure_archive::{Archive, ArchiveError, CommitInfo, EventFile, InputDigest, Snapshot};
use tapemeasure_model::period::Period;

use crate::error::IngestError;
use crate::merge::plan::{merge_periods, touched};
use crate::merge::{Counts, Job, Merged};
use crate::runtime::off_executor;

/// How often a commit is tried. Each refusal means that another writer got through, so this many in a row mean that
/// writers are started faster than they end.
const ATTEMPTS: usize = 10;

/// What the name of the operation is in the log.
const OPERATION: &str = "INGEST";

/// What became of the rows, and the version that has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landed {
    /// The archive's version afterwards.
    pub version: i64,
    /// What became of the rows.
    pub counts: Counts,
}

/// Merges and commits. If nothing is new or replaced there is a commit only if the inputs are to be `remembered`, so that
/// they are not read again; else the version is the newest.
///
/// `before_commit` is called once, when all that can fail but the commit itself is done.
///
/// # Errors
/// Merging failed, the ingest was stopped, or other writers were always faster; the archive is as it was.
pub async fn land(
    job: &Job<'_>,
    inputs: &[InputDigest],
    metrics: &BTreeMap<String, i64>,
    remembered: bool,
    before_commit: impl FnOnce() -> Result<(), IngestError>,
) -> Result<Landed, IngestError> {
    let periods = touched(job);
    let mut merged: Vec<Merged<'_>> = Vec::new();
    let mut before_commit = Some(before_commit);
    for _ in 0..ATTEMPTS {
        let snapshot = job.archive.snapshot(None).await?;
        // What was merged with files that are not the period's any more is merged again.
        merged.retain(|merged| merged.before == snapshot.files_of(merged.period));
        let missing: Vec<Period> =
            periods.iter().copied().filter(|period| !merged.iter().any(|merged| merged.period == *period)).collect();
        job.control.progress.phase("merging");
        merged.extend(off_executor(|| merge_periods(job, &missing, &snapshot))?);
        job.control.check()?;

        if let Some(before_commit) = before_commit.take() {
            before_commit()?;
        }
        let mut counts = Counts::default();
        merged.iter().for_each(|merged| counts.add(merged.counts));
        if !counts.changed() && !remembered {
            return Ok(Landed { version: snapshot.version(), counts });
        }
        job.control.progress.phase("committing");
        match commit(job.archive, &snapshot, &merged, info(inputs, metrics, counts)).await {
            Ok(version) => {
                merged.into_iter().for_each(Merged::keep);
                return Ok(Landed { version, counts });
            }
            Err(ArchiveError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(IngestError::Contended { attempts: ATTEMPTS })
}

async fn commit(
    archive: &Archive,
    snapshot: &Snapshot,
    merged: &[Merged<'_>],
    info: CommitInfo,
) -> Result<i64, ArchiveError> {
    let changed = || merged.iter().filter(|merged| merged.counts.changed());
    let removed: Vec<EventFile> = changed().flat_map(|merged| merged.before.iter().cloned()).collect();
    let added: Vec<EventFile> = changed().flat_map(|merged| merged.after.iter().cloned()).collect();
    archive.commit(snapshot, &removed, added, info).await
}

fn info(inputs: &[InputDigest], metrics: &BTreeMap<String, i64>, counts: Counts) -> CommitInfo {
    let mut metrics = metrics.clone();
    for (name, count) in
        [("accepted", counts.accepted), ("replaced", counts.replaced), ("duplicates", counts.duplicates)]
    {
        metrics.insert(name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX));
    }
    CommitInfo { operation: OPERATION.to_owned(), inputs: inputs.to_vec(), metrics }
}
