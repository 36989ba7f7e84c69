//! Tables of Chatwoot's database, a CSV with a header each.
//!
//! | module | does |
//! |---|---|
//! | [`layout`] | which table an input is, and where its columns are |
//! | [`record`] | a row with its fields named |
//! | [`known`] | what the first pass keeps of conversations, inboxes and teams |
//! | [`events`] | what a row means |
//!
//! `messages` and `reporting_events` give events; the other tables say more of them, and are read in the first pass.

pub mod events;
pub mod known;
pub mod layout;
pub mod record;

use std::sync::OnceLock;

use self::layout::Table;
use self::record::Record;
use crate::error::IngestError;
use crate::formats::adapter::csv::{self, Columns, Row};
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::{CsvAdapter, Out, Stop};
use crate::formats::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::quarantine::Reason;

/// The format's name, and the source of its events.
const NAME: &str = "chatwoot_tables";

/// Tables of Chatwoot's database.
#[derive(Debug, Clone, Copy)]
pub struct ChatwootTables;

impl Format for ChatwootTables {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: NAME,
            about: "Chatwoot database tables as CSV: messages and reporting_events, with conversations, inboxes, teams and \
                    channel_twilio_sms beside them",
            recognised_by: "columns of a table: message_type, conversation_id, sender_type of messages",
            cannot_tell: "snoozing and assignments, labels as they were earlier, timers and rules that resolved a \
                          conversation without a bot",
            has_closes: true,
        }
    }

    fn surveys(&self) -> bool {
        true
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        Columns::of(head).is_some_and(|columns| Table::of(&columns).is_some())
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        let columns = Columns::of(head)
            .ok_or_else(|| IngestError::Unrecognised { input: head.name.to_owned(), known: NAME.to_owned() })?;
        let table = match Table::of(&columns) {
            Some(table) => table,
            None => Table::messages(&columns, head.name)?,
        };
        Ok(csv::open(Rows { table, several_accounts: OnceLock::new() }, NAME, &columns, settings))
    }
}

/// Reads the rows of one table.
#[derive(Debug)]
struct Rows {
    table: Table,
    /// Whether the tables hold more than one account, asked once the first pass is over.
    several_accounts: OnceLock<bool>,
}

impl CsvAdapter for Rows {
    type Record<'a> = Record<'a>;

    fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Record<'a>, Reason> {
        record::read(&self.table, row)
    }

    fn to_events(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        let lookups = &out.settings().lookups;
        let several_accounts = *self.several_accounts.get_or_init(|| known::several_accounts(lookups));
        match record {
            Record::Message(message) => events::message(message, several_accounts, out),
            Record::Report(report) => events::report(report, several_accounts, out),
            Record::Conversation(_) | Record::Inbox(_) | Record::Team(_) | Record::TwilioNumber(_) | Record::Other => {
                Ok(out.ignore()?)
            }
        }
    }

    fn survey(&self, record: &Record<'_>, lookups: &Lookups) {
        known::keep(record, lookups);
    }
}

#[cfg(test)]
mod tests;
