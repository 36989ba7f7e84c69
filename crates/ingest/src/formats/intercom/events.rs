//! What a conversation and its parts mean.

use std::borrow::Cow;

use tapemeasure_model::event::{Author, Direction, EventType};

use super::record::{Conversation, List, Part, Person};
use super::text::plain;
use crate::error::IngestError;
use crate::formats::adapter::names::Names;
use crate::formats::adapter::scalar::Scalar;
use crate::formats::adapter::times::instant;
use crate::formats::adapter::{Draft, Out, Stop};
use crate::quarantine::Reason;

/// Longest body that is turned into text where bodies are dropped: one that is only a keyword is shorter.
const SHORT_BYTES: usize = 1_024;

/// What the events of a conversation have in common.
struct Thread<'r> {
    id: &'r str,
    contacts: &'r [Person<'r>],
    /// Id of the first contact.
    contact: Option<&'r str>,
    channel: Option<Cow<'r, str>>,
    /// Name of the first tag.
    topic: Option<&'r str>,
    /// Id of the team that has it, as far as its parts are read.
    team: Option<&'r str>,
    /// Admins that are programs, by the user's list.
    bots: &'r Names,
}

/// Who wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Contact,
    Agent,
    Bot,
}

/// What a message holds.
struct Content<'r> {
    body: Option<&'r str>,
    has_attachments: bool,
    is_redacted: bool,
}

/// A message to be.
struct Message<'r> {
    id: Cow<'r, str>,
    time_us: i64,
    writer: Writer,
    author: &'r Person<'r>,
    content: Content<'r>,
    is_private: bool,
    is_automated: bool,
}

/// Gives the events of a conversation.
///
/// # Errors
/// Those of [`JsonAdapter::to_events`](crate::formats::adapter::JsonAdapter::to_events).
pub fn to_events(bots: &Names, conversation: &Conversation<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    if conversation.kind.as_str().is_some_and(|kind| kind != "conversation") {
        return Ok(out.ignore()?);
    }
    let id = conversation.id.as_str().ok_or(Reason::Missing("id"))?;
    let mut thread = Thread::of(id, conversation, bots);
    let parts = &conversation.parts.0;
    match opening(&thread, conversation) {
        Ok(Some(message)) => give(&thread, message, out)?,
        Ok(None) if parts.is_empty() => out.ignore()?,
        Ok(None) => {}
        Err(reason) => out.reject(reason)?,
    }
    for part in parts {
        thread.team = team_of(part).or(thread.team);
        give_part(&thread, part, out)?;
    }
    Ok(())
}

impl<'r> Thread<'r> {
    fn of(id: &'r str, conversation: &'r Conversation<'_>, bots: &'r Names) -> Self {
        let source = conversation.source.as_ref();
        let author = source.map(|source| &source.author).filter(|author| is_contact(author));
        // The conversation says only which team has it now, its parts since when.
        let is_assigned_by_part = conversation.parts.0.iter().any(|part| team_of(part).is_some());
        let team = conversation.team_assignee_id.as_str().filter(|id| *id != "0" && !is_assigned_by_part);
        Self {
            id,
            contacts: &conversation.contacts.0,
            contact: conversation.contacts.0.iter().chain(author).find_map(Person::id),
            channel: source.and_then(|source| source.kind.as_str()).map(channel),
            topic: conversation.tags.0.iter().find_map(|tag| tag.get()?.name.as_str()),
            team,
            bots,
        }
    }

    /// An event of the conversation.
    fn draft<'d>(&'d self, mut draft: Draft<'d>) -> Draft<'d> {
        draft.conversation_id = Some(Cow::Borrowed(self.id));
        draft.contact_id = self.contact.map(Cow::Borrowed);
        draft.channel = self.channel.as_deref().map(Cow::Borrowed);
        draft.team = self.team.map(Cow::Borrowed);
        draft.topic = self.topic.map(Cow::Borrowed);
        draft
    }

    /// Who an author is.
    fn writer(&self, author: &Person<'_>) -> Result<Writer, Reason> {
        match author.kind.as_str() {
            Some(_) if is_contact(author) => Ok(Writer::Contact),
            Some("admin") if author.is_ai || self.is_program(author) => Ok(Writer::Bot),
            Some("admin") => Ok(Writer::Agent),
            // Programs send in the name of teams.
            Some("bot" | "operator" | "team") => Ok(Writer::Bot),
            Some(_) => Err(Reason::UnknownName("author.type")),
            None if self.contacts.iter().any(|contact| author.id().is_some() && contact.id() == author.id()) => {
                Ok(Writer::Contact)
            }
            None => Err(Reason::Missing("author.type")),
        }
    }

