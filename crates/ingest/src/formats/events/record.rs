//! What the fields of a canonical event mean (kpi-rules, section 1), whichever layout they came in.

use std::borrow::Cow;

use serde::Deserialize;
use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::instant::{InstantError, MAX_INSTANT_US, MIN_INSTANT_US, parse_instant};
use tapemeasure_model::key::{contact_key, conversation_key};
use tapemeasure_model::schema::col;

use crate::formats::FormatSettings;
use crate::quarantine::Reason;
use crate::rows::codec::Event;

/// The fields of a canonical event, in the order of kpi-rules.
pub const FIELDS: [&str; 16] = [
    col::SOURCE,
    col::EVENT_ID,
    col::OCCURRED_AT,
    col::EVENT_TYPE,
    col::CONVERSATION_ID,
    col::CONTACT_ID,
    col::CHANNEL,
    col::DIRECTION,
    col::AUTHOR,
    col::AGENT_ID,
    col::TEAM,
    col::TOPIC,
    col::PRIVATE,
    col::AUTOMATED,
    col::TARGET_EVENT_ID,
    col::BODY,
];

/// Fields that every record needs, whatever its type; `source` may come from the options instead.
pub const NEEDED: [&str; 4] = [col::SOURCE, col::EVENT_ID, col::OCCURRED_AT, col::EVENT_TYPE];

/// A value as its layout held it.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Raw<'a> {
    /// Not there, or null.
    #[default]
    Absent,
    /// Text. The empty text is the same as absent.
    Text(Cow<'a, str>),
    /// True or false.
    Flag(bool),
    /// A time, in microseconds since 1970 UTC.
    Instant(i64),
    /// A time that does not say where.
    LocalTime,
    /// A number, a list, an object.
    Other,
}

/// A canonical event as its layout held it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct RawEvent<'a> {
    #[serde(borrow, default)]
    pub source: Raw<'a>,
    #[serde(borrow, default)]
    pub event_id: Raw<'a>,
    #[serde(borrow, default)]
    pub occurred_at: Raw<'a>,
    #[serde(borrow, default)]
    pub event_type: Raw<'a>,
    #[serde(borrow, default)]
    pub conversation_id: Raw<'a>,
    #[serde(borrow, default)]
    pub contact_id: Raw<'a>,
    #[serde(borrow, default)]
    pub channel: Raw<'a>,
    #[serde(borrow, default)]
    pub direction: Raw<'a>,
    #[serde(borrow, default)]
    pub author: Raw<'a>,
    #[serde(borrow, default)]
    pub agent_id: Raw<'a>,
    #[serde(borrow, default)]
    pub team: Raw<'a>,
    #[serde(borrow, default)]
    pub topic: Raw<'a>,
    #[serde(borrow, default)]
    pub private: Raw<'a>,
    #[serde(borrow, default)]
    pub automated: Raw<'a>,
    #[serde(borrow, default)]
    pub target_event_id: Raw<'a>,
    #[serde(borrow, default)]
    pub body: Raw<'a>,
}

