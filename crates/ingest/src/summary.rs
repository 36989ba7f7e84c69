//! What an ingest did.

use serde::Serialize;

/// What an ingest did. Serialized it is the object of `tape ingest --json`.
///
/// Always `read = accepted + replaced + duplicates + rejected + ignored`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct IngestSummary {
    /// Inputs, the skipped ones included, those in no known format not.
    pub files: u64,
    /// Records read. A skipped file counts with the events it had when it was ingested.
    pub read: u64,
    /// Events that are new to the archive.
    pub accepted: u64,
    /// Events that replaced one of the same identity with other content (kpi-rules E1).
    pub replaced: u64,
    /// Events that are there already, with the same content.
    pub duplicates: u64,
    /// Records that should be events and cannot.
    pub rejected: u64,
    /// Records that the format knows and that are no events.
    pub ignored: u64,
    /// Time of the earliest event read, RFC 3339; none if no event was read.
    pub first: Option<String>,
    /// Time of the latest event read.
    pub last: Option<String>,
    /// Version of the archive afterwards. Unchanged if there is nothing new: no event, and no file to be remembered.
    pub version: i64,
    /// Wall clock of the whole ingest.
    pub seconds: f64,
    /// Files of directories, patterns and zip archives that are in no known format, and so were not taken in.
    pub left_out: u64,
    /// Their names, in the order of the inputs.
    pub left_out_names: Vec<String>,
    /// What directories and zip archives hold beside inputs and is never read: names that begin with a dot, links to
    /// directories, what is no file.
    pub unread: u64,
    /// How many records were rejected for which reason, most frequent first.
    #[serde(skip)]
    pub rejected_by_reason: Vec<(String, u64)>,
    /// Input, line, byte and reason of the first of them; none if there are none.
    #[serde(skip)]
    pub first_rejected: Option<String>,
    /// The file with the rejected records; none if there are none.
    #[serde(skip)]
    pub quarantine: Option<std::path::PathBuf>,
    /// Inputs that were not read because the archive has them.
    #[serde(skip)]
    pub skipped_files: u64,
    /// Sources of events that came from formats without closes, sorted.
    #[serde(skip)]
    pub without_closes: Vec<String>,
    /// What the user should know, a sentence each.
    #[serde(skip)]
    pub notes: Vec<String>,
}