    /// Whether an admin is Intercom's own bot (`operator@intercom.io`, `operator+abcd@intercom.io`), or on the list.
    fn is_program(&self, admin: &Person<'_>) -> bool {
        let email = admin.email.as_str();
        email.is_some_and(|email| email.starts_with("operator") && email.ends_with("@intercom.io"))
            || (!self.bots.is_empty()
                && (admin.id().is_some_and(|id| self.bots.contains(id))
                    || email.is_some_and(|email| self.bots.contains_address(email))))
    }
}

/// The first message; `None` where the conversation began without one.
fn opening<'r>(thread: &Thread<'_>, conversation: &'r Conversation<'_>) -> Result<Option<Message<'r>>, Reason> {
    let Some(source) = &conversation.source else { return Ok(None) };
    let content = Content::of(&source.body, &source.attachments, &source.redacted);
    let delivered_as = source.delivered_as.as_str();
    let is_automatic = matches!(delivered_as, Some("automated" | "campaigns_initiated" | "operator_initiated"));
    // What the company began is from the company, also where its author is unknown or the customer whom it is for.
    let writer = match (thread.writer(&source.author), delivered_as) {
        (Err(_), Some("customer_initiated")) => Ok(Writer::Contact),
        (Err(_) | Ok(Writer::Contact), Some("admin_initiated")) => Ok(Writer::Agent),
        (Err(_) | Ok(Writer::Contact), Some(_)) if is_automatic => Ok(Writer::Bot),
        (writer, _) => writer,
    };
    // A workflow or a ticket of an admin may begin with nothing; a call is one without words.
    if content.is_empty() && writer != Ok(Writer::Contact) && source.kind.as_str() != Some("phone_call") {
        return Ok(None);
    }
    let writer = writer?;
    Ok(Some(Message {
        // Not the source's own id: a campaign has one for all its conversations, and parts are counted elsewhere.
        id: Cow::Owned(format!("opening:{}", thread.id)),
        time_us: instant(&conversation.created_at, "created_at")?.ok_or(Reason::Missing("created_at"))?,
        writer,
        author: &source.author,
        content,
        is_private: false,
        is_automated: is_automatic,
    }))
}

/// The steps that a part is made of: Intercom joins them to one name, `note_and_reopen`, `assign_and_unsnooze`.
struct Steps {
    /// A message, whatever it holds; other steps are one if they hold something.
    is_message: bool,
    is_note: bool,
    /// The events, in their order.
    events: [Option<EventType>; 5],
}

impl Steps {
    /// `None` for parts that are no step of the conversation: attributes, ratings, participants, workflows, calls.
    fn of(part_type: &str) -> Option<Self> {
        let is_note = part_type == "note" || part_type.starts_with("note_and_");
        let is_message = is_note || matches!(part_type, "comment" | "quick_reply");
        let when = |is_so: bool, event_type: EventType| is_so.then_some(event_type);
        let events = [
            when(part_type == "open" || part_type.ends_with("_and_reopen"), EventType::Reopened),
            when(part_type.contains("assign"), EventType::Assigned),
            when(part_type == "snoozed" || part_type.ends_with("_and_snooze"), EventType::Snoozed),
            when(part_type == "unsnoozed" || part_type.ends_with("unsnooze"), EventType::Unsnoozed),
            when(part_type == "close" || part_type.ends_with("_and_close"), EventType::Closed),
        ];
        (is_message || events.iter().any(Option::is_some)).then_some(Self { is_message, is_note, events })
    }
}

