//! What a row means.

use std::borrow::Cow;

use serde::Deserialize;
use tapemeasure_model::event::EventType;

use super::known::{self, Known};
use super::record::{MessageRow, ReportRow};
use crate::formats::adapter::lenient::Lenient;
use crate::formats::adapter::{Draft, Out, Stop};
use crate::formats::chatwoot::meaning::{self, AdditionalAttributes, ContentAttributes, Kind, Marks, Message, Sender};
use crate::quarantine::Reason;

/// A message.
pub fn message(row: &MessageRow<'_>, several_accounts: bool, out: &mut Out<'_>) -> Result<(), Stop> {
    let id = row.id.ok_or(Reason::Missing("id"))?;
    let kind = row.message_type.ok_or(Reason::Missing("message_type"))?;
    let kind = Kind::of(kind).ok_or(Reason::UnknownName("message_type"))?;
    let created_at = row.created_at.ok_or(Reason::Missing("created_at"))?;
    let key = row.conversation_key.ok_or(Reason::Missing("conversation_id"))?;
    let content = row.content_attributes.map(unquoted);
    let content: Option<ContentAttributes<'_>> = content.as_deref().and_then(object);
    let additional: Option<AdditionalAttributes<'_>> = row.additional_attributes.and_then(object);
    let marks = Marks::of(content.as_ref(), additional.as_ref());
    let settings = out.settings();
    let is_bot = !settings.bots.is_empty() && row.sender_id.is_some_and(|id| settings.bots.contains(id));
    let sender = Sender::of(row.sender_type);
    let message = Message {
        id,
        time_us: meaning::time(created_at, "created_at")?,
        kind,
        sender: if is_bot && sender == Sender::User { Sender::Bot } else { sender },
        sender_id: row.sender_id,
        private: row.private.is_some_and(is_true),
        marks,
        body: row.content,
    };
    // What never reached the customer is no answer; sent again, it is the same row with another status.
    let is_failed = kind != Kind::Incoming && matches!(row.status, Some("3" | "failed"));
    let draft = message.draft().filter(|draft| draft.event_type == EventType::Deleted || !is_failed);
    let Some(draft) = draft else { return Ok(out.ignore()?) };
    let known = Known::of(key, row.inbox_id, &settings.lookups);
    let mut draft = draft;
    draft.conversation_id = Some(known.conversation_id(key, several_accounts));
    if draft.event_type == EventType::Message {
        draft.contact_id = known.contact_id().map(Cow::Borrowed);
        draft.channel = known.channel();
        draft.team = known.team();
        draft.topic = known.topic().map(Cow::Borrowed);
    }
    Ok(out.event(&draft)?)
}

/// A row of Chatwoot's own reports. Only these keep when a conversation was resolved.
pub fn report(row: &ReportRow<'_>, several_accounts: bool, out: &mut Out<'_>) -> Result<(), Stop> {
    let event_type = match row.name {
        Some("conversation_resolved") => EventType::Closed,
        // The value is the time since the conversation was resolved: 0 if it never was, and was opened out of pending or
        // snoozed for the first time.
        Some("conversation_opened") if row.value.and_then(|value| value.parse().ok()) != Some(0.0) => {
            EventType::Reopened
        }
        Some("conversation_bot_handoff" | "conversation_captain_inference_handoff") => EventType::Handoff,
        // Spans of time that are worked out here anyway.
        Some(_) => return Ok(out.ignore()?),
        None => return Err(Reason::Missing("name").into()),
    };
    let key = row.conversation_key.ok_or(Reason::Missing("conversation_id"))?;
    let time = row.event_end_time.or(row.created_at).ok_or(Reason::Missing("event_end_time"))?;
    let time_us = meaning::time(time, "event_end_time")?;
    let lookups = &out.settings().lookups;
    let known = Known::of(key, row.inbox_id, lookups);
    let conversation_id = known.conversation_id(key, several_accounts);
    let mut draft = Draft::new(event_type, meaning::change_id(event_type, &conversation_id, time_us), time_us);
    if event_type == EventType::Closed {
        let by_program = matches!(row.actor_type, Some("AutomationRule" | "AgentBot" | "Captain::Assistant"));
        draft.automated = (by_program || known::is_bot_resolved(row, lookups)).then_some(true);
    }
    draft.contact_id = known.contact_id().map(Cow::Borrowed);
    draft.channel = known.channel();
    draft.team = known.team();
    draft.topic = known.topic().map(Cow::Borrowed);
    draft.conversation_id = Some(conversation_id);
    Ok(out.event(&draft)?)
}

/// `t` as PostgreSQL writes it, or as other tools do.
fn is_true(text: &str) -> bool {
    ["t", "true", "1"].iter().any(|name| text.eq_ignore_ascii_case(name))
}

/// `content_attributes` is JSON in a JSON text (`"{\"deleted\":true}"`), in newer rows JSON.
fn unquoted(json: &str) -> Cow<'_, str> {
    if !json.starts_with('"') {
        return Cow::Borrowed(json);
    }
    // What cannot be read says nothing: the message counts as it stands.
    Cow::Owned(serde_json::from_str(json).unwrap_or_default())
}

/// Reads an object. What is none says nothing: attributes are beside the message.
fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    if json.len() <= 2 {
        return None;
    }
    serde_json::from_str::<Lenient<T>>(json).ok().and_then(|object| object.0)
}
