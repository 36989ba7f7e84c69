//! What can go wrong with quarantine files.

use std::io;
use std::path::PathBuf;

use crate::error::IngestError;

/// Why rejected records cannot be listed, shown or ingested again. The files are then as they were.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuarantineError {
    /// A file or the directory cannot be read.
    #[error("{}: rejected records cannot be read; check that you may read them", .path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written or removed.
    #[error("{}: rejected records cannot be written; check the disk and its permissions", .path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line that is no rejected record.
    #[error("{}, line {line}: not a rejected record; mend the line, or remove it", .path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// Bytes of a record that cannot be decoded.
    #[error("{}: record_base64 of {place} is no base64; remove the field if the record was edited", .path.display())]
    NotBase64 {
        /// The file.
        path: PathBuf,
        /// The record's input, line, byte and reason.
        place: String,
        /// What the decoder said.
        #[source]
        source: base64::DecodeError,
    },
    /// No quarantine file of a name.
    #[error("no quarantine file is named {name:?}; {known}")]
    NoFile {
        /// The name as it was given.
        name: String,
        /// Which there are.
        known: String,
    },
    /// The records could not be ingested again.
    #[error("the records could not be ingested again")]
    Ingest(#[source] Box<IngestError>),
}

impl From<IngestError> for QuarantineError {
    fn from(source: IngestError) -> Self {
        Self::Ingest(Box::new(source))
    }
}
