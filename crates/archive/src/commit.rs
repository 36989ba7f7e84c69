//! One step from a version to the next, or a conflict.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use chrono::Utc;
use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::kernel::Action;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference, TransactionError};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTable, DeltaTableError};
use serde::{Deserialize, Serialize};
use tapemeasure_model::schema::col;
use uuid::Uuid;

use crate::archive::{Archive, log_store_of, signed_version, size_of};
use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::layout;
use crate::log::{self, TAPE_INFO, TapeInfo};
use crate::snapshot::Snapshot;

/// Every how many versions a checkpoint is written. Opening a table reads the entries since the last one: at about
/// 0.1 ms an entry, 50 of them stay below the time that opening takes anyway.
const CHECKPOINT_EVERY: i64 = 50;

/// What a commit says about itself. Kept in the table's log; [`Archive::history`] reads it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitInfo {
    /// What was done, in capitals: `INGEST`.
    pub operation: String,
    /// The inputs that went in.
    pub inputs: Vec<InputDigest>,
    /// Counts of what happened to their records, under the names of `tape ingest --json`.
    pub metrics: BTreeMap<String, i64>,
}

/// An input of an ingest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputDigest {
    /// Its name, as a person knows it.
    pub name: String,
    /// Digest of its bytes: equal digests mean that its events are in.
    pub digest: String,
    /// Its size.
    pub bytes: u64,
    /// Records that were read from it.
    #[serde(default)]
    pub records: u64,
}

impl Archive {
    /// Takes `removed` out of the table and puts `added` in, in one step: the version after `based_on` becomes this
    /// commit, or nothing happens. Gives the new version.
    ///
    /// The files of `added` are on disk already ([`RunWriter::finish`](crate::RunWriter::finish)). Without files the
    /// commit records its `info` alone.
    ///
    /// # Errors
    /// [`ArchiveError::Conflict`] if `based_on` is not the newest version any more; then, as after any error, the
    /// files of `added` belong to nobody ([`Archive::discard`]). The others say what is wrong with the files, or that
    /// the log could not be written.
    pub async fn commit(
        &self,
        based_on: &Snapshot,
        removed: &[EventFile],
        added: Vec<EventFile>,
        info: CommitInfo,
    ) -> Result<i64, ArchiveError> {
        self.check(based_on, removed, &added)?;
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![col::PERIOD.to_owned()]),
            predicate: None,
        };
        let now_ms = Utc::now().timestamp_millis();
        let removed = removed.iter().map(|file| Action::Remove(file.to_remove(now_ms)));
        let added = added.iter().map(|file| Action::Add(file.to_add(now_ms)));
        let changes = removed.chain(added).collect();
        commit_to(&self.events_dir(), based_on.state(), operation, info, changes, now_ms).await
    }

    /// Writes a checkpoint of the newest version.
    pub(crate) async fn checkpoint(&self) -> Result<(), ArchiveError> {
        checkpoint_of(&self.events_dir()).await
    }

    /// Checks what makes the result a table of runs: files that are there, of known periods, whose ranges of keys do
    /// not overlap within a period.
    fn check(&self, based_on: &Snapshot, removed: &[EventFile], added: &[EventFile]) -> Result<(), ArchiveError> {
        for file in removed {
            if !based_on.files_of(file.period).iter().any(|known| known.path == file.path) {
                let (version, file) = (based_on.version(), file.path.clone());
                return Err(ArchiveError::NotInSnapshot { version, file });
            }
        }
        for file in added {
            if file.period.kind() != self.period_kind() {
                let (path, kind) = (file.path.clone(), self.period_kind());
                return Err(ArchiveError::OtherPeriodKind { file: path, period: file.period, kind });
            }
            let path = self.file_path(file);
            if size_of(&path)? != Some(file.bytes) {
                return Err(ArchiveError::MissingFile { path });
            }
        }
        let mut periods: Vec<_> = added.iter().map(|file| file.period).collect();
        periods.sort_unstable();
        periods.dedup();
        for period in periods {
            let kept = based_on.files_of(period).iter().filter(|file| removed.iter().all(|r| r.path != file.path));
            let mut run: Vec<&EventFile> = kept.chain(added.iter().filter(|file| file.period == period)).collect();
            run.sort_by_key(|file| file.min_key);
            if let Some(pair) = run.windows(2).find(|pair| pair[0].max_key >= pair[1].min_key) {
                let (first, second) = (pair[0].path.clone(), pair[1].path.clone());
                return Err(ArchiveError::Overlap { period, first, second });
            }
        }
        Ok(())
    }
}

