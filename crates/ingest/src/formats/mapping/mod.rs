//! Any CSV, JSON or Parquet to events, by a mapping file.
//!
//! ```text
//! mapping file ──parse──► spec ─┐
//!                               ├─► reader ──► drafts
//! record ──csv, json, parquet──►│ fields
//! ```
//!
//! | module | is |
//! |---|---|
//! | `document` | the file as TOML, with the line of everything in it |
//! | `parse`, `values` | the file to what it says: sections, values |
//! | `spec` | what a mapping says |
//! | `patterns`, `time` | texts to compare with, ways to write a time |
//! | `reader`, `eval` | a record to events, whichever layout it came in, and the values in them |
//! | `csv`, `json`, `parquet` | the layouts: a column or path of a record to its value |
//! | `columns` | names of the mapping in a header or schema |
//! | [`error`] | what may be wrong with a mapping |
//! | this file | [`Mapping`]: load it, open inputs with it |

mod columns;
mod csv;
mod document;
pub mod error;
mod eval;
mod json;
mod parquet;
mod parse;
mod patterns;
mod reader;
mod spec;
mod time;
mod values;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tapemeasure_model::event::EventType;
use tapemeasure_model::zone::Zone;

use self::error::At;
pub use self::error::MappingError;
use self::spec::{EventSpec, Layout, Spec};
use super::adapter::times::{LocalClock, Shifted};
use super::events::parquet::MAGIC;
use super::{FormatSettings, Head, Opening};
use crate::error::IngestError;

/// A clock, the zone that it is of, and the ingest that counts for it.
type OwnedClock = (Zone, Arc<Shifted>, Arc<LocalClock>);

/// A mapping file: which column or path of an input is which field of an event.
#[derive(Debug)]
pub struct Mapping {
    file: Arc<str>,
    digest: String,
    spec: Spec,
    /// Clocks that inputs share: the table of a zone takes milliseconds to make, and there may be many small inputs.
    clocks: Mutex<Vec<OwnedClock>>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`MappingError`]: the file cannot be read, or something in it is wrong.
    pub fn load(path: &Path) -> Result<Self, MappingError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| MappingError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a mapping file; `name` is the file's, for messages and for the source of events that have no
    /// other.
    ///
    /// # Errors
    /// [`MappingError`]: the first thing in it that is wrong.
    pub fn parse(text: &str, name: &str) -> Result<Self, MappingError> {
        Ok(Self {
            file: name.into(),
            digest: blake3::hash(text.as_bytes()).to_hex().to_string(),
            spec: parse::spec(text, name)?,
            clocks: Mutex::default(),
        })
    }

    /// Makes ready to read an input.
    ///
    /// # Errors
    /// [`MappingError`] where the input is not what the mapping is for; what keeps the input from being read.
    pub fn open(self: &Arc<Self>, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        match self.layout_of(head)? {
            Layout::Csv => csv::open(self, head, settings),
            Layout::Json => json::open(self, head, settings),
            Layout::Parquet => parquet::open(self, head, settings),
        }
    }

    /// BLAKE3 of the file's text, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The file's name, as it was given.
    pub fn name(&self) -> &str {
        &self.file
    }

    /// Whether conversations are closed by events: as the mapping says, because the closes of a source may be in inputs
    /// of other mappings, else whether some of its events may be a close.
    pub fn has_closes(&self) -> bool {
        let closed = EventType::Closed.as_str();
        // A type that is taken from the input as it stands may be any.
        let may_close = |event: &EventSpec| event.event_type.possible().is_none_or(|types| types.contains(&closed));
        self.spec.input.closes.unwrap_or_else(|| self.spec.events.iter().any(may_close))
    }

    /// What it says.
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn file(&self) -> Arc<str> {
        Arc::clone(&self.file)
    }

    /// The place of one of its lines, from 1.
    fn at(&self, line: usize) -> At {
        At { mapping: self.file(), line }
    }

    /// The file's name without directories and ending: the source of events that have no other.
    fn stem(&self) -> &str {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem)
    }

    /// The layout that the mapping names, or that the first bytes tell: Parquet has its magic, JSON a bracket, and what
    /// has neither can only be CSV.
    fn layout_of(&self, head: &Head<'_>) -> Result<Layout, MappingError> {
        let is_parquet = head.bytes.starts_with(MAGIC);
        let begins_json = matches!(head.bytes.trim_ascii_start().first(), Some(b'{' | b'['));
        match self.spec.input.layout {
            Some((layout, line)) if is_parquet != (layout == Layout::Parquet) => {
                let (at, input) = (self.at(line), head.name.to_owned());
                Err(MappingError::OtherLayout { at, input, layout: layout.as_str() })
            }
            Some((layout, _)) => Ok(layout),
            None if is_parquet => Ok(Layout::Parquet),
            None if begins_json => Ok(Layout::Json),
            None => Ok(Layout::Csv),
        }
    }

    /// The clock of a zone that counts for an ingest.
    fn clock(&self, zone: Zone, shifted: &Arc<Shifted>) -> Arc<LocalClock> {
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clocks.iter().find(|(own, counts, _)| *own == zone && Arc::ptr_eq(counts, shifted));
        if let Some((_, _, clock)) = known {
            return Arc::clone(clock);
        }
        let clock = Arc::new(LocalClock::new(&zone, Arc::clone(shifted)));
        clocks.push((zone, Arc::clone(shifted), Arc::clone(&clock)));
        clock
    }
}

#[cfg(test)]
mod tests;
