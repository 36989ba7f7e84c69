//! What the first pass keeps: of a conversation its number, contact, inbox, team and label, of an inbox its channel and
//! name, of a team its name.

use std::borrow::Cow;

use super::record::{ConversationRow, Record, ReportRow};
use crate::formats::adapter::lookups::Lookups;
use crate::formats::chatwoot::meaning::{self, ChannelHints};

/// Lookup by primary key: fields of a conversation, see [`Conversation`].
const CONVERSATIONS: &str = "chatwoot conversation";
/// Lookup by primary key: the customer who wrote in a conversation, for exports without `conversations`.
const WRITERS: &str = "chatwoot writer";
/// Lookup by id: class, channel and name of an inbox.
const INBOXES: &str = "chatwoot inbox";
/// Lookup by id: name of a team.
const TEAMS: &str = "chatwoot team";
/// Lookup by id: medium of a Twilio number.
const TWILIO_NUMBERS: &str = "chatwoot twilio number";
/// Lookup by conversation and time: resolved by a bot.
const BOT_RESOLVED: &str = "chatwoot bot resolved";
/// Lookup of the greatest account and of the mirrored smallest one.
const ACCOUNTS: &str = "chatwoot account";

/// Between fields of one value (ASCII unit separator): in no id, name or label.
const SEPARATOR: char = '\u{1f}';

/// Keeps what other rows need of this one.
pub fn keep(record: &Record<'_>, lookups: &Lookups) {
    match record {
        Record::Conversation(row) => conversation(row, lookups),
        Record::Inbox(row) => {
            if let Some(id) = row.id {
                let fields = [row.channel_type, row.channel_id, row.name];
                lookups.put(INBOXES, id, &joined(&fields));
            }
        }
        Record::Team(row) => {
            if let (Some(id), Some(name)) = (row.id, row.name) {
                lookups.put(TEAMS, id, name);
            }
        }
        Record::TwilioNumber(row) => {
            if let (Some(id), Some(medium)) = (row.id, row.medium) {
                lookups.put(TWILIO_NUMBERS, id, medium);
            }
        }
        Record::Report(row) => {
            if row.name == Some("conversation_bot_resolved")
                && let Some(place) = place_of(row)
            {
                lookups.put(BOT_RESOLVED, &place, "1");
            }
        }
        Record::Message(row) => {
            if row.sender_type == Some("Contact")
                && let (Some(key), Some(contact_id)) = (row.conversation_key, row.sender_id)
            {
                lookups.put(WRITERS, key, contact_id);
            }
        }
        Record::Other => {}
    }
}

fn conversation(row: &ConversationRow<'_>, lookups: &Lookups) {
    let (Some(key), Some(display_id)) = (row.key, row.display_id) else { return };
    let topic = row.labels.and_then(|labels| labels.split(',').map(str::trim).find(|label| !label.is_empty()));
    // The value is JSON, written by Chatwoot only: the text stands in it as the value of `type` or not at all.
    let instagram = row.additional_attributes.is_some_and(|json| json.contains("\"instagram_direct_message\""));
    let fields = [
        // Of two exports the later one stays: the greater value does, and the time comes first.
        row.updated_at,
        Some(display_id),
        row.account_id,
        row.contact_id,
        row.inbox_id,
        row.team_id,
        topic,
        instagram.then_some("1"),
    ];
    lookups.put(CONVERSATIONS, key, &joined(&fields));
    if let Some(account_id) = row.account_id {
        let padded = format!("{account_id:0>20}");
        lookups.put(ACCOUNTS, "mirrored", &mirrored(&padded));
        lookups.put(ACCOUNTS, "greatest", &padded);
    }
}

fn joined(fields: &[Option<&str>]) -> String {
    let mut text = String::new();
    for (field_idx, field) in fields.iter().enumerate() {
        if field_idx > 0 {
            text.push(SEPARATOR);
        }
        text.push_str(field.unwrap_or_default());
    }
    text
}

/// A text that is the greater the smaller the given one is, so that the greatest of them is that of the smallest.
fn mirrored(text: &str) -> String {
    let mirror = |byte: u8| if byte.is_ascii_graphic() { b'!' + b'~' - byte } else { byte };
    text.bytes().map(mirror).map(char::from).collect()
}

/// Whether the conversations are of more than one account. Numbers of conversations are unique in an account only.
pub fn several_accounts(lookups: &Lookups) -> bool {
    let greatest = lookups.get(ACCOUNTS, "greatest");
    greatest.is_some_and(|greatest| lookups.get(ACCOUNTS, "mirrored").is_some_and(|least| least != mirrored(&greatest)))
}

/// Whether a report of a resolution has another one beside it that says that a bot did it.
pub fn is_bot_resolved(row: &ReportRow<'_>, lookups: &Lookups) -> bool {
    place_of(row).is_some_and(|place| lookups.get(BOT_RESOLVED, &place).is_some())
}

