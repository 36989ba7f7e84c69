//! How to ingest.

use tapemeasure_model::period::PeriodKind;

use crate::error::IngestError;

/// Memory of an ingest when nobody says otherwise.
pub const DEFAULT_MEMORY_BYTES: usize = 1 << 30;

/// Share of rejected records above which an ingest fails (formats.md, "What every adapter does").
pub const DEFAULT_MAX_REJECTED_SHARE: f64 = 0.05;

/// How to ingest. [`Default`] gives what the command line gives without options.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestOptions {
    /// Source of the records that name none. A record's own source goes first.
    pub source: Option<String>,
    /// Name of a format, or `auto`: recognised from the content, each input for itself.
    pub format: String,
    /// Whether texts of messages are stored; if not, `body` is null.
    pub keep_body: bool,
    /// Bound on the memory of rows and merges. A few MiB for each thread come on top, and a single record is held
    /// whole however long it is (at most 64 MiB).
    pub memory_bytes: usize,
    /// Threads that parse, and periods that are merged at once; at least 1.
    pub threads: usize,
    /// Share of rejected records above which the whole ingest fails; 0 to 1.
    pub max_rejected_share: f64,
    /// How a new archive is cut. `None`: by the density of the input, or as the archive is already.
    pub period: Option<PeriodKind>,
    /// Whether to read files again that the archive has recorded with the same content.
    pub force: bool,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            source: None,
            format: "auto".to_owned(),
            keep_body: false,
            memory_bytes: DEFAULT_MEMORY_BYTES,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_rejected_share: DEFAULT_MAX_REJECTED_SHARE,
            period: None,
            force: false,
        }
    }
}

impl IngestOptions {
    /// # Errors
    /// [`IngestError::BadOption`] for the first option out of its range.
    pub(crate) fn check(&self) -> Result<(), IngestError> {
        if !(0.0..=1.0).contains(&self.max_rejected_share) {
            return Err(IngestError::BadOption {
                option: "the share of rejected records",
                value: self.max_rejected_share.to_string(),
                advice: "give a number from 0 to 1",
            });
        }
        if self.threads == 0 {
            return Err(IngestError::BadOption {
                option: "the number of threads",
                value: self.threads.to_string(),
                advice: "give at least 1",
            });
        }
        if self.source.as_deref() == Some("") {
            return Err(IngestError::BadOption {
                option: "the source",
                value: "empty".to_owned(),
                advice: "give a name, or leave it out",
            });
        }
        Ok(())
    }

    /// Bytes for the buffered rows of all threads.
    pub(crate) fn row_bytes(&self) -> usize {
        self.memory_bytes / 100 * 45
    }

    /// Bytes for merging, beside the rows that are still buffered.
    pub(crate) fn merge_bytes(&self) -> usize {
        self.memory_bytes - self.row_bytes()
    }

    /// Size of the blocks that inputs are cut into: 4 MiB, less where memory is short, because some twenty of them
    /// may wait or be parsed at once.
    pub(crate) fn block_bytes(&self) -> usize {
        (self.memory_bytes / 64).clamp(64 << 10, 4 << 20)
    }
}
