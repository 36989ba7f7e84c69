//! A realistic support archive as raw input, always the same for a seed.
//!
//! Canonical events (kpi-rules section 1) of an invented company: daily and weekly rhythm in local time, channels with
//! speeds of their own, agents in teams and shifts, topics that are tagged early, late or never, bots, notes,
//! handoffs, reopens, campaigns, opt-outs, deletions, an outage, long tails, and a few events delivered twice. Every
//! number behind it stands in [`tables`].
//!
//! - [`generate`] writes a whole archive; [`Generator`] gives single conversations as plain [`Event`]s, or the bytes of
//!   ranges of them, for threads and for other formats.
//! - [`Format`] is canonical events, or what a platform keeps of them.
//! - `random` gives the same numbers on every platform, `calendar` and `volume` say when, `people` who, `texts` what,
//!   `conversation` tells the story, `write` turns it into bytes.
//!
//! Ids count from zero in every archive: two of them, of different seeds, do not belong into the same store.

mod calendar;
mod conversation;
mod error;
mod event;
mod generator;
mod people;
mod random;
pub mod tables;
mod texts;
mod volume;
mod write;

#[cfg(test)]
mod tests;

use std::io::Write;

pub use calendar::{CLOCK_CHANGES_US, FIRST_YEAR, LAST_YEAR, Month, TIME_ZONE};
pub use error::GenerateError;
pub use event::{Body, ConversationId, Event, EventId};
pub use generator::Generator;
pub use people::{Agent, Contact};
pub use write::Format;

/// What to generate. The same options give the same bytes, on every platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOptions {
    /// Number of conversations, about six events each.
    pub conversations: u64,
    /// Length of the period in months of [`TIME_ZONE`].
    pub months: u32,
    /// First month of the period.
    pub start: Month,
    /// Another seed gives another archive of the same nature.
    pub seed: u64,
    /// Format of the bytes.
    pub format: Format,
    /// Only what this platform's format can say ([`Format::told`]), without repeats: canonical events then hold what an
    /// ingest of the platform's format gives, and the two can be compared.
    pub told_by: Option<Format>,
}

impl GenerateOptions {
    /// Conversations of the year 2025, seed 1, as NDJSON.
    pub fn new(conversations: u64) -> Self {
        Self { conversations, months: 12, start: Month::JANUARY_2025, seed: 1, format: Format::Ndjson, told_by: None }
    }
}

/// What was generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// Events, the repeated ones included; in the format of a platform its records.
    pub events: u64,
    /// Conversations, those without an event in the period included.
    pub conversations: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Writes an archive: conversation after conversation, in the order in which they begin (but for a few places), each
/// with its events in order of time. Memory does not grow with the number of conversations.
///
/// `on_progress` hears the number of events so far, about once a MiB.
///
/// # Errors
///
/// If the options name no possible archive (see [`Generator::new`]) or `out` fails.
pub fn generate(
    options: &GenerateOptions,
    out: &mut dyn Write,
    on_progress: Option<&dyn Fn(u64)>,
) -> Result<Generated, GenerateError> {
    let generator = Generator::new(options)?;
    let generated = generator.write_after(generator.header(), 0..options.conversations, out, on_progress)?;
    out.flush().map_err(|source| GenerateError::Write { bytes: generated.bytes, source })?;
    Ok(generated)
}
