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
    let (direction, author) = sides(direction).ok_or(Reason::UnknownName("direction"))?;
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
    let (service, customer) = (address(service), address(customer));
    let channel = channel(service, customer);
    draft.contact_id = Some(Cow::Borrowed(customer.number));
    draft.conversation_id = Some(Cow::Owned(conversation(channel.as_deref(), service.number, customer.number)));
    draft.channel = Some(channel.unwrap_or(Cow::Borrowed("sms")));
    draft.body = message.body.as_str().map(Cow::Borrowed);
    out.event(&draft)?;
    Ok(())
}

/// Who wrote to whom.
fn sides(direction: &str) -> Option<(Direction, Author)> {
    let is = |name: &str| direction.eq_ignore_ascii_case(name);
    if is("inbound") {
        Some((Direction::Inbound, Author::Contact))
    } else if is("outbound-reply") {
        // What a webhook of the customer's message answered.
        Some((Direction::Outbound, Author::Bot))
    } else if is("outbound-api") || is("outbound-call") {
        Some((Direction::Outbound, Author::Agent))
    } else {
        None
    }
}

/// An address and the channel before it: `whatsapp:+15005550006`.
#[derive(Debug, Clone, Copy)]
struct Address<'m> {
    channel: Option<&'m str>,
    number: &'m str,
}

fn address(text: &str) -> Address<'_> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    match text.split_at_checked(letters) {
        Some((channel, rest)) if !channel.is_empty() && rest.starts_with(':') => {
            Address { channel: Some(channel), number: &rest[1..] }
        }
        _ => Address { channel: None, number: text },
    }
}

/// The channel of two addresses in lower case; `None` is SMS. One of the two may be without it (RCS).
fn channel<'m>(service: Address<'m>, customer: Address<'m>) -> Option<Cow<'m, str>> {
    let channel = customer.channel.or(service.channel)?;
    let is_lower = !channel.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if is_lower { Cow::Borrowed(channel) } else { Cow::Owned(channel.to_ascii_lowercase()) })
}

/// The pair of numbers in one order, whoever wrote, with the channel before it where that is not SMS.
fn conversation(channel: Option<&str>, a: &str, b: &str) -> String {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    match channel {
        Some(channel) => [channel, ":", first, ":", second].concat(),
        None => [first, ":", second].concat(),
    }
}

/// Whether the user named this number among the bots, with or without its channel.
fn is_bot(service: &str, settings: &FormatSettings) -> bool {
    !settings.bots.is_empty() && (settings.bots.contains(service) || settings.bots.contains(address(service).number))
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
