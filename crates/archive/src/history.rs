//! Versions of the archive, and the inputs that went into them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::archive::{Archive, blocking};
use crate::commit::InputDigest;
use crate::error::ArchiveError;
use crate::log::{self, LogEntry};

/// One version, as its commit described itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub version: i64,
    /// When it was committed, microseconds since 1970 UTC; whole milliseconds.
    pub timestamp_us: i64,
    /// What was done: `CREATE TABLE`, `INGEST`; empty if another program said nothing.
    pub operation: String,
    /// Files put in.
    pub files_added: u64,
    /// Files taken out.
    pub files_removed: u64,
    /// Events in the files put in.
    pub rows_added: u64,
    /// Events in the files taken out, as far as the log still has the entries that put them in.
    pub rows_removed: u64,
    /// The inputs that went in; empty for commits that are no ingest.
    pub inputs: Vec<InputDigest>,
    /// Counts of an ingest, under the names of `tape ingest --json`.
    pub metrics: BTreeMap<String, i64>,
}

impl Archive {
    /// The versions of the archive, newest first.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn history(&self) -> Result<Vec<Version>, ArchiveError> {
        let log_dir = self.log_dir();
        blocking(move || {
            let mut versions = of_entries(log::read_all(&log_dir)?);
            versions.reverse();
            Ok(versions)
        })
        .await
    }

    /// Digests of every input that any version has taken in.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn ingested_inputs(&self) -> Result<HashSet<String>, ArchiveError> {
        let log_dir = self.log_dir();
        blocking(move || {
            let entries = log::read_all(&log_dir)?;
            Ok(entries.into_iter().flat_map(|entry| entry.info.inputs).map(|input| input.digest).collect())
        })
        .await
    }
}

fn of_entries(entries: Vec<LogEntry>) -> Vec<Version> {
    let mut rows_of: HashMap<String, u64> = HashMap::new();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut versions = Vec::with_capacity(entries.len());
    for entry in entries {
        let rows_removed: u64 = entry.removed.iter().filter_map(|path| rows_of.remove(path)).sum();
        versions.push(Version {
            version: entry.version,
            timestamp_us: entry.timestamp_us,
            operation: entry.operation,
            files_added: count(entry.added.len()),
            files_removed: count(entry.removed.len()),
            rows_added: entry.added.iter().map(|file| file.rows).sum(),
            rows_removed,
            inputs: entry.info.inputs,
            metrics: entry.info.metrics,
        });
        rows_of.extend(entry.added.into_iter().map(|file| (file.path, file.rows)));
    }
    versions
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::period::PeriodKind;

    use super::*;
    use crate::commit::CommitInfo;
    use crate::testing::{row, run_of};

    #[tokio::test]
    async fn a_commit_is_read_back_as_it_was_given() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        let input =
            |name: &str| InputDigest { name: name.to_owned(), digest: format!("d-{name}"), bytes: 10, records: 3 };
        let first = CommitInfo {
            operation: "INGEST".to_owned(),
            inputs: vec![input("a.csv"), input("b.csv")],
            metrics: BTreeMap::from([("accepted".to_owned(), 1), ("rejected".to_owned(), 0)]),
        };
        let base = archive.snapshot(None).await.unwrap();
        let run = run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1")]);
        archive.commit(&base, &[], run, first.clone()).await.unwrap();

        let base = archive.snapshot(None).await.unwrap();
        let run =
            run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1"), row(1, "c1", "2025-03-03T09:01:00Z", "m2")]);
        let second = CommitInfo { inputs: vec![input("c.csv")], ..first.clone() };
        archive.commit(&base, base.files(), run, second).await.unwrap();

        let history = archive.history().await.unwrap();
        let numbers: Vec<i64> = history.iter().map(|v| v.version).collect();
        assert_eq!(numbers, [2, 1, 0]);
        assert_eq!((history[1].operation.as_str(), &history[1].inputs), ("INGEST", &first.inputs));
        assert_eq!(history[1].metrics, first.metrics);
        let counts = |v: &Version| (v.files_added, v.files_removed, v.rows_added, v.rows_removed);
        assert_eq!(counts(&history[0]), (1, 1, 2, 1));
        assert_eq!(counts(&history[1]), (1, 0, 1, 0));
        assert_eq!((history[2].operation.as_str(), counts(&history[2])), ("CREATE TABLE", (0, 0, 0, 0)));
        assert!(history[0].timestamp_us >= history[1].timestamp_us);

        let digests = archive.ingested_inputs().await.unwrap();
        assert_eq!(digests, HashSet::from(["d-a.csv", "d-b.csv", "d-c.csv"].map(str::to_owned)));
    }
}
