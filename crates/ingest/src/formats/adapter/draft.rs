//! An event as an adapter gives it, and what holds for the events of every format.

use std::borrow::Cow;

use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US};
use tapemeasure_model::key::{contact_key, conversation_key};
use tapemeasure_model::schema::col;

use super::keywords::Keyword;
use crate::error::IngestError;
use crate::formats::{FormatSettings, Sink};
use crate::quarantine::{PLACES_OF_ROW, Position, Reason};
use crate::rows::codec::Event;

/// An event as an adapter gives it: the fields of kpi-rules section 1. Empty texts are the same as absent ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<'a> {
    /// What happened.
    pub event_type: EventType,
    /// Identity inside the source.
    pub event_id: Cow<'a, str>,
    /// When, in microseconds since 1970 UTC.
    pub time_us: i64,
    /// The account or export; absent: the user's `--source`, else the format's name.
    pub source: Option<Cow<'a, str>>,
    /// Thread or ticket.
    pub conversation_id: Option<Cow<'a, str>>,
    /// The customer, on outbound messages too.
    pub contact_id: Option<Cow<'a, str>>,
    /// `whatsapp`, `email`, ...
    pub channel: Option<Cow<'a, str>>,
    /// Of a message.
    pub direction: Option<Direction>,
    /// Of a message; inbound defaults to the contact.
    pub author: Option<Author>,
    /// Who answered.
    pub agent_id: Option<Cow<'a, str>>,
    /// Inbox or team.
    pub team: Option<Cow<'a, str>>,
    /// Kind of question.
    pub topic: Option<Cow<'a, str>>,
    /// Internal note.
    pub private: Option<bool>,
    /// Sent by a rule, campaign, auto-responder; closed by a timer.
    pub automated: Option<bool>,
    /// The message that a `deleted` names.
    pub target_event_id: Option<Cow<'a, str>>,
    /// Text of a message. Give it even where bodies are dropped: keywords are found in it.
    pub body: Option<Cow<'a, str>>,
}

impl<'a> Draft<'a> {
    /// An event of which nothing else is known.
    pub fn new(event_type: EventType, event_id: impl Into<Cow<'a, str>>, time_us: i64) -> Self {
        Self {
            event_type,
            event_id: event_id.into(),
            time_us,
            source: None,
            conversation_id: None,
            contact_id: None,
            channel: None,
            direction: None,
            author: None,
            agent_id: None,
            team: None,
            topic: None,
            private: None,
            automated: None,
            target_event_id: None,
            body: None,
        }
    }

    /// A message.
    pub fn message(event_id: impl Into<Cow<'a, str>>, time_us: i64, direction: Direction, author: Author) -> Self {
        let mut draft = Self::new(EventType::Message, event_id, time_us);
        draft.direction = Some(direction);
        draft.author = Some(author);
        draft
    }
}

/// Takes what an adapter makes of one record.
pub struct Out<'s> {
    sink: &'s mut dyn Sink,
    settings: &'s FormatSettings,
    /// Source of records that name none, if the user gave none: the format's name.
    format: &'static str,
    at: Position,
    record: &'s [u8],
    /// Events of the record so far: each has a place of its own in the order of the input.
    given: u64,
}

impl<'s> Out<'s> {
    /// For the record `record` at `at` of a format.
    pub fn new(
        sink: &'s mut dyn Sink,
        settings: &'s FormatSettings,
        format: &'static str,
        at: Position,
        record: &'s [u8],
    ) -> Self {
        Self { sink, settings, format, at, record, given: 0 }
    }

