//! Mail: mailboxes in mbox, and single mails (`.eml`).
//!
//! | module | is |
//! |---|---|
//! | [`record`] | a mail as its header fields and its text |
//! | [`date`] | what stands in `Date` |
//! | [`events`] | what a mail means |
//! | this file | recognition; blocks to mails |

pub mod date;
pub mod events;
pub mod record;

use std::sync::Arc;

use mail_parser::MessageParser;

use self::record::{Mail, field};
use super::adapter::times::LocalClock;
use super::adapter::{Out, Stop};
use super::{BlockDecoder, Format, FormatInfo, FormatSettings, Head, Opening, Sink};
use crate::error::IngestError;
use crate::inputs::{Block, Framing, is_separator};

const NAME: &str = "mail";

/// Fields that mails have and hardly anything else. Two of them in one header are a mail.
const MARKS: [&str; 14] = [
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "dkim-signature",
    "mime-version",
];

/// The format `mail`.
#[derive(Debug, Clone, Copy)]
pub struct MailBox;

impl Format for MailBox {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "mail: mbox files and single mails (.eml); needs --agents with the addresses or domains of the team",
            recognised_by: "header fields of mails (From, To, Date, Subject, Message-ID, Received, ...), two of them",
            cannot_tell: "closes, tags, teams; who it was that wrote from a shared address; mails that nobody kept",
            has_closes: false,
        }
    }

    fn surveys(&self) -> bool {
        true
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        has_mail_header(head.bytes)
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        if settings.agents.is_empty() {
            return Err(IngestError::NeedsOption {
                input: head.name.to_owned(),
                option: "--agents",
                why: "mails do not say which addresses are the team's; name the addresses or domains",
            });
        }
        let decoder = MailDecoder {
            settings: settings.clone(),
            clock: settings.zone.as_ref().map(|zone| LocalClock::new(zone, Arc::clone(&settings.shifted))),
            parser: MessageParser::new().with_mime_headers().default_header_ignore(),
        };
        Ok(Opening::Blocks { framing: Framing::Mbox, skip: 0, decoder: Arc::new(decoder) })
    }
}

/// Whether two of [`MARKS`] stand in one header: at the beginning, behind a first line that is broken, or behind a line
/// that parts the messages of an mbox.
fn has_mail_header(bytes: &[u8]) -> bool {
    let mut in_header = true;
    let mut marks = [false; MARKS.len()];
    for (line_idx, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if is_separator(line) {
            in_header = true;
            marks = [false; MARKS.len()];
        } else if in_header && !matches!(line.first(), Some(b' ' | b'\t')) {
            match field(line) {
                Some((name, _)) => {
                    if let Some(place) = MARKS.iter().position(|mark| name.eq_ignore_ascii_case(mark.as_bytes())) {
                        marks[place] = true;
                    }
                }
                None => in_header = line_idx == 0,
            }
            if marks.iter().filter(|&&seen| seen).count() >= 2 {
                return true;
            }
        }
    }
    false
}

/// Reads mails.
#[derive(Debug)]
struct MailDecoder {
    settings: FormatSettings,
    /// Of dates that name no zone; none if the user named none either.
    clock: Option<LocalClock>,
    /// Reads bodies; what it finds in headers is not used, but for the fields of MIME.
    parser: MessageParser,
}

impl BlockDecoder for MailDecoder {
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError> {
        for (record, at) in block.records() {
            let mut out = Out::new(&mut *sink, &self.settings, NAME, at, record);
            match events::to_events(&Mail::decode(record), &self.parser, self.clock.as_ref(), &mut out) {
                Ok(()) => {}
                Err(Stop::Rejected(reason)) => out.reject(reason)?,
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn survey(&self, block: &Block) {
        for (record, _) in block.records() {
            events::survey(&Mail::decode(record), &self.settings.lookups);
        }
    }
}

#[cfg(test)]
mod tests;
