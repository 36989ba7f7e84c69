//! The event store: a Delta table of sorted Parquet runs, and the files derived from it.
//!
//! An archive is a directory. The events of one period (a UTC day or month) are one *run*: sorted by the sort key,
//! without repeats, cut into files by ranges of `conversation_key`. A commit swaps files of runs in one step; readers
//! hold a [`Snapshot`] and never see half of it.
//!
//! | module | is |
//! |---|---|
//! | [`archive`] | a directory opened as an archive; the Delta table behind it |
//! | `layout` | names in the directory, and `archive.toml` |
//! | [`event_file`] | what the table's log says about one file of events |
//! | [`snapshot`] | the files of one version |
//! | [`commit`] | one step from a version to the next, or a conflict |
//! | `log` | the entries of the table's log, read as they are |
//! | [`history`] | versions, and the inputs that went into them |
//! | [`run`] | writing and reading runs, their order |
//! | [`bloom`] | which files may hold an event id |
//! | [`derived`] | the store for files that can be made again |
//! | [`side_table`] | small Delta tables beside the events, such as saved baselines |
//! | [`vacuum`] | removing what no version needs |
//! | [`verify`](mod@verify) | every invariant, checked over the stored bytes |
//! | [`error`] | what can go wrong, and what to do about it |
//! | `store`, `durable` | files that are on disk once they can be seen |
//!
//! Nothing here knows of raw formats, of KPIs, or of SQL.

pub mod archive;
pub mod bloom;
pub mod commit;
pub mod derived;
mod durable;
pub mod error;
pub mod event_file;
pub mod history;
mod layout;
mod log;
pub mod run;
pub mod side_table;
pub mod snapshot;
mod store;
#[cfg(test)]
mod testing;
pub mod vacuum;
pub mod verify;

pub use archive::Archive;
pub use bloom::may_contain_event_id;
pub use commit::{CommitInfo, InputDigest};
pub use derived::{DerivedFile, DerivedStore};
pub use error::ArchiveError;
pub use event_file::EventFile;
pub use history::Version;
pub use layout::FORMAT_VERSION;
pub use run::{KeyRange, RunOptions, RunReader, RunWriter, read_run};
pub use side_table::{SideFile, SideSnapshot, SideTable};
pub use snapshot::Snapshot;
pub use vacuum::{RemovedFile, Vacuumed};
pub use verify::{Check, Finding, Verification, VerifyOptions, verify};