/// Conversation and time of a report: Chatwoot copies both into the report for the bot.
fn place_of(row: &ReportRow<'_>) -> Option<String> {
    let time = row.event_end_time.or(row.created_at)?;
    Some(format!("{}{SEPARATOR}{time}", row.conversation_key?))
}

/// What is known of the conversation of a row, of its inbox and its team.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Known {
    conversation: Option<Fields>,
    /// Somebody who wrote in it, where the conversation is not known.
    writer: Option<String>,
    inbox_id: Option<String>,
    inbox: Option<Fields>,
    team: Option<String>,
    twilio_medium: Option<String>,
}

impl Known {
    /// Of the conversation with a primary key; `inbox_id` is the row's own, where the conversation is not known.
    pub fn of(key: &str, inbox_id: Option<&str>, lookups: &Lookups) -> Self {
        let conversation = lookups.get(CONVERSATIONS, key).map(Fields);
        let writer = if conversation.is_none() { lookups.get(WRITERS, key) } else { None };
        let inbox_id = conversation.as_ref().and_then(|fields| fields.at(INBOX_ID)).or(inbox_id).map(str::to_owned);
        let inbox = inbox_id.as_deref().and_then(|id| lookups.get(INBOXES, id)).map(Fields);
        let team_id = conversation.as_ref().and_then(|fields| fields.at(TEAM_ID));
        // A team without a name is told from an inbox without a name.
        let team = team_id.map(|id| lookups.get(TEAMS, id).unwrap_or_else(|| format!("team:{id}")));
        let twilio = inbox.as_ref().filter(|inbox| inbox.at(CHANNEL_TYPE) == Some("Channel::TwilioSms"));
        let twilio_medium =
            twilio.and_then(|inbox| inbox.at(CHANNEL_ID)).and_then(|id| lookups.get(TWILIO_NUMBERS, id));
        Self { conversation, writer, inbox_id, inbox, team, twilio_medium }
    }

    /// The conversation's id: the number that agents see, with the account's before it if there are several accounts;
    /// without `conversations`, its primary key, marked as such because it may be the number of another conversation.
    pub fn conversation_id<'k>(&'k self, key: &str, several_accounts: bool) -> Cow<'k, str> {
        let of_conversation = |field: usize| self.conversation.as_ref().and_then(|fields| fields.at(field));
        match (of_conversation(DISPLAY_ID), of_conversation(ACCOUNT_ID)) {
            (Some(display_id), Some(account_id)) if several_accounts => {
                Cow::Owned(format!("{account_id}:{display_id}"))
            }
            (Some(display_id), _) => Cow::Borrowed(display_id),
            (None, _) => Cow::Owned(format!("pk:{key}")),
        }
    }

    /// The customer.
    pub fn contact_id(&self) -> Option<&str> {
        self.conversation.as_ref().and_then(|fields| fields.at(CONTACT_ID)).or(self.writer.as_deref())
    }

    /// The first label.
    pub fn topic(&self) -> Option<&str> {
        self.conversation.as_ref().and_then(|fields| fields.at(TOPIC))
    }

    /// The channel.
    pub fn channel(&self) -> Option<Cow<'_, str>> {
        let class = self.inbox.as_ref().and_then(|inbox| inbox.at(CHANNEL_TYPE))?;
        let hints = ChannelHints {
            whatsapp: matches!(self.twilio_medium.as_deref(), Some("1" | "whatsapp")),
            instagram: self.conversation.as_ref().is_some_and(|fields| fields.at(INSTAGRAM).is_some()),
        };
        Some(meaning::channel(class, hints))
    }

    /// The team that the conversation is given to, or else the inbox: by name, or by id if the name is not known.
    pub fn team(&self) -> Option<Cow<'_, str>> {
        let inbox = || self.inbox.as_ref().and_then(|inbox| inbox.at(INBOX_NAME)).map(Cow::Borrowed);
        let team = self.team.as_deref().map(Cow::Borrowed);
        team.or_else(inbox).or_else(|| self.inbox_id.as_ref().map(|id| Cow::Owned(format!("inbox:{id}"))))
    }
}

/// Fields of one value; empty ones are absent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields(String);

impl Fields {
    fn at(&self, field_idx: usize) -> Option<&str> {
        self.0.split(SEPARATOR).nth(field_idx).filter(|field| !field.is_empty())
    }
}

/// Fields of a conversation, counted from 0.
const DISPLAY_ID: usize = 1;
const ACCOUNT_ID: usize = 2;
const CONTACT_ID: usize = 3;
const INBOX_ID: usize = 4;
const TEAM_ID: usize = 5;
const TOPIC: usize = 6;
const INSTAGRAM: usize = 7;

/// Fields of an inbox, counted from 0.
const CHANNEL_TYPE: usize = 0;
const CHANNEL_ID: usize = 1;
const INBOX_NAME: usize = 2;
