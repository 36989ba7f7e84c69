//! What Front's messages, comments and events mean.
//!
//! A message gives the same event whether it comes by itself or as the target of an event: what only the event knows
//! (the inbox, the time at which Front noticed) is not put into it.

use std::borrow::Cow;

use tapemeasure_model::event::{Author, Direction, EventType};

use super::record::{Record, Side, Teammate};
use crate::formats::adapter::names::Names;
use crate::formats::adapter::scalar::Scalar;
use crate::formats::adapter::{Draft, Out, Stop, times};
use crate::quarantine::Reason;

/// Type of a delivery that asks whether there is somebody to deliver to, without an event
/// (<https://dev.frontapp.com/docs/application-webhooks>).
const SYNC: &str = "sync";

/// What Front writes instead of texts and handles of Twitter (<https://dev.frontapp.com/reference/messages-1>).
const REDACTED: &str = "[REDACTED]";

/// Gives the events of a record of any kind.
///
/// # Errors
/// Why the record is no event, and those of the sink.
pub fn give(record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    if record.emitted_at.as_str().is_some() || record.target.get().is_some() {
        return event(record, out);
    }
    if record.posted_at.as_str().is_some() {
        return comment(record, None, out);
    }
    if record.authorization.get().is_some() && record.kind.as_str() != Some(SYNC) {
        return give(record.payload.get().ok_or(Reason::Missing("payload"))?, out);
    }
    let is_message =
        record.is_inbound.as_str().is_some() || record.id.as_str().is_some_and(|id| id.starts_with("msg_"));
    if is_message {
        return message(record, None, out);
    }
    // Conversations, teammates, inboxes: they tell how things are, not what happened.
    out.ignore()?;
    Ok(())
}

fn event(event: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let kind = event.kind.as_str().ok_or(Reason::Missing("type"))?;
    let conversation = event.conversation.get();
    // Discussions and tasks are among teammates: what is done to them opens and closes nothing.
    if conversation.is_some_and(|conversation| matches!(conversation.kind.as_str(), Some("discussion" | "task"))) {
        out.ignore()?;
        return Ok(());
    }
    let conversation_id = conversation.and_then(|conversation| conversation.id.as_str());
    let source = event.source.get();
    let target = event.target.get();
    let data = target.and_then(|target| target.data.get());
    match (kind, data) {
        // A preview has nothing but an id and links; the message itself is in another file.
        ("inbound" | "outbound" | "out_reply" | "autoreply", Some(data)) if data.created_at.as_str().is_some() => {
            message(data, conversation_id, out)?;
            if matches!(kind, "inbound" | "outbound")
                && let Some(inbox) = source.and_then(|source| inbox_of(source))
            {
                let mut draft = mark(event, EventType::Assigned)?;
                // Within one instant messages come first, so that the inbox falls into the session that they open.
                draft.time_us = time(&data.created_at, "created_at")?;
                draft.team = Some(Cow::Borrowed(inbox));
                out.event(&draft)?;
            }
        }
        ("comment", Some(data)) if data.posted_at.as_str().is_some() => comment(data, conversation_id, out)?,
        // Snoozing archives until the reminder is due.
        ("archive", _) if source.is_some_and(|source| source.is("reminder")) => {
            out.event(&mark(event, EventType::Snoozed)?)?;
        }
        ("archive" | "trash", _) => {
            let mut draft = mark(event, EventType::Closed)?;
            draft.automated = source.is_some_and(|source| source.is("rule")).then_some(true);
            out.event(&draft)?;
        }
        ("reopen" | "restore", _) => out.event(&mark(event, EventType::Reopened)?)?,
        ("reminder", _) => out.event(&mark(event, EventType::Unsnoozed)?)?,
        ("tag", Some(tag)) => {
            let mut draft = mark(event, EventType::Tagged)?;
            draft.topic = tag.name.as_str().or(tag.id.as_str()).map(Cow::Borrowed);
            out.event(&draft)?;
        }
        ("assign", Some(teammate)) => {
            let mut draft = mark(event, EventType::Assigned)?;
            draft.agent_id = teammate.id.as_str().map(Cow::Borrowed);
            out.event(&draft)?;
        }
        ("move", Some(inbox)) => {
            let mut draft = mark(event, EventType::Assigned)?;
            draft.team = inbox.name.as_str().or(inbox.id.as_str()).map(Cow::Borrowed);
            out.event(&draft)?;
        }
        _ => out.ignore()?,
    }
    Ok(())
}

/// An event that is no message.
fn mark<'r>(event: &'r Record<'_>, event_type: EventType) -> Result<Draft<'r>, Reason> {
    let id = event.id.as_str().ok_or(Reason::Missing("id"))?;
    let time_us = time(&event.emitted_at, "emitted_at")?;
    let mut draft = Draft::new(event_type, format!("{event_type}:{id}"), time_us);
    let conversation = event.conversation.get();
    draft.conversation_id = conversation.and_then(|conversation| conversation.id.as_str()).map(Cow::Borrowed);
    Ok(draft)
}

/// The inbox that a message event comes from.
fn inbox_of<'r>(source: &'r Side<'_>) -> Option<&'r str> {
    if !source.is("inboxes") {
        return None;
    }
    let inbox = source.data.get()?;
    inbox.name.as_str().or(inbox.id.as_str())
}

