//! What a payload means.

use std::borrow::Cow;

use tapemeasure_model::event::EventType;

use super::record::{Payload, Person};
use crate::formats::adapter::{Draft, Out, Stop};
use crate::formats::chatwoot::meaning::{self, Kind, Marks, Message, Sender, Status};
use crate::quarantine::Reason;

/// Gives the events of a payload.
///
/// `conversation_created` is none: Chatwoot creates a conversation in the moment of its first message, and that message
/// opens the session (kpi-rules S1), if a person wrote it. What a campaign created and nobody answered is no session.
pub fn give(payload: &Payload<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    match payload.event.as_str() {
        Some("message_created" | "message_updated") => message(payload, out),
        Some(
            event @ ("conversation_status_changed"
            | "conversation_updated"
            | "conversation_resolved"
            | "conversation_opened"),
        ) => conversation(event, payload, out),
        // Typing, contacts, inboxes, and what automation rules send to addresses of their own.
        Some(_) => Ok(out.ignore()?),
        None => Err(Reason::Missing("event").into()),
    }
}

/// A message. An update is the same message again, unless it was deleted.
fn message(payload: &Payload<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let id = payload.id.as_str().ok_or(Reason::Missing("id"))?;
    let kind = payload.message_type.as_str().ok_or(Reason::Missing("message_type"))?;
    let kind = Kind::of(kind).ok_or(Reason::UnknownName("message_type"))?;
    let created_at = payload.created_at.as_str().ok_or(Reason::Missing("created_at"))?;
    let sender = payload.sender.get();
    // Chatwoot shows the agents nothing of a contact that they blocked: nobody keeps it waiting.
    if kind == Kind::Incoming && sender.is_some_and(|sender| sender.blocked.is_true()) {
        return Ok(out.ignore()?);
    }
    let message = Message {
        id,
        time_us: meaning::time(created_at, "created_at")?,
        kind,
        sender: sender_of(sender, out),
        sender_id: sender.and_then(|sender| sender.id.as_str()),
        private: payload.private.is_true(),
        marks: Marks::of(payload.content_attributes.get(), payload.additional_attributes.get()),
        body: payload.content.as_str(),
    };
    let Some(mut draft) = message.draft() else { return Ok(out.ignore()?) };
    let thread = payload.conversation.get().map(|conversation| conversation.as_thread());
    draft.conversation_id = thread.and_then(|thread| thread.id()).map(Cow::Borrowed);
    if draft.event_type == EventType::Message {
        // Before 2020-05 the customer stood beside the agent, and `sender` was the agent only.
        let writer = match payload.contact.get() {
            Some(contact) => Some(&contact.id),
            None => sender.filter(|_| kind == Kind::Incoming).map(|sender| &sender.id),
        };
        let contact_id = thread.and_then(|thread| thread.contact_id());
        draft.contact_id = contact_id.or_else(|| writer.and_then(|id| id.as_str())).map(Cow::Borrowed);
        draft.channel = thread.and_then(|thread| thread.channel());
        let team = thread.and_then(|thread| thread.team());
        draft.team = team.or_else(|| payload.inbox.get().and_then(|inbox| inbox.text())).map(Cow::Borrowed);
        draft.topic = thread.and_then(|thread| thread.topic()).map(Cow::Borrowed);
    }
    Ok(out.event(&draft)?)
}

/// Who sent a message. Agents had no `type` before 2020-05.
fn sender_of(sender: Option<&Person<'_>>, out: &Out<'_>) -> Sender {
    let Some(sender) = sender else { return Sender::Nobody };
    let bots = &out.settings().bots;
    if !bots.is_empty() {
        let names = [&sender.id, &sender.name, &sender.email];
        if names.into_iter().filter_map(|name| name.as_str()).any(|name| bots.contains(name)) {
            return Sender::Bot;
        }
    }
    Sender::of(Some(sender.kind.as_str().unwrap_or("user")))
}

/// A change of a conversation.
///
/// One change of status is told in several payloads: `conversation_status_changed`, `conversation_updated`, and
/// `conversation_resolved` or `conversation_opened` to bots. Identity and time are the same in all of them.
fn conversation(event: &str, payload: &Payload<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let changes = &payload.changed_attributes;
    let now = payload.status.as_str().and_then(Status::of);
    let (from, to) = match (&changes.status, event) {
        (Some(change), _) => {
            let to = change.current_value.as_str().ok_or(Reason::Missing("status"))?;
            let to = Status::of(to).ok_or(Reason::UnknownName("status"))?;
            (change.previous_value.as_str().and_then(Status::of), Some(to))
        }
        (None, "conversation_resolved") => (None, Some(Status::Resolved)),
        (None, "conversation_opened") => (None, Some(Status::Open)),
        // Until 2022 it did not say what had changed.
        (None, "conversation_status_changed") => (None, now),
        (None, _) => (None, None),
    };
    let of_status = to.map_or::<&[EventType], _>(&[], |to| meaning::transition(from, to));
    let thread = payload.as_thread();
    let topic = thread.topic();
    let tagged = changes.labels && topic.is_some();
    if of_status.is_empty() && !tagged && !changes.assignment {
        return Ok(out.ignore()?);
    }

    let exact = changes.updated_at.as_ref().and_then(|change| change.current_value.as_str());
    // The payload is made some time after the change. If the status is another one by then, the payload's time is that
    // of another change.
    let is_late = exact.is_none() && to.is_some() && now.is_some() && to != now;
    if is_late {
        return Ok(out.ignore()?);
    }
    let time_us = match exact.or(payload.updated_at.as_str()) {
        Some(text) => meaning::time(text, "updated_at")?,
        None if of_status.is_empty() => return Ok(out.ignore()?),
        None => return Err(Reason::Missing("updated_at").into()),
    };
    let id = thread.id().ok_or(Reason::Missing("id"))?;
    let others = [(EventType::Tagged, tagged), (EventType::Assigned, changes.assignment)];
    let others = others.into_iter().filter_map(|(event_type, happened)| happened.then_some(event_type));
    for event_type in of_status.iter().copied().chain(others) {
        let mut draft = Draft::new(event_type, meaning::change_id(event_type, id, time_us), time_us);
        draft.conversation_id = Some(Cow::Borrowed(id));
        draft.contact_id = thread.contact_id().map(Cow::Borrowed);
        draft.channel = thread.channel();
        draft.team = thread.team().map(Cow::Borrowed);
        draft.topic = topic.map(Cow::Borrowed);
        if event_type == EventType::Assigned {
            draft.agent_id = thread.assignee_id().map(Cow::Borrowed);
        }
        out.event(&draft)?;
    }
    Ok(())
}