/// Makes an event of a record.
///
/// Defaults: a record without source gets that of the settings; an inbound message without author is the contact's.
/// `private` and `automated` stay null where nothing is said. The body is checked, and kept if the settings say so.
///
/// # Errors
/// Why the record is no event; of several reasons one, always the same.
pub fn interpret<'a>(raw: &'a RawEvent<'_>, settings: &'a FormatSettings) -> Result<Event<'a>, Reason> {
    let source = match text(&raw.source, col::SOURCE)? {
        Some(source) => source,
        None => settings.source.as_deref().ok_or(Reason::Missing(col::SOURCE))?,
    };
    let event_id = needed(text(&raw.event_id, col::EVENT_ID)?, col::EVENT_ID)?;
    let time_us = instant(&raw.occurred_at)?;
    let event_type = needed(name(&raw.event_type, col::EVENT_TYPE, EventType::from_name)?, col::EVENT_TYPE)?;
    let conversation_id = text(&raw.conversation_id, col::CONVERSATION_ID)?;
    let contact_id = text(&raw.contact_id, col::CONTACT_ID)?;
    let direction = name(&raw.direction, col::DIRECTION, Direction::from_name)?;
    let mut author = name(&raw.author, col::AUTHOR, Author::from_name)?;
    let target_event_id = text(&raw.target_event_id, col::TARGET_EVENT_ID)?;

    let key = match (event_type, conversation_id, contact_id) {
        (EventType::OptedOut | EventType::OptedIn, _, None) => return Err(Reason::Missing(col::CONTACT_ID)),
        (_, Some(conversation_id), _) => conversation_key(source, conversation_id),
        (EventType::OptedOut | EventType::OptedIn, None, Some(contact_id)) => contact_key(source, contact_id),
        (_, None, _) => return Err(Reason::Missing(col::CONVERSATION_ID)),
    };
    if event_type == EventType::Message {
        match (needed(direction, col::DIRECTION)?, author) {
            (Direction::Inbound, None) => author = Some(Author::Contact),
            (Direction::Outbound, None) => return Err(Reason::Missing(col::AUTHOR)),
            (_, Some(_)) => {}
        }
    }
    if event_type == EventType::Deleted {
        needed(target_event_id, col::TARGET_EVENT_ID)?;
    }
    let body = text(&raw.body, col::BODY)?.filter(|_| settings.keep_body);
    Ok(Event {
        key,
        time_us,
        event_type,
        direction,
        author,
        private: flag(&raw.private, col::PRIVATE)?,
        automated: flag(&raw.automated, col::AUTOMATED)?,
        source: source.as_bytes(),
        conversation_id: conversation_id.map(str::as_bytes),
        event_id: event_id.as_bytes(),
        contact_id: contact_id.map(str::as_bytes),
        channel: text(&raw.channel, col::CHANNEL)?.map(str::as_bytes),
        agent_id: text(&raw.agent_id, col::AGENT_ID)?.map(str::as_bytes),
        team: text(&raw.team, col::TEAM)?.map(str::as_bytes),
        topic: text(&raw.topic, col::TOPIC)?.map(str::as_bytes),
        target_event_id: target_event_id.map(str::as_bytes),
        body: body.map(str::as_bytes),
    })
}

fn needed<T>(value: Option<T>, field: &'static str) -> Result<T, Reason> {
    value.ok_or(Reason::Missing(field))
}

fn text<'a>(raw: &'a Raw<'_>, field: &'static str) -> Result<Option<&'a str>, Reason> {
    match raw {
        Raw::Absent => Ok(None),
        Raw::Text(text) if text.is_empty() => Ok(None),
        Raw::Text(text) => Ok(Some(text.as_ref())),
        _ => Err(Reason::WrongType(field)),
    }
}

fn name<T>(raw: &Raw<'_>, field: &'static str, of: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reason> {
    match text(raw, field)? {
        None => Ok(None),
        Some(name) => of(name).map(Some).ok_or(Reason::UnknownName(field)),
    }
}

fn flag(raw: &Raw<'_>, field: &'static str) -> Result<Option<bool>, Reason> {
    match raw {
        Raw::Absent => Ok(None),
        Raw::Text(text) if text.is_empty() => Ok(None),
        Raw::Flag(flag) => Ok(Some(*flag)),
        _ => Err(Reason::WrongType(field)),
    }
}

fn instant(raw: &Raw<'_>) -> Result<i64, Reason> {
    match raw {
        Raw::Absent => Err(Reason::Missing(col::OCCURRED_AT)),
        Raw::Text(text) if text.is_empty() => Err(Reason::Missing(col::OCCURRED_AT)),
        Raw::Text(text) => parse_instant(text).map_err(|error| match error {
            InstantError::MissingOffset => Reason::TimeWithoutOffset,
            InstantError::OutOfRange => Reason::TimeOutOfRange,
            _ => Reason::MalformedTime,
        }),
        Raw::Instant(us) if (MIN_INSTANT_US..=MAX_INSTANT_US).contains(us) => Ok(*us),
        Raw::Instant(_) => Err(Reason::TimeOutOfRange),
        Raw::LocalTime => Err(Reason::TimeWithoutOffset),
        Raw::Flag(_) | Raw::Other => Err(Reason::WrongType(col::OCCURRED_AT)),
    }
}
