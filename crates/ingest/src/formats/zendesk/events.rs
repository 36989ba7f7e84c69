//! What Zendesk's objects mean.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

use tapemeasure_model::event::{Author, Direction, EventType};

use super::people::{People, Role, SYSTEM_USER};
use super::record::{Audit, Entry, Kind, Outline, Record};
use super::ticket::Ticket;
use super::via::Via;
use crate::error::IngestError;
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::scalar::Scalar;
use crate::formats::adapter::times::instant;
use crate::formats::adapter::{Draft, Out, Stop};
use crate::quarantine::Reason;

/// Statuses in which nobody works on a ticket. Closed follows solved by itself after days; archived, scrubbed and
/// deleted come behind it.
const DONE: [&str; 5] = ["solved", "closed", "archived", "scrubbed", "deleted"];

/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;

/// A comment, wherever it stood.
struct Comment<'r> {
    id: &'r str,
    author: &'r str,
    time_us: i64,
    body: Option<&'r str>,
    is_private: bool,
    is_call: bool,
    via: &'r Via<'r>,
}

/// All that was done to a ticket at once: an audit, or an update of the incremental event export.
struct Update<'r> {
    author: Option<&'r str>,
    time_us: i64,
    via: &'r Via<'r>,
    entries: &'r [Entry<'r>],
}

/// Gives the events of a record.
///
/// # Errors
/// Those of [`JsonAdapter::to_events`](crate::formats::adapter::JsonAdapter::to_events).
pub fn to_events(people: &People, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    match record.kind() {
        Kind::Ticket => ticket(people, record, out),
        Kind::Comment => {
            let id = record.ticket_id.as_str().ok_or(Reason::Missing("ticket_id"))?;
            let kept = Ticket::find(id, &out.settings().lookups);
            let comment = Comment::of_record(record)?;
            Ok(message(people, &Ticket::kept(id, kept.as_deref()), &comment, out)?)
        }
        Kind::Audit | Kind::Update => {
            let id = record.ticket_id.as_str().ok_or(Reason::Missing("ticket_id"))?;
            let kept = Ticket::find(id, &out.settings().lookups);
            let update = Update::of_record(record)?;
            if !changes(people, &Ticket::kept(id, kept.as_deref()), &update, &|_| false, out)? {
                out.ignore()?;
            }
            Ok(())
        }
        Kind::User | Kind::Measure => Ok(out.ignore()?),
        Kind::Unknown => Err(Stop::Rejected(Reason::Missing("requester_id"))),
    }
}

/// Keeps what other records need of this one.
pub fn survey(people: &People, record: &Outline<'_>, lookups: &Lookups) {
    match record.kind() {
        Kind::User => people.keep(record, lookups),
        Kind::Ticket => {
            people.keep(record, lookups);
            let fields = record.ticket.as_deref().unwrap_or(record);
            // Comments and audits beside the ticket see it; those of other records do not.
            let has_comments = record.comments.is_some() || fields.comments.is_some();
            let has_audits = record.audits.is_some() || fields.audits.is_some();
            if !(has_comments && has_audits)
                && fields.requester_id.as_str().is_some()
                && let Some(id) = ticket_id(record)
            {
                Ticket::of(id, fields).keep(lookups);
            }
        }
        _ => {}
    }
}

/// Id of a ticket. An object that only holds comments and audits has it under another key.
fn ticket_id<'r, E, A>(record: &'r Record<'_, E, A>) -> Option<&'r str> {
    let fields = record.ticket.as_deref().unwrap_or(record);
    fields.ticket_id.as_str().or(fields.id.as_str()).or(record.ticket_id.as_str())
}

