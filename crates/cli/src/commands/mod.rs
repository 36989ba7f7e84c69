//! One file a verb.

pub mod baseline;
pub mod completions;
pub mod demo;
pub mod drill;
pub mod formats;
pub mod generate;
pub mod history;
pub mod info;
pub mod ingest;
pub mod kpi;
pub mod man;
pub mod quarantine;
pub mod report;
pub mod settings;
pub mod sql;
pub mod vacuum;
pub mod verify;

use std::io::Write;

use crate::failure::Failure;

/// Writes a text to standard output.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::output("standard output", e))
}

/// Tells the user something beside the result.
#[expect(clippy::print_stderr, reason = "notes go beside the result, never into it")]
pub fn note(text: &str) {
    eprintln!("tape: {text}");
}
