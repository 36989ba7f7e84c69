//! What Chatwoot's names and numbers mean: webhooks have the names, the database has the numbers.

use std::borrow::Cow;

use serde::Deserialize;
use tapemeasure_model::event::{Author, Direction, EventType};

use crate::formats::adapter::Draft;
use crate::formats::adapter::lenient::Lenient;
use crate::formats::adapter::scalar::Scalar;
use crate::formats::adapter::times;
use crate::quarantine::Reason;

/// What a message is (`Message.message_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From the customer.
    Incoming,
    /// To the customer, or a note.
    Outgoing,
    /// A line in the conversation's history: who was assigned, who resolved it.
    Activity,
    /// Sent by Chatwoot itself: greeting, out of office, survey.
    Template,
}

impl Kind {
    /// The kind of a name or number.
    pub fn of(text: &str) -> Option<Self> {
        match text {
            "incoming" | "0" => Some(Self::Incoming),
            "outgoing" | "1" => Some(Self::Outgoing),
            "activity" | "2" => Some(Self::Activity),
            "template" | "3" => Some(Self::Template),
            _ => None,
        }
    }
}

/// State of a conversation (`Conversation.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// With the agents.
    Open,
    /// Done.
    Resolved,
    /// With a bot.
    Pending,
    /// Put aside until a time, or until the customer writes.
    Snoozed,
}

impl Status {
    /// The status of a name or number.
    pub fn of(text: &str) -> Option<Self> {
        match text {
            "open" | "0" => Some(Self::Open),
            "resolved" | "1" => Some(Self::Resolved),
            "pending" | "2" => Some(Self::Pending),
            "snoozed" | "3" => Some(Self::Snoozed),
            _ => None,
        }
    }
}

/// The events of a change of status. From an unknown status to open counts as reopened: in a session that is open it
/// has no effect (kpi-rules S1).
pub fn transition(from: Option<Status>, to: Status) -> &'static [EventType] {
    use Status::{Open, Pending, Resolved, Snoozed};
    match (from, to) {
        (Some(from), to) if from == to => &[],
        (_, Resolved) => &[EventType::Closed],
        (Some(Resolved), Snoozed) => &[EventType::Reopened, EventType::Snoozed],
        (Some(Resolved), _) | (None, Open) => &[EventType::Reopened],
        (_, Snoozed) => &[EventType::Snoozed],
        (Some(Snoozed), _) => &[EventType::Unsnoozed],
        (Some(Pending), Open) => &[EventType::Handoff],
        (_, Open | Pending) => &[],
    }
}

/// Who a message's sender is (`Message.sender_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A customer.
    Contact,
    /// An agent.
    User,
    /// `AgentBot`, `Captain::Assistant`, and what else is nobody in person.
    Bot,
    /// Nobody is named.
    Nobody,
}

impl Sender {
    /// The sender of a type, in the spelling of webhooks or of the database.
    pub fn of(sender_type: Option<&str>) -> Self {
        match sender_type {
            None => Self::Nobody,
            Some("contact" | "Contact") => Self::Contact,
            Some("user" | "User") => Self::User,
            Some(_) => Self::Bot,
        }
    }
}

/// Fields of `Message.content_attributes` that matter.
#[derive(Debug, Default, Deserialize)]
pub struct ContentAttributes<'a> {
    #[serde(borrow, default)]
    deleted: Scalar<'a>,
    #[serde(borrow, default)]
    automation_rule_id: Scalar<'a>,
    #[serde(borrow, default)]
    external_echo: Scalar<'a>,
    #[serde(borrow, default)]
    is_reaction: Scalar<'a>,
    #[serde(borrow, default)]
    email: Lenient<EmailAttributes<'a>>,
}

/// Fields of the mail that a message was.
#[derive(Debug, Default, Deserialize)]
struct EmailAttributes<'a> {
    #[serde(borrow, default)]
    auto_reply: Scalar<'a>,
}

/// Fields of `additional_attributes` that matter, of a message and of a conversation.
#[derive(Debug, Default, Deserialize)]
pub struct AdditionalAttributes<'a> {
    #[serde(borrow, default)]
    campaign_id: Scalar<'a>,
    #[serde(rename = "type", borrow, default)]
    kind: Scalar<'a>,
}