fn ticket(people: &People, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let id = ticket_id(record).ok_or(Reason::Missing("id"))?;
    let fields = record.ticket.as_deref().unwrap_or(record);
    let is_known = fields.requester_id.as_str().is_some();
    let kept = if is_known { None } else { Ticket::find(id, &out.settings().lookups) };
    let mut ticket = if is_known { Ticket::of(id, fields) } else { Ticket::kept(id, kept.as_deref()) };
    if let Some(users) = record.users.as_deref() {
        ticket.users = users;
    }
    let comments = record.comments.as_deref().or(fields.comments.as_deref()).unwrap_or_default();
    let audits = record.audits.as_deref().or(fields.audits.as_deref()).unwrap_or_default();

    for entry in comments {
        match Comment::of_entry(entry, None) {
            Ok(comment) => message(people, &ticket, &comment, out)?,
            Err(reason) => out.reject(reason)?,
        }
    }
    // An audit repeats the comments that it brought.
    let told = OnceCell::new();
    let is_told = |id: &str| {
        let ids = || comments.iter().filter_map(|entry| entry.id.as_str()).collect();
        let told: &HashSet<&str> = told.get_or_init(ids);
        told.contains(id)
    };
    for audit in audits {
        match Update::of_audit(audit) {
            Ok(update) => {
                if !changes(people, &ticket, &update, &is_told, out)? {
                    out.ignore()?;
                }
            }
            Err(reason) => out.reject(reason)?,
        }
    }
    if comments.is_empty() && audits.is_empty() {
        let time_us = instant(&fields.created_at, "created_at")?.ok_or(Reason::Missing("created_at"))?;
        out.event(&about(&ticket, Draft::new(EventType::Opened, format!("opened:{id}"), time_us)))?;
    }
    if audits.is_empty()
        && let Some(metrics) = &fields.metric_set
        && fields.status.as_str().is_some_and(is_done)
        && let Some(time_us) = instant(&metrics.solved_at, "metric_set.solved_at")?
    {
        // Solved again it has another time, and is another close.
        let close_id = format!("closed:{id}:{}", time_us.div_euclid(SECOND_US));
        out.event(&about(&ticket, Draft::new(EventType::Closed, close_id, time_us)))?;
    }
    Ok(())
}

/// Gives the events of an update; of its comments only those that are not told yet, which their ids tell. Says whether
/// there was any.
fn changes(
    people: &People,
    ticket: &Ticket<'_>,
    update: &Update<'_>,
    is_told: &dyn Fn(&str) -> bool,
    out: &mut Out<'_>,
) -> Result<bool, IngestError> {
    let mut gave = false;
    let mut status: Option<(Option<&str>, &str, &Entry<'_>)> = None;
    for entry in update.entries {
        if entry.is_comment() {
            if entry.id.as_str().is_some_and(is_told) {
                continue;
            }
            gave = true;
            match Comment::of_entry(entry, Some(update)) {
                Ok(comment) => message(people, ticket, &comment, out)?,
                Err(reason) => out.reject(reason)?,
            }
        } else if let Some((before, after)) = entry.status() {
            // Triggers run within the update of an agent and may set the status again: what counts is the whole step.
            status = Some((status.map_or(before, |(first, ..)| first), after, entry));
        } else if entry.assignee().is_some() || entry.group().is_some() {
            gave = true;
            assigned(ticket, update, entry, out)?;
        }
    }
    if let Some((before, after, entry)) = status
        && let Some(event_type) = step(before, after)
    {
        gave = true;
        match entry.id.as_str() {
            Some(id) => {
                let mut draft = about(ticket, Draft::new(event_type, format!("{event_type}:{id}"), update.time_us));
                let by_rule = if entry.via.is_given() { entry.via.is_automatic() } else { update.via.is_automatic() };
                draft.automated = (event_type == EventType::Closed && by_rule).then_some(true);
                out.event(&draft)?;
            }
            None => out.reject(Reason::Missing("events.id"))?,
        }
    }
    Ok(gave)
}

fn assigned(ticket: &Ticket<'_>, update: &Update<'_>, entry: &Entry<'_>, out: &mut Out<'_>) -> Result<(), IngestError> {
    let Some(id) = entry.id.as_str() else { return out.reject(Reason::Missing("events.id")) };
    let mut draft = about(ticket, Draft::new(EventType::Assigned, format!("assigned:{id}"), update.time_us));
    draft.agent_id = entry.assignee().map(Cow::Borrowed);
    if let Some(group) = entry.group() {
        draft.team = Some(Cow::Borrowed(group));
    }
    out.event(&draft)
}

/// What a change of status is. Solved and then closed is one close.
fn step(before: Option<&str>, after: &str) -> Option<EventType> {
    match (before.is_some_and(is_done), is_done(after)) {
        (false, true) => Some(EventType::Closed),
        (true, false) => Some(EventType::Reopened),
        _ => None,
    }
}

fn is_done(status: &str) -> bool {
    DONE.iter().any(|done| done.eq_ignore_ascii_case(status))
}

fn message(people: &People, ticket: &Ticket<'_>, comment: &Comment<'_>, out: &mut Out<'_>) -> Result<(), IngestError> {
    let Some(role) = people.role(comment.author, comment.is_private, ticket, &out.settings().lookups) else {
        return out.reject(Reason::Missing("users.role"));
    };
    let (direction, author) = match role {
        Role::Customer => (Direction::Inbound, Author::Contact),
        Role::Agent if comment.via.is_bot() => (Direction::Outbound, Author::Bot),
        Role::Agent => (Direction::Outbound, Author::Agent),
        Role::Bot => (Direction::Outbound, Author::Bot),
    };
    let mut draft = about(ticket, Draft::message(comment.id, comment.time_us, direction, author));
    match direction {
        Direction::Inbound => {
            draft.contact_id = Some(Cow::Borrowed(comment.author));
            draft.channel = comment.via.channel().or(draft.channel);
        }
        // An answer is written on the web or through the interface and goes out on the ticket's channel.
        Direction::Outbound => {
            draft.agent_id = Some(comment.author).filter(|author| *author != SYSTEM_USER).map(Cow::Borrowed);
        }
    }
    if comment.is_call {
        draft.channel = Some(Cow::Borrowed("voice"));
    }
    draft.private = comment.is_private.then_some(true);
    draft.automated = (comment.via.is_automatic() || comment.author == SYSTEM_USER).then_some(true);
    draft.body = comment.body.map(Cow::Borrowed);
    out.event(&draft)
}

/// An event with what is known of its ticket.
fn about<'d>(ticket: &'d Ticket<'_>, mut draft: Draft<'d>) -> Draft<'d> {
    draft.conversation_id = Some(Cow::Borrowed(ticket.id));
    draft.contact_id = ticket.requester.map(Cow::Borrowed);
    draft.channel = ticket.channel.as_deref().map(Cow::Borrowed);
    draft.team = ticket.team.map(Cow::Borrowed);
    draft.topic = ticket.topic.map(Cow::Borrowed);
    draft
}

