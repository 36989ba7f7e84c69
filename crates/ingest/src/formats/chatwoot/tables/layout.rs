//! Which table an input is, and where its columns are.

use crate::error::IngestError;
use crate::formats::adapter::csv::Columns;

/// Columns that tell `messages` from everything else.
const MESSAGES: [&str; 6] = ["id", "conversation_id", "inbox_id", "message_type", "sender_type", "created_at"];

/// Columns that tell `conversations`.
const CONVERSATIONS: [&str; 5] = ["id", "display_id", "contact_id", "inbox_id", "status"];

/// Columns that tell `reporting_events`.
const REPORTING_EVENTS: [&str; 5] = ["id", "name", "value", "conversation_id", "event_end_time"];

/// Columns that tell `inboxes`.
const INBOXES: [&str; 4] = ["id", "name", "channel_id", "channel_type"];

/// Columns that tell `teams`.
const TEAMS: [&str; 3] = ["id", "name", "allow_auto_assign"];

/// Columns that tell `channel_twilio_sms`.
const TWILIO_NUMBERS: [&str; 4] = ["id", "account_sid", "phone_number", "medium"];

/// Columns that tell `contacts`.
const CONTACTS: [&str; 5] = ["id", "account_id", "phone_number", "identifier", "custom_attributes"];

/// A table, with its columns counted from 0; those that a row can do without may be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Table {
    /// `messages`.
    Messages(MessageColumns),
    /// `conversations`.
    Conversations(ConversationColumns),
    /// `reporting_events`.
    ReportingEvents(ReportColumns),
    /// `inboxes`.
    Inboxes(InboxColumns),
    /// `teams`.
    Teams(TeamColumns),
    /// `channel_twilio_sms`: the numbers of Twilio inboxes.
    TwilioNumbers(TwilioColumns),
    /// `contacts`, of which nothing is needed.
    Contacts,
}

/// Columns of `messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageColumns {
    pub id: Option<usize>,
    pub conversation_id: Option<usize>,
    pub inbox_id: Option<usize>,
    pub message_type: Option<usize>,
    pub sender_type: Option<usize>,
    pub sender_id: Option<usize>,
    pub created_at: Option<usize>,
    pub private: Option<usize>,
    pub status: Option<usize>,
    pub content: Option<usize>,
    pub content_attributes: Option<usize>,
    pub additional_attributes: Option<usize>,
}

/// Columns of `conversations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationColumns {
    pub id: Option<usize>,
    pub display_id: Option<usize>,
    pub account_id: Option<usize>,
    pub contact_id: Option<usize>,
    pub inbox_id: Option<usize>,
    pub team_id: Option<usize>,
    pub cached_label_list: Option<usize>,
    pub additional_attributes: Option<usize>,
    pub updated_at: Option<usize>,
}

/// Columns of `reporting_events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportColumns {
    pub name: Option<usize>,
    pub value: Option<usize>,
    pub conversation_id: Option<usize>,
    pub inbox_id: Option<usize>,
    pub event_end_time: Option<usize>,
    pub created_at: Option<usize>,
    pub actor_type: Option<usize>,
}

/// Columns of `inboxes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxColumns {
    pub id: Option<usize>,
    pub name: Option<usize>,
    pub channel_id: Option<usize>,
    pub channel_type: Option<usize>,
}

/// Columns of `teams`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamColumns {
    pub id: Option<usize>,
    pub name: Option<usize>,
}

/// Columns of `channel_twilio_sms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioColumns {
    pub id: Option<usize>,
    pub medium: Option<usize>,
}

impl Table {
    /// The table of a header; `None` if it is none of these.
    pub fn of(columns: &Columns) -> Option<Self> {
        let find = |name: &str| columns.find(name);
        if columns.has_all(&MESSAGES) {
            Some(Self::Messages(MessageColumns::of(columns)))
        } else if columns.has_all(&CONVERSATIONS) {
            Some(Self::Conversations(ConversationColumns {
                id: find("id"),
                display_id: find("display_id"),
                account_id: find("account_id"),
                contact_id: find("contact_id"),
                inbox_id: find("inbox_id"),
                team_id: find("team_id"),
                cached_label_list: find("cached_label_list"),
                additional_attributes: find("additional_attributes"),
                updated_at: find("updated_at"),
            }))
        } else if columns.has_all(&REPORTING_EVENTS) {
            Some(Self::ReportingEvents(ReportColumns {
                name: find("name"),
                value: find("value"),
                conversation_id: find("conversation_id"),
                inbox_id: find("inbox_id"),
                event_end_time: find("event_end_time"),
                created_at: find("created_at"),
                actor_type: find("actor_type"),
            }))
        } else if columns.has_all(&INBOXES) {
            let (id, name) = (find("id"), find("name"));
            let (channel_id, channel_type) = (find("channel_id"), find("channel_type"));
            Some(Self::Inboxes(InboxColumns { id, name, channel_id, channel_type }))
        } else if columns.has_all(&TEAMS) {
            Some(Self::Teams(TeamColumns { id: find("id"), name: find("name") }))
        } else if columns.has_all(&TWILIO_NUMBERS) {
            Some(Self::TwilioNumbers(TwilioColumns { id: find("id"), medium: find("medium") }))
        } else if columns.has_all(&CONTACTS) {
            Some(Self::Contacts)
        } else {
            None
        }
    }

    /// `messages`, because the user says so.
    ///
    /// # Errors
    /// [`IngestError::MissingColumn`].
    pub fn messages(columns: &Columns, input: &str) -> Result<Self, IngestError> {
        for name in MESSAGES {
            columns.needed(name, input)?;
        }
        Ok(Self::Messages(MessageColumns::of(columns)))
    }
}

impl MessageColumns {
    fn of(columns: &Columns) -> Self {
        let find = |name: &str| columns.find(name);
        Self {
            id: find("id"),
            conversation_id: find("conversation_id"),
            inbox_id: find("inbox_id"),
            message_type: find("message_type"),
            sender_type: find("sender_type"),
            sender_id: find("sender_id"),
            created_at: find("created_at"),
            private: find("private"),
            status: find("status"),
            content: find("content"),
            content_attributes: find("content_attributes"),
            additional_attributes: find("additional_attributes"),
        }
    }
}