impl AdditionalAttributes<'_> {
    /// Whether a conversation of a Facebook page came over Instagram.
    pub fn is_instagram(&self) -> bool {
        self.kind.as_str() == Some("instagram_direct_message")
    }
}

/// What the attributes say of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// An agent took it back.
    pub deleted: bool,
    /// An emoji on another message.
    pub reaction: bool,
    /// Sent by an automation rule or a campaign, or a mail that calls itself an automatic reply.
    pub automated: bool,
    /// Written in the channel's own app and seen by Chatwoot only afterwards.
    pub echo: bool,
}

impl Marks {
    /// Reads them.
    pub fn of(content: Option<&ContentAttributes<'_>>, additional: Option<&AdditionalAttributes<'_>>) -> Self {
        let campaign = additional.is_some_and(|additional| additional.campaign_id.as_str().is_some());
        let Some(content) = content else { return Self { automated: campaign, ..Self::default() } };
        let auto_reply = content.email.get().is_some_and(|email| email.auto_reply.is_true());
        Self {
            deleted: content.deleted.is_true(),
            reaction: content.is_reaction.is_true(),
            automated: campaign || auto_reply || content.automation_rule_id.as_str().is_some(),
            echo: content.external_echo.as_str().is_some_and(|echo| echo != "false"),
        }
    }
}

/// A message of either format.
#[derive(Debug, Clone, Copy)]
pub struct Message<'r> {
    /// Its id in the database.
    pub id: &'r str,
    /// When it was created.
    pub time_us: i64,
    /// What it is.
    pub kind: Kind,
    /// Who sent it.
    pub sender: Sender,
    /// Id of the sender.
    pub sender_id: Option<&'r str>,
    /// Whether only agents see it.
    pub private: bool,
    /// What else is said of it.
    pub marks: Marks,
    /// Its text.
    pub body: Option<&'r str>,
}

impl<'r> Message<'r> {
    /// Its event, without conversation, contact, channel and team. `None` for activities and reactions.
    ///
    /// Who answers in person is as in Chatwoot's own reports (`Message#human_response?`): an agent, or somebody in the
    /// channel's own app. What has no sender else was sent by an integration (Dialogflow) or by Chatwoot.
    pub fn draft(&self) -> Option<Draft<'r>> {
        if self.kind == Kind::Activity || self.marks.reaction {
            return None;
        }
        if self.marks.deleted {
            // Deleting takes the text and the attributes away, and leaves no time but that of the message.
            let mut draft = Draft::new(EventType::Deleted, format!("deleted:{}", self.id), self.time_us);
            draft.target_event_id = Some(Cow::Borrowed(self.id));
            return Some(draft);
        }
        let (direction, author) = match (self.kind, self.sender) {
            (Kind::Incoming, _) => (Direction::Inbound, Author::Contact),
            (_, Sender::User) => (Direction::Outbound, Author::Agent),
            _ if self.marks.echo => (Direction::Outbound, Author::Agent),
            _ => (Direction::Outbound, Author::Bot),
        };
        let mut draft = Draft::message(self.id, self.time_us, direction, author);
        if author == Author::Agent && self.sender == Sender::User {
            draft.agent_id = self.sender_id.map(Cow::Borrowed);
        }
        draft.private = self.private.then_some(true);
        draft.automated = (self.marks.automated || self.kind == Kind::Template).then_some(true);
        draft.body = self.body.map(Cow::Borrowed);
        Some(draft)
    }
}

/// What is known of a conversation beside the class of its channel.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChannelHints {
    /// The customer's address at Twilio is one of WhatsApp.
    pub whatsapp: bool,
    /// Came to a Facebook page over Instagram.
    pub instagram: bool,
}

/// The channel of an inbox's class: `Channel::WebWidget`. A class that is not known is its name in lower case.
pub fn channel(class: &str, hints: ChannelHints) -> Cow<'_, str> {
    let name = class.strip_prefix("Channel::").unwrap_or(class);
    Cow::Borrowed(match name {
        "Whatsapp" => "whatsapp",
        "WebWidget" => "web_chat",
        "TwilioSms" if hints.whatsapp => "whatsapp",
        "TwilioSms" | "Sms" => "sms",
        "FacebookPage" if hints.instagram => "instagram",
        "FacebookPage" => "messenger",
        "Instagram" => "instagram",
        "Email" => "email",
        "Api" => "api",
        "Telegram" => "telegram",
        "Line" => "line",
        "TwitterProfile" => "twitter",
        "Voice" => "voice",
        other => return Cow::Owned(other.to_ascii_lowercase()),
    })
}

