//! What can go wrong with an archive, and what to do about it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use parquet::errors::ParquetError;
use tapemeasure_model::period::{Period, PeriodKind};

/// Why something could not be done with an archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The directory is missing, or holds no `archive.toml`.
    #[error("{} is no archive; name another with --archive, or make one with `tape ingest`", .path.display())]
    NotAnArchive {
        /// The directory asked for.
        path: PathBuf,
    },
    /// An archive is to be made where one is.
    #[error("{} is an archive already; open it, or make the new one in another directory", .path.display())]
    AlreadyAnArchive {
        /// The directory asked for.
        path: PathBuf,
    },
    /// An archive is to be made in a directory that holds something else.
    #[error("{} holds `{found}`, which is not part of an archive; give an empty directory", .path.display())]
    NotEmpty {
        /// The directory asked for.
        path: PathBuf,
        /// The first entry that is in the way.
        found: String,
    },
    /// A newer program has written the archive.
    #[error(
        "{} has archive format {found}, this program knows up to {known}; use a newer version of tape", .path.display()
    )]
    NewerFormat {
        /// The archive.
        path: PathBuf,
        /// Format version in its `archive.toml`.
        found: u32,
        /// Newest format version that this program knows.
        known: u32,
    },
    /// `archive.toml` cannot be understood.
    #[error("cannot understand {}; restore it from a backup", .path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What the TOML parser says.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// `archive.toml` names a period that there is none of.
    #[error("{} says period = \"{found}\"; write \"day\" or \"month\", as its files under events/ show", .path.display())]
    BadManifestPeriod {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// A path that the table's log cannot name.
    #[error("{} cannot be the place of a table; move the archive to an absolute path in UTF-8", .path.display())]
    BadPath {
        /// The directory.
        path: PathBuf,
    },
    /// The disk, or the quota, is used up.
    #[error("the disk is full: cannot {action} {}; free some space and run the command again", .path.display())]
    DiskFull {
        /// What was being done.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system or a library says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The permissions forbid it, or the file system is mounted read-only.
    #[error(
        "no permission to {action} {}; check the owner and mode of the directory, and whether its disk is mounted read-only",
        .path.display()
    )]
    Denied {
        /// What was being done.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system or a library says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Any other failure of the file system.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The table's log cannot be read or written.
    #[error("cannot {action} the table in {}; `tape verify` shows what is damaged", .path.display())]
    Delta {
        /// What was being done.
        action: &'static str,
        /// The table.
        path: PathBuf,
        /// What the Delta library says.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// An entry of the table's log is no JSON.
    #[error("line {line} of {} is no log entry; restore the file from a backup", .path.display())]
    BadLogLine {
        /// The entry.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the JSON parser says.
        #[source]
        source: serde_json::Error,
    },
    /// A file in the table that this program did not write: its order is unknown.
    #[error(
        "version {version} of the archive names {file}, which {reason}; another program has changed the table, read an \
         earlier version (`tape history`)"
    )]
    ForeignFile {
        /// Version of the table.
        version: i64,
        /// Path under `events/`.
        file: String,
        /// What is missing or wrong.
        reason: &'static str,
    },
    /// Somebody else committed in the meantime.
    #[error(
        "version {} of the archive was written by somebody else meanwhile; nothing was changed, run the command again",
        .based_on + 1
    )]
    Conflict {
        /// The version that the refused commit started from.
        based_on: i64,
    },
    /// A version that the archive does not have.
    #[error("the archive has no version {wanted}; it has {oldest} to {newest} (`tape history`)")]
    UnknownVersion {
        /// The version asked for.
        wanted: i64,
        /// Oldest version that can be read.
        oldest: i64,
        /// Newest version.
        newest: i64,
    },
    /// A version whose files were removed.
    #[error("version {version} cannot be read any more: {} was removed by a vacuum; read a later version", .path.display())]
    VersionVacuumed {
        /// The version asked for.
        version: i64,
        /// The first file that is gone.
        path: PathBuf,
    },
    /// A file that the table names is not there.
    #[error("events file {} is missing though the table names it; restore it from a backup", .path.display())]
    MissingFile {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file cannot be written or read.
    #[error("cannot {action} {}; `tape verify` shows what is damaged", .path.display())]
    Parquet {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the Parquet library says.
        #[source]
        source: ParquetError,
    },
    /// Rows of a Parquet file cannot be decoded.
    #[error("cannot decode rows of {}; `tape verify` shows what is damaged", .path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the Arrow library says.
        #[source]
        source: ArrowError,
    },
    /// A column that the stored events do not have.
    #[error("events have no column `{column}`; see the columns of `events` in the documentation")]
    UnknownColumn {
        /// The name asked for.
        column: String,
    },
    /// A column of a file or of rows to be written is not as the schema of events says.
    #[error(
        "column `{column}` is {found} where events have {expected}; this is a defect of the program, please report it"
    )]
    WrongType {
        /// The column.
        column: String,
        /// Type in the schema of events.
        expected: DataType,
        /// Type found.
        found: DataType,
    },
    /// Rows to be written have other columns than events, or in another order.
    #[error(
        "rows have the columns {found} where events have {expected}; this is a defect of the program, please report it"
    )]
    WrongColumns {
        /// Columns of the schema of events.
        expected: String,
        /// Columns found.
        found: String,
    },
    /// A null in a column that has none.
    #[error(
        "column `{column}` of events has no nulls, but {count} rows have one; this is a defect of the program, please report it"
    )]
    UnexpectedNull {
        /// The column.
        column: String,
        /// Rows of the batch with a null.
        count: usize,
    },
    /// A type of event that there is none of.
    #[error("row {row} of {period} has the event type `{found}`; this is a defect of the program, please report it")]
    UnknownEventType {
        /// The run that was being written.
        period: Period,
        /// Row within the run, from 0.
        row: u64,
        /// What it says.
        found: String,
    },
    /// Rows of a run are not sorted, or come twice.
    #[error(
        "row {row} of {period} is out of order: {found} after {previous}; this is a defect of the program, please report it"
    )]
    OutOfOrder {
        /// The run that was being written.
        period: Period,
        /// Row within the run, from 0.
        row: u64,
        /// Sort key of the row before.
        previous: String,
        /// Sort key of the row.
        found: String,
    },
    /// An event that does not belong into the period of its run.
    #[error(
        "row {row} of {period} happened at {found}, in another period; this is a defect of the program, please report it"
    )]
    WrongPeriod {
        /// The run that was being written.
        period: Period,
        /// Row within the run, from 0.
        row: u64,
        /// Its time.
        found: String,
    },
    /// A run is used after one of its writes failed.
    #[error("the run of {period} was given up after an earlier error; write it again from the start")]
    RunAbandoned {
        /// The run.
        period: Period,
    },
    /// A commit removes a file that its snapshot does not have.
    #[error(
        "version {version} of the archive has no file {file} to be replaced; this is a defect of the program, please report it"
    )]
    NotInSnapshot {
        /// The version that the commit started from.
        version: i64,
        /// Path under `events/`.
        file: String,
    },
    /// A commit would leave two files of a period with overlapping ranges of keys.
    #[error("files {first} and {second} of {period} overlap; this is a defect of the program, please report it")]
    Overlap {
        /// The period.
        period: Period,
        /// Path under `events/`.
        first: String,
        /// Path under `events/`.
        second: String,
    },
    /// A commit adds a file of another kind of period than the archive has.
    #[error(
        "file {file} is of the period {period}, but the archive is cut by {kind}; this is a defect of the program, please report it"
    )]
    OtherPeriodKind {
        /// Path under `events/`.
        file: String,
        /// Its period.
        period: Period,
        /// The archive's kind.
        kind: PeriodKind,
    },
    /// A column of the schema of events has a type that the table cannot have.
    #[error(
        "column `{column}` of type {data_type} has no place in a Delta table; this is a defect of the program, please report it"
    )]
    UnsupportedColumn {
        /// The column.
        column: String,
        /// Its type.
        data_type: DataType,
    },
    /// A name of a derived file that would lead out of the directory, or is hidden.
    #[error("`{name}` cannot be the name of a derived file; this is a defect of the program, please report it")]
    BadDerivedName {
        /// The name.
        name: String,
    },
    /// The caller stopped the work.
    #[error("stopped; the archive is as it was")]
    Cancelled,
    /// A background task ended without a result.
    #[error("a background task failed; this is a defect of the program, please report it")]
    Background {
        /// What the runtime says.
        #[source]
        source: tokio::task::JoinError,
    },
}