    /// What the user said.
    pub fn settings(&self) -> &'s FormatSettings {
        self.settings
    }

    /// Takes an event. One without what its type needs is rejected with the reason; an inbound public message that is
    /// only a keyword becomes an opt-out or opt-in (kpi-rules M4).
    ///
    /// # Errors
    /// Those of the sink.
    pub fn event(&mut self, draft: &Draft<'_>) -> Result<(), IngestError> {
        match complete(draft, self.settings, self.format) {
            Ok(event) => {
                let at = Position { ordinal: self.at.ordinal + self.given.min(self.room()), ..self.at };
                self.given += 1;
                self.sink.event(&event, at)
            }
            Err(reason) => self.reject(reason),
        }
    }

    /// Places between this record and the next: its bytes, or what rows leave free.
    fn room(&self) -> u64 {
        match self.at.byte {
            Some(_) => (self.record.len() as u64).saturating_sub(1),
            None => PLACES_OF_ROW - 1,
        }
    }

    /// Rejects the record, or one part of it that should be an event and cannot.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn reject(&mut self, reason: Reason) -> Result<(), IngestError> {
        self.sink.reject(reason, self.at, self.record)
    }

    /// Counts the record, or one part of it, as known and no event.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn ignore(&mut self) -> Result<(), IngestError> {
        self.sink.ignore()
    }
}

fn present<'a>(text: &'a Option<Cow<'_, str>>) -> Option<&'a str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Checks a draft and adds what follows from it.
fn complete<'a>(draft: &'a Draft<'_>, settings: &'a FormatSettings, format: &'static str) -> Result<Event<'a>, Reason> {
    let source = present(&draft.source).or(settings.source.as_deref()).unwrap_or(format);
    if draft.event_id.is_empty() {
        return Err(Reason::Missing(col::EVENT_ID));
    }
    if !(MIN_INSTANT_US..=MAX_INSTANT_US).contains(&draft.time_us) {
        return Err(Reason::TimeOutOfRange);
    }
    let contact_id = present(&draft.contact_id);
    let body = present(&draft.body);
    let mut event_type = draft.event_type;
    let (mut direction, mut author) = (draft.direction, draft.author);
    if event_type == EventType::Message {
        match (direction, author) {
            (None, _) => return Err(Reason::Missing(col::DIRECTION)),
            (Some(Direction::Inbound), None) => author = Some(Author::Contact),
            (Some(Direction::Outbound), None) => return Err(Reason::Missing(col::AUTHOR)),
            (Some(_), Some(_)) => {}
        }
        let from_contact = direction == Some(Direction::Inbound) && author == Some(Author::Contact);
        let keyword = match body {
            Some(body) if from_contact && contact_id.is_some() && draft.private != Some(true) => {
                settings.keywords.find(body)
            }
            _ => None,
        };
        if let Some(keyword) = keyword {
            event_type = match keyword {
                Keyword::Stop => EventType::OptedOut,
                Keyword::Start => EventType::OptedIn,
            };
            (direction, author) = (None, None);
        }
    }
    let opts = matches!(event_type, EventType::OptedOut | EventType::OptedIn);
    let conversation_id = present(&draft.conversation_id);
    let key = match (conversation_id, contact_id) {
        (_, None) if opts => return Err(Reason::Missing(col::CONTACT_ID)),
        (Some(conversation_id), _) => conversation_key(source, conversation_id),
        (None, Some(contact_id)) if opts => contact_key(source, contact_id),
        (None, _) => return Err(Reason::Missing(col::CONVERSATION_ID)),
    };
    let target_event_id = present(&draft.target_event_id);
    if event_type == EventType::Deleted && target_event_id.is_none() {
        return Err(Reason::Missing(col::TARGET_EVENT_ID));
    }
    let bytes = |text: &'a Option<Cow<'_, str>>| present(text).map(str::as_bytes);
    Ok(Event {
        key,
        time_us: draft.time_us,
        event_type,
        direction,
        author,
        private: draft.private,
        automated: draft.automated,
        source: source.as_bytes(),
        conversation_id: conversation_id.map(str::as_bytes),
        event_id: draft.event_id.as_bytes(),
        contact_id: contact_id.map(str::as_bytes),
        channel: bytes(&draft.channel),
        agent_id: bytes(&draft.agent_id),
        team: bytes(&draft.team),
        topic: bytes(&draft.topic),
        target_event_id: target_event_id.map(str::as_bytes),
        body: body.filter(|_| settings.keep_body).map(str::as_bytes),
    })
}