impl<'r> Comment<'r> {
    /// A comment beside its ticket, or within an update, which has what the comment itself does not say.
    fn of_entry(entry: &'r Entry<'_>, update: Option<&Update<'r>>) -> Result<Self, Reason> {
        let time_us = match (instant(&entry.created_at, "comments.created_at")?, update) {
            (Some(time_us), _) => time_us,
            (None, Some(update)) => update.time_us,
            (None, None) => return Err(Reason::Missing("comments.created_at")),
        };
        let author = entry.author_id.as_str().or(update.and_then(|update| update.author));
        Ok(Self {
            id: entry.id.as_str().ok_or(Reason::Missing("comments.id"))?,
            author: author.ok_or(Reason::Missing("comments.author_id"))?,
            time_us,
            body: entry.body.as_str().or(entry.plain_body.as_str()),
            is_private: is_false(&entry.public) || is_false(&entry.comment_public),
            is_call: is_call(&entry.kind),
            via: match update {
                Some(update) if !entry.via.is_given() => update.via,
                _ => &entry.via,
            },
        })
    }

    /// A comment by itself.
    fn of_record(record: &'r Record<'_>) -> Result<Self, Reason> {
        Ok(Self {
            id: record.id.as_str().ok_or(Reason::Missing("id"))?,
            author: record.author_id.as_str().ok_or(Reason::Missing("author_id"))?,
            time_us: time_of(record)?,
            body: record.body.as_str().or(record.plain_body.as_str()),
            is_private: is_false(&record.public),
            is_call: is_call(&record.kind),
            via: &record.via,
        })
    }
}

impl<'r> Update<'r> {
    fn of_audit(audit: &'r Audit<'_>) -> Result<Self, Reason> {
        Ok(Self {
            author: audit.author_id.as_str(),
            time_us: instant(&audit.created_at, "audits.created_at")?.ok_or(Reason::Missing("audits.created_at"))?,
            via: &audit.via,
            entries: audit.events.as_deref().unwrap_or_default(),
        })
    }

    fn of_record(record: &'r Record<'_>) -> Result<Self, Reason> {
        Ok(Self {
            author: record.author_id.as_str().or(record.updater_id.as_str()),
            time_us: time_of(record)?,
            via: &record.via,
            entries: record.events.as_deref().or(record.child_events.as_deref()).unwrap_or_default(),
        })
    }
}

/// Whether a comment is about a call: of Talk, or of a partner's telephony (`TpeVoiceComment`).
fn is_call(kind: &Scalar<'_>) -> bool {
    matches!(kind.as_str(), Some("VoiceComment" | "TpeVoiceComment"))
}

fn is_false(flag: &Scalar<'_>) -> bool {
    matches!(flag.as_str(), Some("false" | "0"))
}

fn time_of(record: &Record<'_>) -> Result<i64, Reason> {
    match instant(&record.created_at, "created_at")? {
        Some(time_us) => Ok(time_us),
        None => instant(&record.timestamp, "timestamp")?.ok_or(Reason::Missing("created_at")),
    }
}