impl ArchiveError {
    /// A failure of the file system: "cannot `action` `path`".
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match Cause::of_kind(source.kind()) {
            Cause::Other => Self::Io { action, path: path.to_owned(), source },
            cause => cause.into_error(action, path, Box::new(source)),
        }
    }

    /// A failure to write or read a Parquet file.
    pub(crate) fn parquet(action: &'static str, path: &Path, source: ParquetError) -> Self {
        match Cause::of(&source) {
            Cause::Other => Self::Parquet { action, path: path.to_owned(), source },
            cause => cause.into_error(action, path, Box::new(source)),
        }
    }

    /// A failure of the table's log.
    pub(crate) fn delta(action: &'static str, path: &Path, source: DeltaTableError) -> Self {
        match Cause::of(&source) {
            Cause::Other => Self::Delta { action, path: path.to_owned(), source: Box::new(source) },
            cause => cause.into_error(action, path, Box::new(source)),
        }
    }
}

/// What a person can do something about, wherever in a library it came up.
enum Cause {
    DiskFull,
    Denied,
    Other,
}

impl Cause {
    /// Looks for an error of the file system among the causes of an error.
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(e) = next {
            if let Some(io) = e.downcast_ref::<io::Error>() {
                return Self::of_kind(io.kind());
            }
            next = e.source();
        }
        Self::Other
    }

    fn of_kind(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied,
            _ => Self::Other,
        }
    }

    fn into_error(self, action: &'static str, path: &Path, source: Box<dyn Error + Send + Sync>) -> ArchiveError {
        let path = path.to_owned();
        match self {
            Self::DiskFull => ArchiveError::DiskFull { action, path, source },
            Self::Denied => ArchiveError::Denied { action, path, source },
            Self::Other => ArchiveError::Io { action, path, source: io::Error::other(source) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_found_below_the_libraries() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let below = object_store::Error::Generic { store: "test", source: Box::new(full) };
        let error = ArchiveError::delta("commit to", Path::new("/a/events"), DeltaTableError::from(below));
        assert_eq!(
            error.to_string(),
            "the disk is full: cannot commit to /a/events; free some space and run the command again"
        );
    }

    #[test]
    fn a_read_only_disk_is_found_below_parquet() {
        let denied = io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        let error = ArchiveError::parquet("write", Path::new("/a/f.parquet"), ParquetError::from(denied));
        assert!(matches!(error, ArchiveError::Denied { action: "write", .. }), "{error}");
    }

    #[test]
    fn anything_else_keeps_its_source() {
        let error = ArchiveError::io("read", Path::new("/a/x"), io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(error.to_string(), "cannot read /a/x: entity not found");
        assert!(error.source().is_some());
    }
}
