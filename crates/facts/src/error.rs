//! What can go wrong between events and facts.

use tapemeasure_archive::ArchiveError;

/// Why facts could not be derived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// Events could not be read, or a derived file not be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A derived file could not be written.
    #[error(
        "cannot write derived file {path}; check free space and permissions, or remove the archive's derived/ folder"
    )]
    Write {
        /// The file.
        path: String,
        /// What the Parquet writer said.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A Parquet file could not be read.
    #[error("cannot read {path}; run `tape verify`, or remove the archive's derived/ folder if the file lies there")]
    Read {
        /// The file.
        path: String,
        /// What the Parquet reader said.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A derived file could not be read or written.
    #[error("cannot use derived file {path}; remove the archive's derived/ folder, it is made again")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Columns do not fit together: a fault of ours or of a damaged file.
    #[error("events of {period} do not have the columns of an archive; run `tape verify`")]
    Columns {
        /// The period, or the file.
        period: String,
        /// What arrow said.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// Rows do not form a table: a fault of ours.
    #[error("rows of facts do not form a table; report this as a bug")]
    Rows(#[from] arrow::error::ArrowError),
    /// A column is missing or of another type than an archive's.
    #[error("column {column} of the events is not what an archive has; run `tape verify`")]
    Column {
        /// Its name.
        column: &'static str,
    },
    /// What is carried from one period to the next is damaged.
    #[error("what is open at the end of a period cannot be read back; remove the archive's derived/ folder")]
    Carry,
    /// The user asked to stop.
    #[error("stopped before the facts were complete; what was derived is kept")]
    Cancelled,
    /// The system gives no more threads.
    #[error("cannot start a thread; lower --threads or raise the limits of this machine")]
    NoThread {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A thread ended without a result.
    #[error("a thread of the fold ended early; please report this with the archive's `tape info`")]
    Thread,
}