/// Makes the changes to the Delta table in a directory, in one step: the version after `based_on` becomes this commit, or
/// nothing happens. Gives the new version.
///
/// # Errors
/// [`ArchiveError::Conflict`] if `based_on` is not the newest version any more, or the log cannot be written.
pub(crate) async fn commit_to(
    dir: &Path,
    based_on: &DeltaTableState,
    operation: DeltaOperation,
    info: CommitInfo,
    changes: Vec<Action>,
    now_ms: i64,
) -> Result<i64, ArchiveError> {
    let read_version = signed_version(based_on.version());
    let commit_id = Uuid::new_v4().to_string();
    let mut actions = vec![commit_info_action(&operation, read_version, info, &commit_id, now_ms)?];
    actions.extend(changes);
    match write_entry(based_on, actions, operation, log_store_of(dir)?).await {
        Ok(version) => {
            checkpoint_sometimes(dir, version).await;
            Ok(version)
        }
        // An error after the entry got its name, of syncing the directory, does not undo the commit: readers see it, so
        // it happened.
        Err(_) if is_ours(dir, read_version + 1, &commit_id) => Ok(read_version + 1),
        Err(error) if is_conflict(&error) => Err(ArchiveError::Conflict { based_on: read_version }),
        Err(error) => Err(ArchiveError::delta("commit to", dir, error)),
    }
}

fn is_ours(dir: &Path, version: i64, commit_id: &str) -> bool {
    let path = dir.join(layout::DELTA_LOG).join(log::name_of_version(version));
    fs::read_to_string(path).is_ok_and(|entry| entry.contains(commit_id))
}

async fn checkpoint_sometimes(dir: &Path, version: i64) {
    if version % CHECKPOINT_EVERY == 0 {
        // A checkpoint only makes opening faster. The commit stands without it, and the next one is tried again.
        let _ = checkpoint_of(dir).await;
    }
}

/// Writes a checkpoint of the newest version of the table in a directory.
async fn checkpoint_of(dir: &Path) -> Result<(), ArchiveError> {
    let mut table = DeltaTable::new(log_store_of(dir)?);
    let written = match table.load().await {
        Ok(()) => create_checkpoint(&table, None).await,
        Err(e) => Err(e),
    };
    written.map_err(|e| ArchiveError::delta("write a checkpoint of", dir, e))
}

/// Writes the log entry of exactly the version after a state. Stops before the library's work after a commit:
/// reading the whole table again, checkpoints, and shortening the log.
async fn write_entry(
    based_on: &DeltaTableState,
    actions: Vec<Action>,
    operation: DeltaOperation,
    log_store: LogStoreRef,
) -> Result<i64, DeltaTableError> {
    let properties = CommitProperties::default()
        // With a retry the library would put the commit on top of another that touched other files, and two ingests
        // into one new period would leave two runs in it.
        .with_max_retries(0)
        .with_create_checkpoint(false)
        .with_cleanup_expired_logs(Some(false));
    let table: &dyn TableReference = based_on;
    let prepared = CommitBuilder::from(properties)
        .with_actions(actions)
        .build(Some(table), log_store, operation)
        .into_prepared_commit_future()
        .await?;
    Ok(signed_version(prepared.await?.version))
}

/// The `commitInfo` of a commit: what the protocol knows, and our part under a name of its own.
fn commit_info_action(
    operation: &DeltaOperation,
    read_version: i64,
    info: CommitInfo,
    commit_id: &str,
    now_ms: i64,
) -> Result<Action, ArchiveError> {
    let ours = TapeInfo { commit_id: commit_id.to_owned(), inputs: info.inputs, metrics: info.metrics };
    let ours = serde_json::to_value(ours).map_err(|json_err| {
        let source = DeltaTableError::SerializeLogJson { json_err };
        ArchiveError::Delta { action: "commit to", path: "the log".into(), source: Box::new(source) }
    })?;
    let mut commit_info = operation.get_commit_info();
    commit_info.operation = Some(info.operation);
    commit_info.timestamp = Some(now_ms);
    commit_info.read_version = u64::try_from(read_version).ok();
    commit_info.is_blind_append = Some(false);
    commit_info.engine_info = Some(concat!("tapemeasure:", env!("CARGO_PKG_VERSION")).to_owned());
    commit_info.info = HashMap::from([(TAPE_INFO.to_owned(), ours)]);
    Ok(Action::CommitInfo(commit_info))
}

