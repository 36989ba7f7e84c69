//! What can stop an ingest. After any of these the archive holds exactly what it held before.

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use tapemeasure_archive::ArchiveError;
use tapemeasure_model::nearest::Meant;
use tapemeasure_model::period::PeriodKind;
use zip::result::ZipError;

use crate::formats::mapping::MappingError;

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// An empty list of inputs.
    #[error("no input named; give files, directories, patterns, or - for standard input")]
    NoInputs,
    /// More inputs than the order of rows can tell apart.
    #[error("{count} inputs, at most {most} go into one ingest; ingest them in several runs")]
    TooManyInputs {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A name that is no file, no directory and no pattern.
    #[error("{name}: no such file or directory; check the name")]
    MissingInput {
        /// The name as it was given.
        name: String,
    },
    /// A pattern without a match.
    #[error("{pattern}: no file matches; check the pattern and the directory that it starts from")]
    NoMatch {
        /// The pattern as it was given.
        pattern: String,
    },
    /// A directory without a file.
    #[error("{}: no file in this directory; name the files, or another directory", .path.display())]
    EmptyDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// `-` was given twice.
    #[error("standard input (-) is named twice; name it once")]
    StandardInputTwice,
    /// A directory that cannot be listed.
    #[error("{}: cannot list the directory; check its permissions", .path.display())]
    List {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An input that cannot be opened or read.
    #[error("{input}: cannot be read at byte {byte}; check that it is a file that you may read")]
    Read {
        /// The input's name.
        input: String,
        /// Bytes of the file that were read before.
        byte: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Compressed data that ends in the middle.
    #[error("{input}: {compression} data ends early at byte {byte}; the file is cut off, fetch it again")]
    Truncated {
        /// The input's name.
        input: String,
        /// Length of the compressed data that is there.
        byte: u64,
        /// `gzip`, `zstd` or `zip`.
        compression: &'static str,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// Compressed data that is damaged.
    #[error("{input}: {compression} data is damaged near byte {byte}; fetch the file again")]
    Corrupt {
        /// The input's name.
        input: String,
        /// Compressed bytes that were read before; the damage is at or before it.
        byte: u64,
        /// `gzip`, `zstd` or `zip`.
        compression: &'static str,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// A zip archive whose directory cannot be read.
    #[error("{input}: not a readable zip archive; fetch the file again")]
    Zip {
        /// The archive's name.
        input: String,
        /// What the reader said.
        #[source]
        source: ZipError,
    },
    /// A member of a zip archive in a form that is not read.
    #[error("{input}: this member of a zip archive is {how}; unpack the archive and ingest its files")]
    ZipMember {
        /// The member's name, behind that of the archive.
        input: String,
        /// What it is: encrypted, or compressed by another method.
        how: &'static str,
    },
    /// A zip archive without a file.
    #[error("{input}: no file in this zip archive; check that it is the one that is meant")]
    EmptyZip {
        /// The archive's name.
        input: String,
    },
    /// A Parquet file that cannot be read.
    #[error("{input}: not a readable Parquet file; write it again")]
    Parquet {
        /// The input's name.
        input: String,
        /// What the reader said.
        #[source]
        source: ParquetError,
    },
    /// A batch of a Parquet file that cannot be decoded.
    #[error("{input}: row group {row_group} cannot be decoded; write the Parquet file again")]
    ParquetDecode {
        /// The input's name.
        input: String,
        /// The row group, from 0.
        row_group: usize,
        /// What the reader said.
        #[source]
        source: ArrowError,
    },
    /// `--format` names no format.
    #[error("no format is named {name:?}; {meant}known: auto, {known}")]
    UnknownFormat {
        /// The name as it was given.
        name: String,
        /// The name that is near.
        meant: Meant,
        /// The formats there are.
        known: String,
    },
    /// No format recognises the content.
    #[error(
        "{input}: content fits no known format ({known}); name the format (--format, see `tape formats`), or say what is \
         what in a mapping file (--mapping)"
    )]
    Unrecognised {
        /// The input's name.
        input: String,
        /// The formats there are.
        known: String,
    },
    /// More than one format recognises the content.
    #[error("{input}: content fits more than one format ({formats}); name the one that is meant (--format)")]
    Ambiguous {
        /// The input's name.
        input: String,
        /// The formats that fit.
        formats: String,
    },
    /// A column that every record needs is not in the file.
    #[error("{input}: column {column:?} is missing; {advice}")]
    MissingColumn {
        /// The input's name.
        input: String,
        /// The column's name.
        column: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A column that is there twice.
    #[error("{input}: column {column:?} is there twice; keep one")]
    DuplicateColumn {
        /// The input's name.
        input: String,
        /// The column's name.
        column: &'static str,
    },
    /// A format that cannot be read without something that only the user knows.
    #[error("{input}: {why}; give {option}")]
    NeedsOption {
        /// The input's name.
        input: String,
        /// The option, as it is on the command line.
        option: &'static str,
        /// What cannot be told without it.
        why: &'static str,
    },
    /// Records need more of one another than memory holds.
    #[error(
        "what records need of one another takes {} MiB so far, more than half of the memory ({} MiB); \
         give more (--memory), or ingest in parts", .bytes >> 20, .limit >> 20
    )]
    LookupsTooLarge {
        /// Bytes that it takes so far.
        bytes: usize,
        /// Bytes that it may take.
        limit: usize,
    },
    /// A mapping that cannot be used, or not for an input.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// More rejects than the options allow.
    #[error(
        "{rejected} of {read} records rejected, more than {max_percent} %; first: {example}; all of them: {}; \
         mend the input, or allow more", .quarantine.display()
    )]
    TooManyRejected {
        /// Records rejected.
        rejected: u64,
        /// Records read.
        read: u64,
        /// The share allowed, in percent.
        max_percent: f64,
        /// File, line, byte and reason of the first.
        example: String,
        /// The file with all of them.
        quarantine: PathBuf,
    },
    /// Not one record is an event.
    #[error(
        "all {rejected} records rejected; first: {example}; all of them: {}; is it another format, or is --source missing?",
        .quarantine.display()
    )]
    NothingAccepted {
        /// Records rejected.
        rejected: u64,
        /// File, line, byte and reason of the first.
        example: String,
        /// The file with all of them.
        quarantine: PathBuf,
    },
    /// The file of rejects cannot be written.
    #[error("{}: rejected records cannot be written; check the disk and its permissions", .path.display())]
    Quarantine {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Scratch data cannot be written or read.
    #[error("{}: scratch data cannot be written or read; free disk space, or give more memory", .path.display())]
    Scratch {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Scratch data that is not what was written.
    #[error("{}: scratch data is damaged at byte {byte}; check the disk and ingest again", .path.display())]
    ScratchDamaged {
        /// The file.
        path: PathBuf,
        /// Where the damaged block begins.
        byte: u64,
    },
    /// A row that is not as it was encoded. A fault of memory or of this crate, not of the input.
    #[error("period {period}: a row changed between reading and merging; check the memory and ingest again")]
    BrokenRow {
        /// The period's label.
        period: String,
    },
    /// The archive is cut otherwise than asked for.
    #[error("{}: this archive is cut by {found}, not by {asked}; leave the period out, or make another archive", .root.display())]
    PeriodDiffers {
        /// The archive.
        root: PathBuf,
        /// How it is cut.
        found: PeriodKind,
        /// How it was asked for.
        asked: PeriodKind,
    },
    /// An option out of its range.
    #[error("{option} is {value}; {advice}")]
    BadOption {
        /// The option's name.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        advice: &'static str,
    },
    /// A stored event that this version cannot read.
    #[error("period {period}: stored column {column:?} holds {value:?}; run `tape verify`")]
    StoredEvent {
        /// The period's label.
        period: String,
        /// The column's name.
        column: &'static str,
        /// What is there.
        value: String,
    },
    /// Columns that do not form a batch. A fault of this crate, not of the input.
    #[error("period {period}: columns do not form a batch; report this as a bug")]
    Batch {
        /// The period's label.
        period: String,
        /// What Arrow said.
        #[source]
        source: ArrowError,
    },
    /// The archive refused or failed.
    #[error("the archive could not be read or written")]
    Archive(#[source] Box<ArchiveError>),
    /// Other writers committed first, again and again.
    #[error("other writers committed first {attempts} times; ingest again when they are done")]
    Contended {
        /// How often it was tried.
        attempts: usize,
    },
    /// The user stopped it.
    #[error("ingest cancelled; the archive is as it was")]
    Cancelled,
}

impl From<ArchiveError> for IngestError {
    fn from(source: ArchiveError) -> Self {
        Self::Archive(Box::new(source))
    }
}
