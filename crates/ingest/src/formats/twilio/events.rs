//! What a Twilio message means.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use tapemeasure_model::event::{Author, Direction, EventType};

use super::record::Message;
use crate::formats::FormatSettings;
use crate::formats::adapter::times::{self, LocalClock};
use crate::formats::adapter::{Draft, Out, Stop};
use crate::quarantine::Reason;

/// Statuses of outbound messages that nobody got and nobody will.
const LOST: &[&str] = &["failed", "undelivered", "canceled"];

/// Statuses of messages on their way. Without `date_sent` they have no time that will stay (kpi-rules E1): a later
/// export has them as sent.
const WAITING: &[&str] = &["accepted", "scheduled", "queued", "sending", "receiving"];

/// Gives the event of a message. `clock` is for times that do not say where; without one they are UTC.
///
/// # Errors
/// [`Stop::Rejected`] where a field is missing or cannot be read.
pub fn to_events(message: &Message<'_>, clock: Option<&LocalClock>, out: &mut Out<'_>) -> Result<(), Stop> {
    let direction = message.direction.as_str().ok_or(Reason::Missing("direction"))?;
    let (direction, author) = match direction.to_ascii_lowercase().as_str() {
        "inbound" => (Direction::Inbound, Author::Contact),
        // What a webhook of the customer's message answered.
        "outbound-reply" => (Direction::Outbound, Author::Bot),
        "outbound-api" | "outbound-call" => (Direction::Outbound, Author::Agent),
        _ => return Err(Reason::UnknownName("direction").into()),
    };
    let is_status = |names: &[&str]| {
        message.status.as_str().is_some_and(|status| names.iter().any(|name| status.eq_ignore_ascii_case(name)))
    };
    let lost = direction == Direction::Outbound && is_status(LOST);
    if lost || (message.date_sent.as_str().is_none() && is_status(WAITING)) {
        out.ignore()?;
        return Ok(());
    }
    let sid = message.sid.as_str().ok_or(Reason::Missing("sid"))?;
    let from = message.from.as_str().ok_or(Reason::Missing("from"))?;
    let to = message.to.as_str().ok_or(Reason::Missing("to"))?;
    let time_us = match (message.date_sent.as_str(), message.date_created.as_str()) {
        (Some(sent), _) => instant(sent, "date_sent", clock)?,
        (None, Some(created)) => instant(created, "date_created", clock)?,
        (None, None) => return Err(Reason::Missing("date_sent").into()),
    };
    let (service, customer) = match direction {
        Direction::Inbound => (to, from),
        Direction::Outbound => (from, to),
    };
    let author = if author == Author::Agent && is_bot(service, out.settings()) { Author::Bot } else { author };

    let asked = message.opt_out_type.as_str().filter(|_| direction == Direction::Inbound);
    let mut draft = match asked.map(str::to_ascii_uppercase).as_deref() {
        Some("STOP") => Draft::new(EventType::OptedOut, sid, time_us),
        Some("START") => Draft::new(EventType::OptedIn, sid, time_us),
        _ => Draft::message(sid, time_us, direction, author),
    };
    let (_, contact) = address(customer);
    draft.contact_id = Some(Cow::Borrowed(contact));
    draft.conversation_id = Some(Cow::Owned(conversation(service, customer)));
    draft.channel = Some(match channel(service, customer) {
        Some(channel) => Cow::Owned(channel),
        None => Cow::Borrowed("sms"),
    });
    draft.body = message.body.as_str().map(Cow::Borrowed);
    out.event(&draft)?;
    Ok(())
}

/// The channel before an address, and the address itself: `whatsapp:+15005550006`.
fn address(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((channel, bare)) if !channel.is_empty() && channel.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            (Some(channel), bare)
        }
        _ => (None, text),
    }
}

/// The channel of two addresses in lower case; `None` is SMS. One of the two may be without it (RCS).
fn channel(service: &str, customer: &str) -> Option<String> {
    address(customer).0.or(address(service).0).map(str::to_ascii_lowercase)
}

/// The pair of addresses in one order, whoever wrote, with the channel before it where that is not SMS.
fn conversation(service: &str, customer: &str) -> String {
    let (a, b) = (address(service).1, address(customer).1);
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    match channel(service, customer) {
        Some(channel) => format!("{channel}:{first}:{second}"),
        None => format!("{first}:{second}"),
    }
}

/// Whether the user named this number among the bots, with or without its channel.
fn is_bot(service: &str, settings: &FormatSettings) -> bool {
    !settings.bots.is_empty() && (settings.bots.contains(service) || settings.bots.contains(address(service).1))
}

/// A time in RFC 2822 (REST), in ISO 8601 (bulk export), or on the wall of a zone.
fn instant(text: &str, field: &'static str, clock: Option<&LocalClock>) -> Result<i64, Reason> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return times::rfc2822(text, field);
    }
    let local = clock.and_then(|clock| {
        let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"));
        time.ok().map(|time| clock.instant(time))
    });
    local.unwrap_or_else(|| times::utc(text, field))
}