fn is_conflict(error: &DeltaTableError) -> bool {
    match error {
        DeltaTableError::VersionAlreadyExists(_) => true,
        DeltaTableError::Transaction { source } => matches!(
            source,
            TransactionError::VersionAlreadyExists(_)
                | TransactionError::MaxCommitAttempts(_)
                | TransactionError::CommitConflict(_)
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::period::PeriodKind;

    use super::*;
    use crate::testing::{commit_rows, info, row, run_of};

    #[tokio::test]
    async fn of_two_commits_from_one_snapshot_one_wins() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        let base = archive.snapshot(None).await.unwrap();
        let one = run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1")]);
        let two = run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m2")]);

        assert_eq!(archive.commit(&base, &[], one, info("first")).await.unwrap(), 1);
        let error = archive.commit(&base, &[], two.clone(), info("second")).await.unwrap_err();
        assert!(matches!(error, ArchiveError::Conflict { based_on: 0 }), "{error}");

        let now = archive.snapshot(None).await.unwrap();
        assert_eq!((now.version(), now.rows()), (1, 1));
        archive.discard(&two);
        assert!(!archive.file_path(&two[0]).exists());
    }

    #[tokio::test]
    async fn files_are_swapped_in_one_version() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        commit_rows(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1")]).await;
        let base = archive.snapshot(None).await.unwrap();
        let merged =
            run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1"), row(2, "c2", "2025-03-03T09:00:00Z", "m2")]);
        let version = archive.commit(&base, base.files(), merged, info("merge")).await.unwrap();
        assert_eq!(version, 2);
        let now = archive.snapshot(None).await.unwrap();
        assert_eq!((now.files().len(), now.rows()), (1, 2));
        assert_eq!(archive.snapshot(Some(1)).await.unwrap().rows(), 1);
    }

    #[tokio::test]
    async fn overlapping_runs_and_strange_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        commit_rows(
            &archive,
            &[row(1, "c1", "2025-03-03T09:00:00Z", "m1"), row(5, "c5", "2025-03-03T09:00:00Z", "m5")],
        )
        .await;
        let base = archive.snapshot(None).await.unwrap();
        let inside = run_of(&archive, &[row(3, "c3", "2025-03-03T09:00:00Z", "m3")]);
        let error = archive.commit(&base, &[], inside.clone(), info("x")).await.unwrap_err();
        assert!(matches!(error, ArchiveError::Overlap { .. }), "{error}");
        let error = archive.commit(&base, &inside, Vec::new(), info("x")).await.unwrap_err();
        assert!(matches!(error, ArchiveError::NotInSnapshot { version: 1, .. }), "{error}");
        archive.discard(&inside);
        let error = archive.commit(&base, base.files(), inside, info("x")).await.unwrap_err();
        assert!(matches!(error, ArchiveError::MissingFile { .. }), "{error}");
        assert_eq!(archive.snapshot(None).await.unwrap().version(), 1);
    }

    #[tokio::test]
    async fn a_checkpoint_carries_everything_over() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        commit_rows(&archive, &[row(1, "c1", "2025-03-03T09:00:00.000001Z", "m1")]).await;
        let before = archive.snapshot(None).await.unwrap();
        archive.checkpoint().await.unwrap();
        assert!(archive.log_dir().join("_last_checkpoint").is_file());
        archive.commit(&before, &[], Vec::new(), info("NOTHING")).await.unwrap();
        // With the entries gone the checkpoint alone has to say what was in them.
        for version in 0..=1 {
            fs::remove_file(archive.log_dir().join(log::name_of_version(version))).unwrap();
        }
        let after = archive.snapshot(None).await.unwrap();
        assert_eq!(after.version(), 2);
        assert_eq!(after.files(), before.files());
    }
}