fn message(message: &Record<'_>, conversation_id: Option<&str>, out: &mut Out<'_>) -> Result<(), Stop> {
    let draft_mode = message.draft_mode.as_str().is_some() || message.is_draft.is_true();
    if draft_mode || message.error_type.as_str().is_some() {
        out.ignore()?;
        return Ok(());
    }
    let id = message.id.as_str().ok_or(Reason::Missing("id"))?;
    let time_us = time(&message.created_at, "created_at")?;
    let is_inbound = message.is_inbound.as_str().ok_or(Reason::Missing("is_inbound"))?;
    let mut draft = if matches!(is_inbound, "true" | "1") {
        Draft::message(id, time_us, Direction::Inbound, Author::Contact)
    } else {
        written(id, time_us, message.author.get(), &out.settings().bots)
    };
    draft.conversation_id = message.linked_conversation().or(conversation_id).map(Cow::Borrowed);
    draft.contact_id = contact_of(message, draft.direction == Some(Direction::Inbound));
    match message.kind.as_str() {
        Some("internal") => draft.private = Some(true),
        kind => draft.channel = kind.map(channel_of),
    }
    let text = message.text.as_str().or(message.body.as_str());
    draft.body = text.filter(|text| *text != REDACTED).map(Cow::Borrowed);
    out.event(&draft)?;
    Ok(())
}

fn comment(comment: &Record<'_>, conversation_id: Option<&str>, out: &mut Out<'_>) -> Result<(), Stop> {
    let id = comment.id.as_str().ok_or(Reason::Missing("id"))?;
    let time_us = time(&comment.posted_at, "posted_at")?;
    let mut draft = written(id, time_us, comment.author.get(), &out.settings().bots);
    draft.private = Some(true);
    draft.conversation_id = comment.linked_conversation().or(conversation_id).map(Cow::Borrowed);
    draft.body = comment.body.as_str().map(Cow::Borrowed);
    out.event(&draft)?;
    Ok(())
}

/// A message of our side. Without an author it is one that no teammate wrote: an auto-reply, or sent by a program.
fn written<'r>(id: &'r str, time_us: i64, teammate: Option<&'r Teammate<'_>>, bots: &Names) -> Draft<'r> {
    let agent_id = teammate.and_then(|teammate| teammate.id.as_str());
    let kind = teammate.and_then(|teammate| teammate.kind.as_str());
    let (author, automated) = match kind {
        None | Some("user" | "visitor") if agent_id.is_some() => (Author::Agent, false),
        None | Some("rule" | "macro" | "bulk_reply" | "csat" | "smart_csat") => (Author::Bot, true),
        Some(_) => (Author::Bot, false),
    };
    let is_bot = author == Author::Bot || teammate.is_some_and(|teammate| is_named(teammate, bots));
    let author = if is_bot { Author::Bot } else { author };
    let mut draft = Draft::message(id, time_us, Direction::Outbound, author);
    draft.automated = automated.then_some(true);
    draft.agent_id = agent_id.filter(|_| !is_bot).map(Cow::Borrowed);
    draft
}

fn is_named(teammate: &Teammate<'_>, names: &Names) -> bool {
    !names.is_empty()
        && ([&teammate.id, &teammate.username]
            .iter()
            .any(|name| name.as_str().is_some_and(|name| names.contains(name)))
            || teammate.email.as_str().is_some_and(|address| names.contains_address(address)))
}

/// The customer's handle: of who wrote, or of the first one written to. Where Front hides it, the contact's id.
fn contact_of<'r>(message: &'r Record<'_>, inbound: bool) -> Option<Cow<'r, str>> {
    let recipients = message.recipients.get();
    let roles: &[&str] = if inbound { &["from", "reply-to"] } else { &["to"] };
    roles
        .iter()
        .flat_map(|role| recipients.iter().filter(move |recipient| recipient.role.as_str() == Some(*role)))
        .find_map(|recipient| match recipient.handle.as_str() {
            None | Some(REDACTED) => recipient.contact().map(Cow::Borrowed),
            Some(handle) => Some(folded(handle)),
        })
}

/// Addresses of mail in small letters: people write their own in several ways.
pub fn folded(handle: &str) -> Cow<'_, str> {
    if handle.contains('@') && handle.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(handle.to_ascii_lowercase())
    } else {
        Cow::Borrowed(handle)
    }
}

/// The channel of a type of message (<https://dev.frontapp.com/reference/messages-1>).
fn channel_of(kind: &str) -> Cow<'_, str> {
    match kind {
        "facebook" => Cow::Borrowed("messenger"),
        "yalo_wha" => Cow::Borrowed("whatsapp"),
        "tweet" | "tweet_dm" => Cow::Borrowed("twitter"),
        "call" | "phone-call" | "truly-call" => Cow::Borrowed("voice"),
        "front_chat" => Cow::Borrowed("web_chat"),
        kind if kind.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Owned(kind.to_ascii_lowercase()),
        kind => Cow::Borrowed(kind),
    }
}

fn time(seconds: &Scalar<'_>, field: &'static str) -> Result<i64, Reason> {
    times::epoch_text(seconds.as_str().ok_or(Reason::Missing(field))?, field)
}
