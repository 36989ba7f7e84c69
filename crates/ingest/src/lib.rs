//! Raw exports to events, and events into the archive.
//!
//! ```text
//! inputs ──► formats ──► rows ──► spill ──► merge ──► archive
//! names,     records,    buffered  sorted    with what one commit,
//! blocks     meaning     sorted    runs      is there  or nothing
//! ```
//!
//! | module | does |
//! |---|---|
//! | `ingest` | the whole, from names to a summary |
//! | `preview` | the first events of inputs, without an archive |
//! | `inputs` | expands names, unpacks, decompresses, cuts streams into blocks of whole records |
//! | `known` | which inputs the archive has already |
//! | `reading` | recognises one input and makes tasks of it |
//! | `formats` | records to events; one folder a format, one list of them |
//! | `quarantine` | records that should be events and cannot be |
//! | `pipeline` | readers, parsers, and what they share |
//! | `rows` | events as bytes, buffered and sorted |
//! | `spill` | sorted rows on disk |
//! | `merge` | new rows and stored rows of a period to its new run; deduplication |
//! | `commit` | merge and commit, again if somebody else was faster |
//! | `closes` | limits for sources whose format records no closes |
//! | `control`, `runtime` | stopping all threads; blocking work in asynchronous functions |
//! | `options`, `progress`, `summary`, `notes`, `error` | what goes in and comes out |
//!
//! Nothing here knows of KPIs or of SQL.

mod closes;
mod commit;
mod control;
mod error;
mod formats;
mod ingest;
mod inputs;
mod known;
mod merge;
mod notes;
mod options;
mod pipeline;
mod preview;
mod progress;
mod quarantine;
mod reading;
mod rows;
mod runtime;
mod spill;
mod summary;

pub use error::IngestError;
pub use formats::mapping::{Mapping, MappingError};
pub use formats::{AUTO, FormatInfo, known_formats};
pub use ingest::ingest;
pub use options::{DEFAULT_MAX_REJECTED_SHARE, DEFAULT_MEMORY_BYTES, IngestOptions};
pub use preview::{Preview, preview};
pub use progress::{Progress, Unwatched};
pub use quarantine::error::QuarantineError;
pub use quarantine::line::Rejected;
pub use quarantine::read::{QuarantineFile, RejectedRecords, quarantine_file, quarantine_files, read_quarantine};
pub use quarantine::reason::{is_part_of_reason, known_reasons};
pub use quarantine::retry::{Export, Retried, retry_quarantine};
pub use summary::IngestSummary;

#[cfg(test)]
mod tests;
