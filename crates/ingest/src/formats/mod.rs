//! Raw formats: which there are, which one an input is in, and how its bytes become events.
//!
//! | module | is |
//! |---|---|
//! | [`events`] | canonical events (kpi-rules, section 1): NDJSON, CSV, Parquet |
//! | [`chatwoot`], [`zendesk`], [`intercom`], [`front`] | help desks |
//! | [`twilio`], [`whatsapp`], [`messenger`], [`slack`], [`twcs`], [`mail`] | messengers, and mail |
//! | [`mapping`] | any CSV, JSON or Parquet, as a mapping file says |
//! | [`adapter`] | what the adapters of vendors' formats share |
//! | [`choice`] | what reads an input: a format, or a mapping |
//! | [`FORMATS`] | the one list of formats: recognition and help run over it |
//! | this file | what a format has to give: [`Format`], and a decoder of blocks or of parts |
//!
//! A format sees bytes and gives events, rejects and what it ignores to a [`Sink`]; it knows nothing of threads, memory
//! or archives. A new format is a folder beside `events`, and a line in [`FORMATS`].

pub mod adapter;
pub mod chatwoot;
pub mod choice;
pub mod events;
pub mod front;
pub mod intercom;
pub mod mail;
pub mod mapping;
pub mod messenger;
pub mod slack;
pub mod twcs;
pub mod twilio;
pub mod whatsapp;
pub mod zendesk;

use std::path::Path;
use std::sync::Arc;

use tapemeasure_model::nearest::Meant;
use tapemeasure_model::zone::Zone;

use self::adapter::keywords::Keywords;
use self::adapter::lookups::Lookups;
use self::adapter::names::Names;
use self::adapter::times::Shifted;
use crate::error::IngestError;
use crate::inputs::{Block, Framing};
use crate::quarantine::{Position, Reason};
use crate::rows::codec::Event;

/// Every format, in the order of the documentation.
pub static FORMATS: &[&dyn Format] = &[
    &chatwoot::ChatwootWebhooks,
    &chatwoot::ChatwootTables,
    &zendesk::Zendesk,
    &intercom::Intercom,
    &front::Front,
    &twilio::Twilio,
    &whatsapp::WhatsApp,
    &messenger::Messenger,
    &slack::Slack,
    &twcs::Twcs,
    &mail::MailBox,
    &events::CanonicalEvents,
];

/// Lets the format be recognised from the content.
pub const AUTO: &str = "auto";

/// A format, as `tape formats` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct FormatInfo {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What it is recognised by.
    pub recognised_by: &'static str,
    /// What it cannot tell.
    pub cannot_tell: &'static str,
    /// Whether it has events that close a conversation. A source without closes gets a session gap and an abandonment
    /// limit (kpi-rules, section 3).
    pub has_closes: bool,
}

/// The formats that an ingest reads.
pub fn known_formats() -> Vec<FormatInfo> {
    FORMATS.iter().map(|format| format.info()).collect()
}

/// What of the user's options a format needs.
#[derive(Debug, Clone, Default)]
pub struct FormatSettings {
    /// Source of records that name none.
    pub source: Option<String>,
    /// Whether texts of messages are kept.
    pub keep_body: bool,
    /// Zone of times that name none.
    pub zone: Option<Zone>,
    /// Who of the senders are agents, where the format does not say: addresses, domains, ids, handles.
    pub agents: Names,
    /// Who of the senders are bots, where the format does not say.
    pub bots: Names,
    /// Words that are an opt-out or opt-in.
    pub keywords: Arc<Keywords>,
    /// What the first pass found.
    pub lookups: Arc<Lookups>,
    /// Local times that had to be moved.
    pub shifted: Arc<Shifted>,
}

/// The beginning of an input.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// Name for messages.
    pub name: &'a str,
    /// The first bytes, decompressed, without byte order mark and leading blank lines; never empty.
    pub bytes: &'a [u8],
    /// Whether `bytes` are all there is.
    pub whole: bool,
    /// The uncompressed file, where the layout can only be read by seeking (Parquet).
    pub file: Option<&'a Path>,
}