fn give_part(thread: &Thread<'_>, part: &Part<'_>, out: &mut Out<'_>) -> Result<(), IngestError> {
    let Some(part_type) = part.part_type.as_str() else {
        return out.reject(Reason::Missing("conversation_parts.part_type"));
    };
    let Some(steps) = Steps::of(part_type) else { return out.ignore() };
    let Some(id) = part.id.as_str() else { return out.reject(Reason::Missing("conversation_parts.id")) };
    let time_us = match instant(&part.created_at, "conversation_parts.created_at") {
        Ok(Some(time_us)) => time_us,
        Ok(None) => return out.reject(Reason::Missing("conversation_parts.created_at")),
        Err(reason) => return out.reject(reason),
    };
    let writer = thread.writer(&part.author);
    let content = Content::of(&part.body, &part.attachments, &part.redacted);
    if steps.is_message || !content.is_empty() {
        match writer {
            Ok(writer) => {
                let message = Message {
                    id: Cow::Borrowed(id),
                    time_us,
                    writer,
                    author: &part.author,
                    content,
                    is_private: steps.is_note,
                    is_automated: false,
                };
                give(thread, message, out)?;
            }
            Err(reason) => out.reject(reason)?,
        }
    }
    for event_type in steps.events.into_iter().flatten() {
        let mut draft = thread.draft(Draft::new(event_type, format!("{event_type}:{id}"), time_us));
        match event_type {
            EventType::Assigned if part.assigned_to.kind.as_str() == Some("admin") => {
                draft.agent_id = part.assigned_to.id().map(Cow::Borrowed);
            }
            EventType::Closed => draft.automated = (writer == Ok(Writer::Bot)).then_some(true),
            _ => {}
        }
        out.event(&draft)?;
    }
    Ok(())
}

fn give(thread: &Thread<'_>, message: Message<'_>, out: &mut Out<'_>) -> Result<(), IngestError> {
    let (direction, author) = match message.writer {
        Writer::Contact => (Direction::Inbound, Author::Contact),
        Writer::Agent => (Direction::Outbound, Author::Agent),
        Writer::Bot => (Direction::Outbound, Author::Bot),
    };
    let own = message.author.id();
    let mut draft = thread.draft(Draft::message(message.id, message.time_us, direction, author));
    match message.writer {
        // In a group each has his own; a lead that became a user writes under the old id, and is the first contact.
        Writer::Contact if own.is_some() && thread.contacts.iter().any(|contact| contact.id() == own) => {
            draft.contact_id = own.map(Cow::Borrowed);
        }
        Writer::Contact => draft.contact_id = draft.contact_id.or(own.map(Cow::Borrowed)),
        Writer::Agent | Writer::Bot if is_contact(message.author) => {}
        Writer::Agent | Writer::Bot => draft.agent_id = own.map(Cow::Borrowed),
    }
    draft.private = message.is_private.then_some(true);
    draft.automated = message.is_automated.then_some(true);
    draft.body = message.content.text(out.settings().keep_body);
    out.event(&draft)
}

impl<'r> Content<'r> {
    fn of<T>(body: &'r Scalar<'_>, attachments: &List<T>, redacted: &Scalar<'_>) -> Self {
        Self { body: body.as_str(), has_attachments: !attachments.0.is_empty(), is_redacted: redacted.is_true() }
    }

    fn is_empty(&self) -> bool {
        self.body.is_none() && !self.has_attachments && !self.is_redacted
    }

    /// The body as text. What was redacted is gone, and a line about it stands there instead.
    fn text(&self, keep: bool) -> Option<Cow<'r, str>> {
        let html = self.body.filter(|_| !self.is_redacted)?;
        Some(if keep || html.len() <= SHORT_BYTES { plain(html) } else { Cow::Borrowed(html) })
    }
}

fn is_contact(person: &Person<'_>) -> bool {
    matches!(person.kind.as_str(), Some("user" | "lead" | "contact" | "visitor"))
}

/// The team that a part gives the conversation to.
fn team_of<'r>(part: &'r Part<'_>) -> Option<&'r str> {
    part.assigned_to.id().filter(|_| part.assigned_to.kind.as_str() == Some("team"))
}

/// The channel of a source: `conversation` is Intercom's own messenger, `facebook` is Meta's. The types are those of
/// <https://developers.intercom.com/docs/references/rest-api/api.intercom.io/models/conversation_source>.
fn channel(kind: &str) -> Cow<'_, str> {
    match kind {
        "conversation" | "chat" | "messenger" | "inapp" | "in_app" => Cow::Borrowed("web_chat"),
        "facebook" => Cow::Borrowed("messenger"),
        "phone_call" | "phone_switch" => Cow::Borrowed("voice"),
        _ if kind.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Owned(kind.to_lowercase()),
        _ => Cow::Borrowed(kind),
    }
}
