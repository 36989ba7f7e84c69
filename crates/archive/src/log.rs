//! The entries of a table's log, read as they are: what each commit added, removed, and said about itself.
//!
//! The Delta library reads the log for the state of a version; this reads it for what happened. Fields that are not
//! known here are skipped, so that entries of other programs do not end the reading.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use object_store::path::Path as StorePath;
use serde::{Deserialize, Serialize};

use crate::commit::InputDigest;
use crate::error::ArchiveError;

/// Key of our part of a commit's `commitInfo`.
pub(crate) const TAPE_INFO: &str = "tapemeasure";

/// Our part of `commitInfo`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TapeInfo {
    /// Fresh for each attempt to commit: tells whose commit a version is.
    pub(crate) commit_id: String,
    pub(crate) inputs: Vec<InputDigest>,
    pub(crate) metrics: BTreeMap<String, i64>,
}

/// One commit.
#[derive(Debug)]
pub(crate) struct LogEntry {
    pub(crate) version: i64,
    pub(crate) timestamp_us: i64,
    pub(crate) operation: String,
    pub(crate) info: TapeInfo,
    pub(crate) added: Vec<AddedFile>,
    /// Paths below the table's directory.
    pub(crate) removed: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct AddedFile {
    /// Below the table's directory.
    pub(crate) path: String,
    pub(crate) rows: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    add: Option<AddLine>,
    remove: Option<RemoveLine>,
    commit_info: Option<CommitInfoLine>,
}

#[derive(Deserialize)]
struct AddLine {
    path: String,
    stats: Option<String>,
}

#[derive(Deserialize)]
struct RemoveLine {
    path: String,
}

#[derive(Deserialize)]
struct CommitInfoLine {
    timestamp: Option<i64>,
    operation: Option<String>,
    tapemeasure: Option<TapeInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RowCount {
    num_records: u64,
}

/// The versions with an entry, oldest first.
pub(crate) fn versions(log_dir: &Path) -> Result<Vec<i64>, ArchiveError> {
    let cannot = |e| ArchiveError::io("list", log_dir, e);
    let mut versions = Vec::new();
    for entry in fs::read_dir(log_dir).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        versions.extend(name.to_str().and_then(version_of_name));
    }
    versions.sort_unstable();
    Ok(versions)
}

/// Reads the entry of a version.
pub(crate) fn read(log_dir: &Path, version: i64) -> Result<LogEntry, ArchiveError> {
    let path = log_dir.join(name_of_version(version));
    let cannot = |e| ArchiveError::io("read", &path, e);
    let text = fs::read_to_string(&path).map_err(cannot)?;
    let modified = fs::metadata(&path).and_then(|m| m.modified()).map_err(cannot)?;
    let mut entry = LogEntry {
        version,
        // Entries without a time of their own: the protocol falls back on the file's.
        timestamp_us: DateTime::<Utc>::from(modified).timestamp_micros(),
        operation: String::new(),
        info: TapeInfo::default(),
        added: Vec::new(),
        removed: Vec::new(),
    };
    for (line_idx, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line).map_err(|source| ArchiveError::BadLogLine {
            path: path.clone(),
            line: line_idx + 1,
            source,
        })?;
        if let Some(add) = line.add {
            let count = add.stats.and_then(|stats| serde_json::from_str::<RowCount>(&stats).ok());
            let rows = count.map_or(0, |count| count.num_records);
            entry.added.push(AddedFile { path: decoded(&add.path), rows });
        }
        entry.removed.extend(line.remove.map(|remove| decoded(&remove.path)));
        if let Some(info) = line.commit_info {
            if let Some(timestamp_ms) = info.timestamp {
                entry.timestamp_us = timestamp_ms.saturating_mul(1_000);
            }
            entry.operation = info.operation.unwrap_or_default();
            entry.info = info.tapemeasure.unwrap_or_default();
        }
    }
    Ok(entry)
}

/// Reads all entries, oldest first.
pub(crate) fn read_all(log_dir: &Path) -> Result<Vec<LogEntry>, ArchiveError> {
    versions(log_dir)?.into_iter().map(|version| read(log_dir, version)).collect()
}

/// `00000000000000000007.json`, as the protocol says.
pub(crate) fn name_of_version(version: i64) -> String {
    format!("{version:020}.json")
}

fn version_of_name(name: &str) -> Option<i64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Paths in the log are percent-encoded; other programs encode more than we do.
fn decoded(path: &str) -> String {
    StorePath::from_url_path(path).map_or_else(|_| path.to_owned(), |path| path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_happened_and_skips_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let text = concat!(
            r#"{"commitInfo":{"timestamp":1740992400123,"operation":"INGEST","engineInfo":"x","tapemeasure":{"commit_id":"k","inputs":[{"name":"a.csv","digest":"d","bytes":9}],"metrics":{"accepted":2}}}}"#,
            "\n",
            r#"{"add":{"path":"period%3D2025-03/part-1.parquet","size":1,"stats":"{\"numRecords\":2}"}}"#,
            "\n\n",
            r#"{"remove":{"path":"period=2025-03/part-0.parquet"}}"#,
            "\n",
            r#"{"txn":{"appId":"another","version":1}}"#,
        );
        fs::write(dir.path().join("00000000000000000007.json"), text).unwrap();
        fs::write(dir.path().join("00000000000000000007.checkpoint.parquet"), "").unwrap();
        fs::write(dir.path().join("00000000000000000008.json#1"), "").unwrap();

        assert_eq!(versions(dir.path()).unwrap(), [7]);
        let entry = read(dir.path(), 7).unwrap();
        assert_eq!((entry.timestamp_us, entry.operation.as_str()), (1_740_992_400_123_000, "INGEST"));
        assert_eq!((entry.added[0].path.as_str(), entry.added[0].rows), ("period=2025-03/part-1.parquet", 2));
        assert_eq!(entry.removed, ["period=2025-03/part-0.parquet"]);
        assert_eq!(entry.info.inputs[0].digest, "d");
        assert_eq!(entry.info.metrics["accepted"], 2);
    }

    #[test]
    fn a_broken_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name_of_version(0)), "{}\n{\"add\":").unwrap();
        let error = read(dir.path(), 0).unwrap_err();
        assert!(matches!(error, ArchiveError::BadLogLine { line: 2, .. }), "{error}");
    }
}
