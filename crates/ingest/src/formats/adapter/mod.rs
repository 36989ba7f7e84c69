//! What the adapters of vendors' formats share: an adapter says what a record is and what it means, and nothing else.
//!
//! ```text
//! block ──► record (bytes, position) ──decode──► typed record ──to_events──► drafts ──Out──► events, rejects, ignored
//!           json, csv                  adapter                 adapter
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`json`], [`csv`] | blocks to records, for formats in JSON and in CSV |
//! | [`draft`] | an event as an adapter gives it, and the rules that hold for every format |
//! | [`scalar`] | a JSON value that is a number here and a text there |
//! | [`shape`] | what the beginning of an input looks like, for recognition |
//! | [`threads`] | the root of a thread, over lookups |
//! | [`english`] | times with English names in fixed places |
//! | [`times`] | vendors' ways to write a time |
//! | [`names`] | lists of agents and bots that the user gives |
//! | [`keywords`] | messages that are only an opt-out or opt-in (kpi-rules M4) |
//! | [`lenient`] | objects and lists that are something else in odd records |
//! | [`lookups`] | what a first pass over the inputs found, for formats whose records do not stand by themselves |
//! | this file | what an adapter has to give: [`JsonAdapter`] or [`CsvAdapter`] |
//!
//! `decode` reads bytes and knows no meaning; `to_events` knows meaning, units and zones and reads no bytes. Neither
//! does any input or output.

pub mod csv;
pub mod draft;
pub mod english;
pub mod json;
pub mod keywords;
pub mod lenient;
pub mod lookups;
pub mod names;
pub mod scalar;
pub mod shape;
pub mod threads;
pub mod times;

use self::csv::Row;
pub use self::draft::{Draft, Out};
use self::lookups::Lookups;
use crate::error::IngestError;
use crate::quarantine::Reason;

/// Why [`JsonAdapter::to_events`] ends before the record is done.
#[derive(Debug)]
pub enum Stop {
    /// The record cannot be used (any further): it is rejected. What was given of it before stands.
    Rejected(Reason),
    /// The ingest cannot go on.
    Failed(IngestError),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason)
    }
}

impl From<IngestError> for Stop {
    fn from(error: IngestError) -> Self {
        Self::Failed(error)
    }
}

/// A format whose records are JSON values: one a line, or one after the other, or the elements of arrays.
pub trait JsonAdapter: Send + Sync + 'static {
    /// A record with its fields named and typed, borrowing from the text where it can.
    type Record<'a>;

    /// Reads the text of one record. Unknown fields are passed over.
    ///
    /// # Errors
    /// Why the bytes are no record of this format; [`json::parse`] gives the usual reasons.
    fn decode<'a>(&self, text: &'a [u8]) -> Result<Self::Record<'a>, Reason>;

    /// Gives the events of a record. A record that gives none says so with [`Out::ignore`], so that every record counts.
    ///
    /// # Errors
    /// [`Stop::Rejected`] where the record should be an event and cannot.
    fn to_events(&self, record: &Self::Record<'_>, out: &mut Out<'_>) -> Result<(), Stop>;

    /// Keeps what later records need of this one. Called with the text of every record of every input before any
    /// `to_events`, if the format [surveys](super::Format::surveys). What cannot be read is passed over: it is rejected
    /// when it comes to be decoded.
    fn survey(&self, _text: &[u8], _lookups: &Lookups) {}
}

/// A format whose records are rows of CSV under a header.
pub trait CsvAdapter: Send + Sync + 'static {
    /// A row with its fields named and typed.
    type Record<'a>;

    /// Reads one row; its width is that of the header.
    ///
    /// # Errors
    /// Why the row is no record of this format.
    fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Self::Record<'a>, Reason>;

    /// As [`JsonAdapter::to_events`].
    ///
    /// # Errors
    /// [`Stop::Rejected`] where the record should be an event and cannot.
    fn to_events(&self, record: &Self::Record<'_>, out: &mut Out<'_>) -> Result<(), Stop>;

    /// As [`JsonAdapter::survey`], of rows that can be decoded.
    fn survey(&self, _record: &Self::Record<'_>, _lookups: &Lookups) {}
}
