//! Results in every format, on standard output or in a file.
//!
//! | file | is |
//! |---|---|
//! | [`format`] | the formats and how one is chosen |
//! | [`sink`] | where a result goes; files appear whole or not at all |
//! | [`write`] | record batches in each format |
//! | [`cells`] | values as text for people |
//! | [`nested`] | lists and structs as JSON text |

mod cells;
mod format;
mod nested;
mod sink;
mod write;

pub use cells::{human_bytes, table_of_parts};
pub use format::Format;
pub use sink::{Part, Sink};
pub use write::{BatchWriter, write_batches};
