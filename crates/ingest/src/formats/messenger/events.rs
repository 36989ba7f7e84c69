//! What Messenger's and Instagram's webhooks mean.

use std::borrow::Cow;

use tapemeasure_model::event::{Author, Direction, EventType};

use super::record::{Delivery, Item, Message};
use crate::formats::FormatSettings;
use crate::formats::adapter::names::Names;
use crate::formats::adapter::times::epoch_ms;
use crate::formats::adapter::{Draft, Out, Stop};
use crate::quarantine::Reason;

/// The apps behind Meta's own inboxes, in which people write: of pages, of Instagram
/// (<https://developers.facebook.com/docs/messenger-platform/reference/handover-protocol>).
const INBOXES: &[&str] = &["263902037430900", "1217981644879628"];

/// Gives the events of a delivery. What of it is no event is ignored one by one.
///
/// # Errors
/// [`Stop::Rejected`] if the record is no delivery.
pub fn to_events(delivery: &Delivery<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    let channel = match delivery.object.as_str() {
        Some("page") => "messenger",
        Some("instagram") => "instagram",
        Some(_) => return Err(Reason::UnknownName("object").into()),
        None => return Err(Reason::Missing("object").into()),
    };
    let entries = delivery.entry.as_ref().filter(|entries| !entries.is_empty()).ok_or(Reason::Missing("entry"))?;
    for entry in entries {
        let changes = entry.changes.as_ref().map_or(0, Vec::len);
        let mut items = entry.messaging.iter().chain(&entry.standby).flatten().peekable();
        // An entry without anything counts like one with a single change.
        let silent = if items.peek().is_none() { changes.max(1) } else { changes };
        for _ in 0..silent {
            out.ignore()?;
        }
        for item in items {
            let given = match item.get() {
                Some(item) => happened(channel, entry.id.as_str(), item, out),
                None => Err(Reason::NotAnObject.into()),
            };
            match given {
                Err(Stop::Rejected(reason)) => out.reject(reason)?,
                given => given?,
            }
        }
    }
    Ok(())
}

/// Gives the event of one item. Reactions, reads, deliveries, edits, referrals and the like are none.
fn happened(channel: &'static str, page: Option<&str>, item: &Item<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
    if let Some(message) = &item.message {
        return said(channel, page, item, message, out);
    }
    if let Some(postback) = &item.postback {
        let (chat, time_us) = (Chat::of(page, item, false)?, instant(item)?);
        let id = match postback.mid.as_str() {
            Some(mid) => Cow::Borrowed(mid),
            None => Cow::Owned(chat.id_of("postback", item)),
        };
        let mut draft = Draft::message(id, time_us, Direction::Inbound, Author::Contact);
        draft.body = postback.title.as_str().map(Cow::Borrowed);
        return give(draft, &chat, channel, out);
    }
    let choice = item.optin.as_ref().and_then(|optin| optin.notification_messages_status.as_str());
    let (event_type, prefix) = match choice {
        Some("STOP_NOTIFICATIONS" | "STOP NOTIFICATIONS") => (EventType::OptedOut, "optout"),
        Some("RESUME_NOTIFICATIONS" | "RESUME NOTIFICATIONS") => (EventType::OptedIn, "optin"),
        Some(_) => return Err(Reason::UnknownName("notification_messages_status").into()),
        None if item.pass_thread_control.is_some() || item.take_thread_control.is_some() => {
            (EventType::Handoff, "handoff")
        }
        None => {
            out.ignore()?;
            return Ok(());
        }
    };
    let (chat, time_us) = (Chat::of(page, item, false)?, instant(item)?);
    give(Draft::new(event_type, chat.id_of(prefix, item), time_us), &chat, channel, out)
}

fn said(
    channel: &'static str,
    page: Option<&str>,
    item: &Item<'_>,
    message: &Message<'_>,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    let chat = Chat::of(page, item, message.is_echo.is_true())?;
    if chat.page == chat.contact {
        // A business that writes to itself has no customer.
        out.ignore()?;
        return Ok(());
    }
    let time_us = instant(item)?;
    let mid = message.mid.as_str().ok_or(Reason::Missing("mid"))?;
    let draft = if message.is_deleted.is_true() {
        let mut draft = Draft::new(EventType::Deleted, format!("deleted:{mid}"), time_us);
        draft.target_event_id = Some(Cow::Borrowed(mid));
        draft
    } else {
        let mut draft = if chat.from_page {
            Draft::message(mid, time_us, Direction::Outbound, author(message.app_id.as_str(), out.settings()))
        } else {
            Draft::message(mid, time_us, Direction::Inbound, Author::Contact)
        };
        draft.body = message.text.as_str().map(Cow::Borrowed);
        draft
    };
    give(draft, &chat, channel, out)
}

/// Who wrote what a page sent: people write on the page and in Meta's inboxes. Of another app nobody can tell, and it
/// is a bot unless the user names it among the agents.
fn author(app: Option<&str>, settings: &FormatSettings) -> Author {
    let Some(app) = app else { return Author::Agent };
    let among = |names: &Names| !names.is_empty() && names.contains(app);
    let is_people = INBOXES.contains(&app) || among(&settings.agents);
    if is_people && !among(&settings.bots) { Author::Agent } else { Author::Bot }
}

/// Gives an event what all have.
fn give<'m>(mut draft: Draft<'m>, chat: &Chat<'m>, channel: &'static str, out: &mut Out<'_>) -> Result<(), Stop> {
    draft.conversation_id = Some(Cow::Owned(format!("{}:{}", chat.page, chat.contact)));
    draft.contact_id = Some(Cow::Borrowed(chat.contact));
    draft.channel = Some(Cow::Borrowed(channel));
    out.event(&draft)?;
    Ok(())
}

/// The two sides of a chat.
struct Chat<'m> {
    page: &'m str,
    contact: &'m str,
    /// Whether the page is the sender.
    from_page: bool,
}

impl<'m> Chat<'m> {
    /// The page is the side that the entry is about. Where neither is, the sender of an echo is, else the recipient.
    fn of(page: Option<&str>, item: &'m Item<'_>, is_echo: bool) -> Result<Self, Reason> {
        let sender = item.sender.get().and_then(|party| party.id.as_str()).ok_or(Reason::Missing("sender"))?;
        let recipient = item.recipient.get().and_then(|party| party.id.as_str()).ok_or(Reason::Missing("recipient"))?;
        let is_sender = match page {
            Some(page) if page == sender => true,
            Some(page) if page == recipient => false,
            _ => is_echo,
        };
        let (page, contact) = if is_sender { (sender, recipient) } else { (recipient, sender) };
        Ok(Self { page, contact, from_page: is_echo || is_sender })
    }

    /// An identity for what has none of its own.
    fn id_of(&self, prefix: &str, item: &Item<'_>) -> String {
        format!("{prefix}:{}:{}:{}", self.page, self.contact, item.timestamp.as_str().unwrap_or_default())
    }
}

fn instant(item: &Item<'_>) -> Result<i64, Reason> {
    let text = item.timestamp.as_str().ok_or(Reason::Missing("timestamp"))?;
    epoch_ms(text.parse::<i64>().map_err(|_| Reason::BadTime("timestamp"))?)
}