/// A time of either format, in whole milliseconds: webhooks cut the database's microseconds, and the time of a message
/// is the same wherever it comes from (kpi-rules E1).
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn time(text: &str, field: &'static str) -> Result<i64, Reason> {
    let us = times::epoch_or_utc(text, field)?;
    Ok(us - us.rem_euclid(1_000))
}

/// Identity of a change of a conversation: what it was and when, so that it is one event in whichever records it is told.
pub fn change_id(event_type: EventType, conversation_id: &str, time_us: i64) -> String {
    [event_type.as_str(), ":", conversation_id, ":", &time_us.div_euclid(1_000).to_string()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_status() {
        use EventType::{Closed, Handoff, Reopened, Snoozed, Unsnoozed};
        let cases: [(Option<&str>, &str, &[EventType]); 13] = [
            (Some("open"), "resolved", &[Closed]),
            (Some("snoozed"), "resolved", &[Closed]),
            (None, "resolved", &[Closed]),
            (Some("resolved"), "open", &[Reopened]),
            (Some("resolved"), "pending", &[Reopened]),
            (Some("resolved"), "snoozed", &[Reopened, Snoozed]),
            (None, "open", &[Reopened]),
            (Some("open"), "snoozed", &[Snoozed]),
            (Some("snoozed"), "open", &[Unsnoozed]),
            (Some("pending"), "open", &[Handoff]),
            (Some("open"), "pending", &[]),
            (Some("open"), "open", &[]),
            (None, "pending", &[]),
        ];
        for (from, to, events) in cases {
            assert_eq!(transition(from.and_then(Status::of), Status::of(to).unwrap()), events, "{from:?} to {to}");
        }
        assert_eq!(Status::of("2"), Some(Status::Pending));
        assert_eq!(Status::of("closed"), None);
    }

    #[test]
    fn channels_of_classes() {
        let plain = ChannelHints::default();
        let cases = [
            ("Channel::Whatsapp", "whatsapp"),
            ("Channel::WebWidget", "web_chat"),
            ("Channel::TwilioSms", "sms"),
            ("Channel::Sms", "sms"),
            ("Channel::FacebookPage", "messenger"),
            ("Channel::Instagram", "instagram"),
            ("Channel::Email", "email"),
            ("Channel::Api", "api"),
            ("Channel::Telegram", "telegram"),
            ("Channel::Line", "line"),
            ("Channel::TwitterProfile", "twitter"),
            ("Channel::Voice", "voice"),
            ("Channel::Tiktok", "tiktok"),
        ];
        for (class, name) in cases {
            assert_eq!(channel(class, plain), name);
        }
        let hints = ChannelHints { whatsapp: true, instagram: true };
        assert_eq!(channel("Channel::TwilioSms", hints), "whatsapp");
        assert_eq!(channel("Channel::FacebookPage", hints), "instagram");
        assert_eq!(channel("Channel::Email", hints), "email");
    }

    /// 2025-03-03T09:05:00Z is 1740992700, from `date -u -d ... +%s`.
    #[test]
    fn every_way_to_write_a_time_gives_the_same_millisecond() {
        for text in [
            "2025-03-03T09:05:00.123Z",
            "2025-03-03T10:05:00.123+01:00",
            "2025-03-03 09:05:00.123456",
            "2025-03-03 09:05:00.123 UTC",
            "1740992700.1234567",
            "1740992700.123",
        ] {
            assert_eq!(time(text, "t"), Ok(1_740_992_700_123_000), "{text}");
        }
        assert_eq!(time("1740992700", "t"), Ok(1_740_992_700_000_000));
        assert_eq!(time("soon", "t"), Err(Reason::BadTime("t")));
        assert_eq!(change_id(EventType::Closed, "12", 1_740_992_700_123_000), "closed:12:1740992700123");
    }
}
