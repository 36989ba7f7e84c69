//! Every invariant of an archive, checked over the stored bytes.
//!
//! | file | checks |
//! |---|---|
//! | `file.rs` | one file: there, whole, sorted, of its period, and as the log says |
//! | `identity.rs` | all files together: no event is stored twice, or at two times |
//!
//! Findings are reported, not repaired, and none ends the work: an archive may have more than one thing wrong.

mod file;
mod identity;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::archive::Archive;
use crate::error::ArchiveError;
use crate::snapshot::Snapshot;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// The file that the log names is there.
    Present,
    /// It has the size that the log says.
    Size,
    /// Its bytes are those that were written.
    Digest,
    /// Its rows can be decoded.
    Readable,
    /// Rows are sorted by the sort key, within the file and after the file before it, and none comes twice.
    Order,
    /// Every event lies in the period of its file.
    Period,
    /// `conversation_key` is the hash of source and conversation, or of source and contact without one.
    Key,
    /// Types, directions and authors are those of kpi-rules section 1.
    Values,
    /// What the log says of the rows is true.
    Statistics,
    /// No event (source and `event_id`) is stored twice at one time.
    Duplicate,
    /// No event is stored at two times: the input's contract (kpi-rules E1).
    Identity,
}

impl Check {
    /// Its name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Size => "size",
            Self::Digest => "digest",
            Self::Readable => "readable",
            Self::Order => "order",
            Self::Period => "period",
            Self::Key => "key",
            Self::Values => "values",
            Self::Statistics => "statistics",
            Self::Duplicate => "duplicate",
            Self::Identity => "identity",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check that failed.
    pub check: Check,
    /// The file, below `events/`; `None` for what concerns no single file.
    pub file: Option<String>,
    /// What is wrong, in one line. Rows count from 0 within their file.
    pub detail: String,
}

/// What a verification found, and how much it looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// What is wrong: one for each file and check, one for each event that is stored twice. Empty is good.
    pub findings: Vec<Finding>,
    /// Files of the snapshot.
    pub files: u64,
    /// Events that were read.
    pub rows: u64,
    /// Size of the files as the log says.
    pub bytes: u64,
}

/// How to verify.
#[derive(Clone, Copy)]
pub struct VerifyOptions<'a> {
    /// Memory for the search for repeated events. With less the files are read more often.
    pub memory_bytes: usize,
    /// Called with the number of rows read since the last call; `false` stops the work. All rows are read at least
    /// twice.
    pub progress: Option<&'a dyn Fn(u64) -> bool>,
}

impl Default for VerifyOptions<'_> {
    fn default() -> Self {
        Self { memory_bytes: 256 * 1024 * 1024, progress: None }
    }
}

impl VerifyOptions<'_> {
    fn advanced(&self, rows: usize) -> Result<(), ArchiveError> {
        match self.progress {
            Some(progress) if !progress(rows as u64) => Err(ArchiveError::Cancelled),
            _ => Ok(()),
        }
    }
}

/// Checks every invariant over the files of a snapshot. Blocks on the file system, so belongs on a thread of its own.
///
/// # Errors
/// [`ArchiveError::Cancelled`], or the file system fails in a way that says nothing about the archive. What is wrong
/// with the archive is no error but a finding.
pub fn verify(
    archive: &Archive,
    snapshot: &Snapshot,
    options: &VerifyOptions<'_>,
) -> Result<Verification, ArchiveError> {
    let mut verification =
        Verification { files: snapshot.files().len() as u64, bytes: snapshot.bytes(), ..Verification::default() };
    let mut readable = Vec::new();
    for period in snapshot.periods() {
        let mut last = None;
        for event_file in snapshot.files_of(period) {
            let (rows, findings) = file::check(archive, event_file, &mut last, options)?;
            if findings.iter().all(|finding| !matches!(finding.check, Check::Present | Check::Readable)) {
                readable.push(event_file.clone());
            }
            verification.rows += rows;
            verification.findings.extend(findings);
        }
    }
    verification.findings.extend(identity::check(archive, &readable, options)?);
    Ok(verification)
}
