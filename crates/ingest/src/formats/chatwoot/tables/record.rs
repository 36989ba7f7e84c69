//! A row with its fields named. Nulls of the database are empty fields.

use super::layout::Table;
use crate::formats::adapter::csv::Row;
use crate::quarantine::Reason;

/// A row of one of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// Of `messages`.
    Message(MessageRow<'a>),
    /// Of `conversations`.
    Conversation(ConversationRow<'a>),
    /// Of `reporting_events`.
    Report(ReportRow<'a>),
    /// Of `inboxes`.
    Inbox(InboxRow<'a>),
    /// Of `teams`.
    Team(TeamRow<'a>),
    /// Of `channel_twilio_sms`.
    TwilioNumber(TwilioRow<'a>),
    /// Of a table of which nothing is needed.
    Other,
}

/// A row of `messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow<'a> {
    pub id: Option<&'a str>,
    /// The conversation's primary key, not the number that agents see.
    pub conversation_key: Option<&'a str>,
    pub inbox_id: Option<&'a str>,
    pub message_type: Option<&'a str>,
    pub sender_type: Option<&'a str>,
    pub sender_id: Option<&'a str>,
    pub created_at: Option<&'a str>,
    pub private: Option<&'a str>,
    pub status: Option<&'a str>,
    pub content: Option<&'a str>,
    pub content_attributes: Option<&'a str>,
    pub additional_attributes: Option<&'a str>,
}

/// A row of `conversations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRow<'a> {
    pub key: Option<&'a str>,
    /// The number that agents see, unique in an account.
    pub display_id: Option<&'a str>,
    pub account_id: Option<&'a str>,
    pub contact_id: Option<&'a str>,
    pub inbox_id: Option<&'a str>,
    pub team_id: Option<&'a str>,
    pub labels: Option<&'a str>,
    pub additional_attributes: Option<&'a str>,
    pub updated_at: Option<&'a str>,
}

/// A row of `reporting_events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow<'a> {
    pub name: Option<&'a str>,
    pub value: Option<&'a str>,
    /// The conversation's primary key.
    pub conversation_key: Option<&'a str>,
    pub inbox_id: Option<&'a str>,
    /// Null in rows from before 2022.
    pub event_end_time: Option<&'a str>,
    pub created_at: Option<&'a str>,
    /// Class of who did it, in databases that keep it.
    pub actor_type: Option<&'a str>,
}

/// A row of `inboxes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow<'a> {
    pub id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub channel_id: Option<&'a str>,
    pub channel_type: Option<&'a str>,
}

/// A row of `teams`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRow<'a> {
    pub id: Option<&'a str>,
    pub name: Option<&'a str>,
}

/// A row of `channel_twilio_sms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioRow<'a> {
    pub id: Option<&'a str>,
    pub medium: Option<&'a str>,
}

/// Names the fields of a row.
///
/// # Errors
/// [`Reason::InvalidUtf8`] in a field that is needed.
pub fn read<'a>(table: &Table, row: &'a Row<'_>) -> Result<Record<'a>, Reason> {
    Ok(match table {
        Table::Messages(at) => Record::Message(MessageRow {
            id: row.text(at.id)?,
            conversation_key: row.text(at.conversation_id)?,
            inbox_id: row.text(at.inbox_id)?,
            message_type: row.text(at.message_type)?,
            sender_type: row.text(at.sender_type)?,
            sender_id: row.text(at.sender_id)?,
            created_at: row.text(at.created_at)?,
            private: row.text(at.private)?,
            status: row.text(at.status)?,
            content: row.text(at.content)?,
            content_attributes: row.text(at.content_attributes)?,
            additional_attributes: row.text(at.additional_attributes)?,
        }),
        Table::Conversations(at) => Record::Conversation(ConversationRow {
            key: row.text(at.id)?,
            display_id: row.text(at.display_id)?,
            account_id: row.text(at.account_id)?,
            contact_id: row.text(at.contact_id)?,
            inbox_id: row.text(at.inbox_id)?,
            team_id: row.text(at.team_id)?,
            labels: row.text(at.cached_label_list)?,
            additional_attributes: row.text(at.additional_attributes)?,
            updated_at: row.text(at.updated_at)?,
        }),
        Table::ReportingEvents(at) => Record::Report(ReportRow {
            name: row.text(at.name)?,
            value: row.text(at.value)?,
            conversation_key: row.text(at.conversation_id)?,
            inbox_id: row.text(at.inbox_id)?,
            event_end_time: row.text(at.event_end_time)?,
            created_at: row.text(at.created_at)?,
            actor_type: row.text(at.actor_type)?,
        }),
        Table::Inboxes(at) => Record::Inbox(InboxRow {
            id: row.text(at.id)?,
            name: row.text(at.name)?,
            channel_id: row.text(at.channel_id)?,
            channel_type: row.text(at.channel_type)?,
        }),
        Table::Teams(at) => Record::Team(TeamRow { id: row.text(at.id)?, name: row.text(at.name)? }),
        Table::TwilioNumbers(at) => {
            Record::TwilioNumber(TwilioRow { id: row.text(at.id)?, medium: row.text(at.medium)? })
        }
        Table::Contacts => Record::Other,
    })
}
