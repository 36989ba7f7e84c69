//! What the messages of a Slack export mean.

use std::borrow::Cow;
use std::sync::OnceLock;

use tapemeasure_model::event::{Author, Direction, EventType};

use super::files::{Place, plain};
use super::people::{People, Role};
use super::record::{Channel, Message};
use crate::formats::adapter::lookups::Lookups;
use crate::formats::adapter::{Draft, Out, Stop, times};
use crate::quarantine::Reason;

/// Table: path of a channel's folder to the channel's id.
const CHANNELS: &str = "slack.channels";

/// Table: folder and `thread_ts` to who began the thread.
const THREADS: &str = "slack.threads";

const CHANNEL: &str = "slack";

/// The channel that an input is of.
#[derive(Debug)]
pub struct Room {
    /// Path of the folder; empty if the input lies in none.
    folder: String,
    /// Name of the folder; empty likewise.
    name: String,
    id: OnceLock<Option<String>>,
}

impl Room {
    /// The channel of an input, by its path.
    pub fn new(place: &Place<'_>) -> Self {
        Self { folder: plain(place.folder), name: place.channel.to_owned(), id: OnceLock::new() }
    }

    /// Its id in `channels.json` and the like, because names change; else what the message says; else the folder's name.
    fn id<'r>(&'r self, message: &'r Message<'_>, lookups: &Lookups) -> Option<&'r str> {
        let listed = self.id.get_or_init(|| lookups.get(CHANNELS, &self.folder).filter(|_| !self.folder.is_empty()));
        let named = Some(self.name.as_str()).filter(|name| !name.is_empty());
        listed.as_deref().or(message.channel.as_str()).or(named)
    }
}

/// Keeps the id of a channel; `folder` is the path of its folder.
pub fn survey_channel(channel: &Channel<'_>, folder: &str, lookups: &Lookups) {
    if let Some(id) = channel.id.as_str() {
        lookups.put(CHANNELS, folder, id);
    }
}

/// Keeps who began a thread. Replies mostly say it, and not always.
pub fn survey_thread(message: &Message<'_>, room: &Room, lookups: &Lookups) {
    if let (Some(ts), Some(user)) = (message.ts.as_str(), message.user.as_str())
        && message.thread_ts.as_str() == Some(ts)
        && message.bot_id.as_str().is_none()
    {
        lookups.put(THREADS, &format!("{}:{ts}", room.folder), user);
    }
}

/// Gives the event of a message.
///
/// # Errors
/// Why the record is no event, that agents cannot be told from customers, and those of the sink.
pub fn give(message: &Message<'_>, room: &Room, people: &People, out: &mut Out<'_>) -> Result<(), Stop> {
    let is_message = matches!(message.kind.as_str(), None | Some("message"));
    match message.subtype.as_str() {
        _ if !is_message => out.ignore()?,
        None | Some("file_share" | "me_message" | "thread_broadcast") => {
            wrote(message, message.user.as_str(), room, people, out)?;
        }
        Some("bot_message" | "slackbot_response") => wrote(message, None, room, people, out)?,
        Some("file_comment") => {
            let comment = message.comment.as_ref();
            wrote(message, comment.and_then(|comment| comment.user.as_str()), room, people, out)?;
        }
        // The place of a message that began a thread and was deleted.
        Some("tombstone") => deleted(message, message.ts.as_str(), message.thread_ts.as_str(), room, out)?,
        Some("message_deleted") => {
            let thread_ts = message.original.as_ref().and_then(|original| original.thread_ts.as_str());
            deleted(message, message.deleted_ts.as_str(), thread_ts, room, out)?;
        }
        // Joins, topics, huddles; changes too, because the message itself stands in the export as it is now.
        Some(_) => out.ignore()?,
    }
    Ok(())
}

fn wrote(
    message: &Message<'_>,
    user: Option<&str>,
    room: &Room,
    people: &People,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    let lookups = &out.settings().lookups;
    let ts = message.ts.as_str().ok_or(Reason::Missing("ts"))?;
    let time_us = times::epoch_text(ts, "ts")?;
    let channel = room.id(message, lookups).ok_or(Reason::Missing("channel"))?;
    let is_app = message.bot_id.as_str().is_some()
        || matches!(message.subtype.as_str(), Some("bot_message" | "slackbot_response"));
    let role = match user {
        _ if is_app && people.is_agent_app(message) => Role::Agent,
        _ if is_app => Role::Bot,
        Some(user) => people.role_of(user, lookups)?,
        None => return Err(Reason::Missing("user").into()),
    };
    let (direction, author) = match role {
        Role::Customer => (Direction::Inbound, Author::Contact),
        Role::Agent => (Direction::Outbound, Author::Agent),
        Role::Bot => (Direction::Outbound, Author::Bot),
    };
    let thread_ts = message.thread_ts.as_str().unwrap_or(ts);
    let began_by = if role == Role::Customer {
        user.map(Cow::Borrowed)
    } else if thread_ts == ts {
        None
    } else {
        asker_of(message, thread_ts, room, people, lookups)?
    };
    let mut draft = Draft::message(format!("{channel}:{ts}"), time_us, direction, author);
    draft.conversation_id = Some(Cow::Owned(format!("{channel}:{thread_ts}")));
    draft.contact_id = began_by;
    draft.channel = Some(Cow::Borrowed(CHANNEL));
    draft.team = Some(Cow::Borrowed(room.name.as_str()));
    let agent_id = if is_app { message.bot_id.as_str().or(message.username.as_str()) } else { user };
    draft.agent_id = agent_id.filter(|_| role == Role::Agent).map(Cow::Borrowed);
    draft.body = message.text.as_str().map(Cow::Borrowed);
    out.event(&draft)?;
    Ok(())
}

/// Who began the thread of a reply, if that is a customer.
fn asker_of<'m>(
    message: &'m Message<'_>,
    thread_ts: &str,
    room: &Room,
    people: &People,
    lookups: &Lookups,
) -> Result<Option<Cow<'m, str>>, Stop> {
    let root = message.root.as_ref();
    let said = message.parent_user_id.as_str().or(root.and_then(|root| root.user.as_str()));
    let asker = match said {
        Some(user) => Some(Cow::Borrowed(user)),
        None => lookups.get(THREADS, &format!("{}:{thread_ts}", room.folder)).map(Cow::Owned),
    };
    let Some(asker) = asker else { return Ok(None) };
    Ok((people.role_of(&asker, lookups)? == Role::Customer).then_some(asker))
}

/// A message that is gone. Its own time is taken, because one of the two ways in which exports say it has no other.
fn deleted(
    message: &Message<'_>,
    gone_ts: Option<&str>,
    thread_ts: Option<&str>,
    room: &Room,
    out: &mut Out<'_>,
) -> Result<(), Stop> {
    let gone_ts = gone_ts.ok_or(Reason::Missing("ts"))?;
    let time_us = times::epoch_text(gone_ts, "ts")?;
    let channel = room.id(message, &out.settings().lookups).ok_or(Reason::Missing("channel"))?;
    let gone = format!("{channel}:{gone_ts}");
    let mut draft = Draft::new(EventType::Deleted, format!("{}:{gone}", EventType::Deleted), time_us);
    draft.conversation_id = Some(Cow::Owned(format!("{channel}:{}", thread_ts.unwrap_or(gone_ts))));
    draft.channel = Some(Cow::Borrowed(CHANNEL));
    draft.team = Some(Cow::Borrowed(room.name.as_str()));
    draft.target_event_id = Some(Cow::Owned(gone));
    out.event(&draft)?;
    Ok(())
}