/// How an input will be read.
pub enum Opening {
    /// As a stream cut into blocks at borders of records.
    Blocks {
        /// Where records end.
        framing: Framing,
        /// Bytes of the head that hold no record, the header of a CSV.
        skip: usize,
        /// Reads the blocks.
        decoder: Arc<dyn BlockDecoder>,
    },
    /// As parts of a file, each read by itself.
    Parts {
        /// How many there are.
        count: usize,
        /// Reads the parts.
        decoder: Arc<dyn PartDecoder>,
    },
}

/// A raw format.
pub trait Format: Sync {
    /// What the documentation says of it.
    fn info(&self) -> FormatInfo;

    /// Whether records need what other records say: then all inputs of the format are read twice, first by
    /// [`BlockDecoder::survey`] and then by [`BlockDecoder::decode`].
    fn surveys(&self) -> bool {
        false
    }

    /// Keys under which a page of the vendor's interface has its records.
    fn pages(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether the content is in this format, as far as its beginning tells.
    fn recognises(&self, head: &Head<'_>) -> bool;

    /// Makes ready to read an input; the input need not be recognised.
    ///
    /// # Errors
    /// What keeps the whole input from being read, a missing column for one.
    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError>;
}

/// Reads blocks of whole records, on any thread, in any order.
pub trait BlockDecoder: Send + Sync {
    /// Gives every record of a block to the sink.
    ///
    /// # Errors
    /// Those of the sink, at once. A bad record is no error.
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError>;

    /// Keeps what records need of others; see [`Format::surveys`].
    fn survey(&self, _block: &Block) {}
}

/// Reads parts of a file, on any thread, in any order.
pub trait PartDecoder: Send + Sync {
    /// Share of a part in the size of the file.
    fn bytes_of(&self, part_idx: usize) -> u64;

    /// Gives every record of a part, counted from 0, to the sink.
    ///
    /// # Errors
    /// Those of the sink, and of the file. A bad record is no error.
    fn decode(&self, part_idx: usize, sink: &mut dyn Sink) -> Result<(), IngestError>;
}

/// Takes what a format reads.
pub trait Sink {
    /// Takes an event.
    ///
    /// # Errors
    /// Scratch space failed, or the ingest was stopped.
    fn event(&mut self, event: &Event<'_>, at: Position) -> Result<(), IngestError>;

    /// Takes a record that should be an event and cannot.
    ///
    /// # Errors
    /// Scratch space failed.
    fn reject(&mut self, reason: Reason, at: Position, record: &[u8]) -> Result<(), IngestError>;

    /// Counts a record that the format knows and that is no event.
    ///
    /// # Errors
    /// The ingest was stopped.
    fn ignore(&mut self) -> Result<(), IngestError>;
}

/// The format that the user names, or the one that recognises the content.
///
/// # Errors
/// [`IngestError::UnknownFormat`], [`IngestError::Unrecognised`], [`IngestError::Ambiguous`].
pub fn choose(name: &str, head: &Head<'_>) -> Result<&'static dyn Format, IngestError> {
    if name != AUTO {
        return by_name(name);
    }
    let fitting: Vec<&'static dyn Format> = FORMATS.iter().copied().filter(|format| format.recognises(head)).collect();
    match fitting[..] {
        [format] => Ok(format),
        [] => Err(unrecognised(head.name)),
        _ => Err(IngestError::Ambiguous { input: head.name.to_owned(), formats: names(&fitting) }),
    }
}

/// A format by its name.
///
/// # Errors
/// [`IngestError::UnknownFormat`].
pub fn by_name(name: &str) -> Result<&'static dyn Format, IngestError> {
    let found = FORMATS.iter().copied().find(|format| format.info().name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = std::iter::once(AUTO).chain(FORMATS.iter().map(|format| format.info().name)).collect();
        IngestError::UnknownFormat { name: name.to_owned(), meant: Meant::of(name, &known), known: names(FORMATS) }
    })
}

/// That an input is in none of the formats.
pub fn unrecognised(input: &str) -> IngestError {
    IngestError::Unrecognised { input: input.to_owned(), known: names(FORMATS) }
}

fn names(formats: &[&dyn Format]) -> String {
    formats.iter().map(|format| format.info().name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
pub mod testing;
