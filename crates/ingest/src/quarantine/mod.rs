//! Records that should be events and cannot be: where they stood, why, and the records themselves.
//!
//! | module | is |
//! |---|---|
//! | [`reason`] | why a record is no event |
//! | [`position`] | where a record stands in its input |
//! | [`line`] | a rejected record as it is kept |
//! | [`write`] | collects rejects while an ingest reads, and writes their file |
//! | [`read`] | the files there are, and the records in one |
//! | `regroup` | rejected records back to inputs |
//! | [`retry`] | these inputs once more through an ingest |
//! | [`error`] | what can go wrong with the files |

pub mod error;
pub mod line;
pub mod position;
pub mod read;
pub mod reason;
mod regroup;
pub mod retry;
pub mod write;

pub use line::InputFacts;
pub use position::{PLACES_OF_ROW, Position};
pub use reason::Reason;
pub use write::Quarantine;
