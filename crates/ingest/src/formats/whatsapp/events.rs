//! What WhatsApp's webhooks mean.

use std::borrow::Cow;

use tapemeasure_model::event::{Author, Direction, EventType};

use super::record::{Delivery, Message, Preference, Status, Thread, Value};
use crate::formats::FormatSettings;
use crate::formats::adapter::lenient::Lenient;
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::scalar::Scalar;
use crate::formats::adapter::times::epoch_text;
use crate::formats::adapter::{Draft, Out, Stop};
use crate::quarantine::Reason;

/// The table of ids that came as an echo.
const ECHOES: &str = "whatsapp echo";

const CHANNEL: &str = "whatsapp";

/// Types of messages in which nobody says anything: reactions, news about the customer, what the interface cannot show,
/// other words for an earlier message, a chat that was opened.
const SILENT: &[&str] = &["reaction", "system", "unsupported", "unknown", "errors", "edit", "request_welcome"];

/// A message taken back.
const REVOKE: &str = "revoke";

/// Error of a marketing message to a customer who wants none
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/>).
const OPTED_OUT: &str = "131050";

/// Categories that only templates of campaigns and of log-in codes have. `utility` is not among them: agents use such
/// templates too, to write after 24 hours.
const CAMPAIGNS: &[&str] = &["marketing", "marketing_lite", "authentication", "authentication_international"];

/// Gives the events of a delivery. What of it is no event is ignored one by one.
///
/// # Errors
/// [`Stop::Rejected`] if the record is no delivery.
pub fn to_events(delivery: &Delivery<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    if delivery.is_foreign {
        return Err(Reason::UnknownName("object").into());
    }
    if delivery.entries.is_empty() {
        return Err(Reason::Missing("entry").into());
    }
    for entry in &delivery.entries {
        let mut changes = entry.changes.iter().flatten().peekable();
        if changes.peek().is_none() {
            out.ignore()?;
        }
        for change in changes {
            match &change.value {
                Some(value) if !value.is_empty() => of_value(value, out)?,
                _ => out.ignore()?,
            }
        }
    }
    Ok(())
}

/// Keeps the ids of echoes.
pub fn survey(delivery: &Delivery<'_>, lookups: &Lookups) {
    let values =
        delivery.entries.iter().flat_map(|entry| entry.changes.iter().flatten()).flat_map(|change| &change.value);
    for echo in values.flat_map(|value| value.message_echoes.iter().flatten()).filter_map(Lenient::get) {
        let kind = echo.kind.as_str().unwrap_or_default();
        if let Some(id) = echo.id.as_str()
            && kind != REVOKE
            && !SILENT.contains(&kind)
        {
            lookups.put(ECHOES, id, "");
        }
    }
}

fn of_value(value: &Value<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let number = match Number::of(value) {
        Ok(number) => number,
        Err(reason) => return Ok(out.reject(reason)?),
    };
    each(&value.messages, out, |message, out| received(&number, message, out))?;
    each(&value.message_echoes, out, |message, out| echoed(&number, message, out))?;
    each(&value.statuses, out, |status, out| reported(&number, status, out))?;
    each(&value.user_preferences, out, |preference, out| preferred(&number, preference, out))?;
    for history in value.history.iter().flatten() {
        let mut threads = history.threads.iter().flatten().peekable();
        if threads.peek().is_none() {
            out.ignore()?;
        }
        for thread in threads {
            if thread.messages.as_ref().is_none_or(Vec::is_empty) {
                out.ignore()?;
            }
            each(&thread.messages, out, |message, out| remembered(&number, thread, message, out))?;
        }
    }
    Ok(())
}

/// Gives each item its turn; one that must be rejected does not cost the others.
fn each<T>(
    items: &Option<Vec<Lenient<T>>>,
    out: &mut Out<'_>,
    give: impl Fn(&T, &mut Out<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for item in items.iter().flatten() {
        let given = match item.get() {
            Some(item) => give(item, out),
            None => Err(Reason::NotAnObject.into()),
        };
        match given {
            Err(Stop::Rejected(reason)) => out.reject(reason)?,
            given => given?,
        }
    }
    Ok(())
}

fn received(number: &Number<'_>, message: &Message<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let contact = message.from.as_str().or(message.from_user_id.as_str());
    said(number, message, Direction::Inbound, contact, out)
}

fn echoed(number: &Number<'_>, message: &Message<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    // Where somebody turned the two round, the customer is still the one who is not the business.
    let other = message.to.as_str().filter(|to| !number.is(to));
    let contact = other.or(message.to_user_id.as_str()).or(message.from.as_str().filter(|from| !number.is(from)));
    said(number, message, Direction::Outbound, contact, out)
}

fn remembered(number: &Number<'_>, thread: &Thread<'_>, message: &Message<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let context = message.history_context.get();
    let from_business = context.is_some_and(|context| context.from_me.is_true())
        || message.to.as_str().is_some()
        || message.from.as_str().is_some_and(|from| number.is(from));
    let failed = context.and_then(|context| context.status.as_str()).is_some_and(|it| it.eq_ignore_ascii_case("error"));
    if from_business && failed {
        out.ignore()?;
        return Ok(());
    }
    let (direction, other) =
        if from_business { (Direction::Outbound, &message.to) } else { (Direction::Inbound, &message.from) };
    said(number, message, direction, thread.id.as_str().or(other.as_str()), out)
}

/// What somebody said, or took back. What was typed in the app is an agent's.
fn said(
    number: &Number<'_>,
    message: &Message<'_>,
    direction: Direction,
    contact: Option<&str>,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    let kind = message.kind.as_str().unwrap_or_default();
    if SILENT.contains(&kind) {
        out.ignore()?;
        return Ok(());
    }
    let (author, field) = match direction {
        Direction::Inbound => (Author::Contact, "from"),
        Direction::Outbound => (Author::Agent, "to"),
    };
    let contact = contact.ok_or(Reason::Missing(field))?;
    let time_us = instant(&message.timestamp)?;
    let draft = if kind == REVOKE {
        let revoked = message.revoke.get().and_then(|revoke| revoke.original_message_id.as_str());
        let target = revoked.ok_or(Reason::Missing("original_message_id"))?;
        let mut draft = Draft::new(EventType::Deleted, format!("deleted:{target}"), time_us);
        draft.target_event_id = Some(Cow::Borrowed(target));
        draft
    } else {
        let id = message.id.as_str().ok_or(Reason::Missing("id"))?;
        let mut draft = Draft::message(id, time_us, direction, author);
        draft.body = message.body().map(Cow::Borrowed);
        draft
    };
    give(draft, Some(number.conversation(message.group_id.as_str().unwrap_or(contact))), Some(contact), out)
}

/// A status: `sent` is the only trace of what was sent through the interface, and stands for the message.
fn reported(number: &Number<'_>, status: &Status<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let mut errors = status.errors.0.iter().filter_map(Lenient::get);
    let opted_out = match status.status.as_str() {
        Some("sent") => false,
        Some("failed") if errors.any(|error| error.code.as_str() == Some(OPTED_OUT)) => true,
        _ => {
            out.ignore()?;
            return Ok(());
        }
    };
    let id = status.id.as_str().ok_or(Reason::Missing("id"))?;
    let recipient = status.recipient_id.as_str().or(status.recipient_user_id.as_str());
    let recipient = recipient.ok_or(Reason::Missing("recipient_id"))?;
    let in_group = status.recipient_type.as_str() == Some("group");
    let contact = if in_group { status.recipient_participant_id.as_str() } else { Some(recipient) };
    let time_us = instant(&status.timestamp)?;
    if opted_out {
        // The customer chose so at another time and place: no conversation, so that no wait ends here.
        let draft = Draft::new(EventType::OptedOut, format!("optout:{id}"), time_us);
        return give(draft, None, contact, out);
    }
    if out.settings().lookups.get(ECHOES, id).is_some() {
        out.ignore()?;
        return Ok(());
    }
    let author = if number.is_bot(out.settings()) { Author::Bot } else { Author::Agent };
    let mut draft = Draft::message(id, time_us, Direction::Outbound, author);
    draft.automated = is_campaign(status).then_some(true);
    give(draft, Some(number.conversation(recipient)), contact, out)
}

/// A customer's choice in the chat's settings.
fn preferred(number: &Number<'_>, preference: &Preference<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    if preference.category.as_str().is_some_and(|category| category != "marketing_messages") {
        out.ignore()?;
        return Ok(());
    }
    let (event_type, prefix) = match preference.value.as_str() {
        Some("stop") => (EventType::OptedOut, "optout"),
        Some("resume" | "signup") => (EventType::OptedIn, "optin"),
        Some(_) => return Err(Reason::UnknownName("value").into()),
        None => return Err(Reason::Missing("value").into()),
    };
    let contact = preference.wa_id.as_str().or(preference.user_id.as_str()).ok_or(Reason::Missing("wa_id"))?;
    let time_us = instant(&preference.timestamp)?;
    let conversation = number.conversation(contact);
    let at = preference.timestamp.as_str().unwrap_or_default();
    let draft = Draft::new(event_type, format!("{prefix}:{conversation}:{at}"), time_us);
    give(draft, Some(conversation), Some(contact), out)
}

/// Gives an event what all have.
fn give<'m>(
    mut draft: Draft<'m>,
    conversation: Option<String>,
    contact: Option<&'m str>,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    draft.conversation_id = conversation.map(Cow::Owned);
    draft.contact_id = contact.map(Cow::Borrowed);
    draft.channel = Some(Cow::Borrowed(CHANNEL));
    out.event(&draft)?;
    Ok(())
}

/// The business's number.
struct Number<'v> {
    id: &'v str,
    display: Option<&'v str>,
}

impl<'v> Number<'v> {
    fn of(value: &'v Value<'_>) -> Result<Self, Reason> {
        let metadata = value.metadata.get();
        let display = metadata.and_then(|metadata| metadata.display_phone_number.as_str());
        let id = metadata.and_then(|metadata| metadata.phone_number_id.as_str()).or(display);
        Ok(Self { id: id.ok_or(Reason::Missing("phone_number_id"))?, display })
    }

    /// Whether it is this one, however the two are written.
    fn is(&self, number: &str) -> bool {
        fn digits(text: &str) -> impl Iterator<Item = u8> {
            text.bytes().filter(u8::is_ascii_digit)
        }
        digits(number).next().is_some() && self.display.is_some_and(|own| digits(own).eq(digits(number)))
    }

    fn is_bot(&self, settings: &FormatSettings) -> bool {
        !settings.bots.is_empty()
            && (settings.bots.contains(self.id) || self.display.is_some_and(|display| settings.bots.contains(display)))
    }

    /// The pair of the number and a customer or group.
    fn conversation(&self, other: &str) -> String {
        format!("{}:{other}", self.id)
    }
}

/// Whether a message is a template that no person answers with. Only per-message pricing says so of the message.
fn is_campaign(status: &Status<'_>) -> bool {
    status.pricing.get().is_some_and(|pricing| {
        pricing.pricing_model.as_str() == Some("PMP")
            && pricing.category.as_str().is_some_and(|category| CAMPAIGNS.contains(&category))
    })
}

fn instant(timestamp: &Scalar<'_>) -> Result<i64, Reason> {
    epoch_text(timestamp.as_str().ok_or(Reason::Missing("timestamp"))?, "timestamp")
}
