//! A record to events: which of the mapping's it is, and what they say.

use std::borrow::Cow;
use std::sync::Arc;

use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::schema::col;

use super::Mapping;
use super::error::MappingError;
use super::eval::{Evaluator, Fields, Value};
use super::spec::{ColumnId, EventSpec, Spec, TimeSpec, ValueSpec};
use crate::error::IngestError;
use crate::formats::FormatSettings;
use crate::formats::adapter::times::LocalClock;
use crate::formats::adapter::{Draft, Out};
use crate::quarantine::Reason;

/// Reads the records of one input by a mapping.
#[derive(Debug)]
pub struct Reader {
    values: Evaluator,
    /// Whether the user names the source.
    source_given: bool,
    /// For each time of each event its clock; none where the time says its zone.
    clocks: Vec<Vec<Option<Arc<LocalClock>>>>,
}

impl Reader {
    /// For an input. `is_local` says of a column that it holds times without a zone, whatever their format.
    ///
    /// # Errors
    /// [`MappingError::NoZone`], [`MappingError::NoPeople`].
    pub fn new(
        mapping: &Arc<Mapping>,
        input: &str,
        settings: &FormatSettings,
        is_local: &dyn Fn(ColumnId) -> bool,
    ) -> Result<Self, MappingError> {
        let spec = mapping.spec();
        let values = Evaluator::new(mapping, settings);
        if let (Some(line), true) = (spec.people_line, values.knows_nobody()) {
            return Err(MappingError::NoPeople { at: mapping.at(line), input: input.to_owned() });
        }
        let clock = |time: &TimeSpec| -> Result<Option<Arc<LocalClock>>, MappingError> {
            let local = time.formats.iter().any(|format| format.is_local()) || time.origin.any_column(is_local);
            if !local {
                return Ok(None);
            }
            match time.zone.or(spec.input.zone).or(settings.zone) {
                Some(zone) => Ok(Some(mapping.clock(zone, &settings.shifted))),
                None => Err(MappingError::NoZone { at: mapping.at(time.line), input: input.to_owned() }),
            }
        };
        let mut clocks = Vec::with_capacity(spec.events.len());
        for event in &spec.events {
            clocks.push(event.times.iter().map(clock).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Self { values, source_given: settings.source.is_some(), clocks })
    }

    /// What the mapping says.
    pub fn spec(&self) -> &Spec {
        self.values.mapping().spec()
    }

    /// Gives every event of a record without lists. A record that is no event is ignored.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn record<F: Fields>(&self, fields: &F, out: &mut Out<'_>) -> Result<(), IngestError> {
        match self.reads(fields) {
            Err(reason) => return out.reject(reason),
            Ok(false) => return out.ignore(),
            Ok(true) => {}
        }
        let mut given = false;
        for event_idx in 0..self.spec().events.len() {
            given |= self.give(event_idx, fields, out)?;
        }
        if given { Ok(()) } else { out.ignore() }
    }

    /// Whether a record is read at all.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub fn reads<F: Fields>(&self, fields: &F) -> Result<bool, Reason> {
        self.spec().input.when.as_ref().map_or(Ok(true), |when| self.values.holds(when, fields))
    }

    /// Gives an event, or rejects what should be one. False if the record is not this event.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn give<F: Fields>(&self, event_idx: usize, fields: &F, out: &mut Out<'_>) -> Result<bool, IngestError> {
        match self.draft(event_idx, fields) {
            Ok(None) => return Ok(false),
            Ok(Some(draft)) => out.event(&draft)?,
            Err(reason) => out.reject(reason)?,
        }
        Ok(true)
    }

    fn draft<'a, F: Fields>(&'a self, event_idx: usize, fields: &'a F) -> Result<Option<Draft<'a>>, Reason> {
        let event = &self.spec().events[event_idx];
        if let Some(when) = &event.when
            && !self.values.holds(when, fields)?
        {
            return Ok(None);
        }
        let Some(event_type) = self.values.name(&event.event_type, fields, col::EVENT_TYPE, EventType::from_name)?
        else {
            return Ok(None);
        };
        let Some(time_us) = self.instant(event, event_idx, fields)? else { return Ok(None) };
        let id = self.values.text(&event.id, fields, col::EVENT_ID)?.ok_or(Reason::Missing(col::EVENT_ID))?;
        let text = |value: &'a Option<ValueSpec>, field: &'static str| match value {
            Some(value) => self.values.text(value, fields, field),
            None => Ok(None),
        };
        let mut draft = Draft::new(event_type, id, time_us);
        draft.source = self.source(event, fields)?;
        draft.conversation_id = text(&event.conversation_id, col::CONVERSATION_ID)?;
        draft.contact_id = text(&event.contact_id, col::CONTACT_ID)?;
        draft.channel = text(&event.channel, col::CHANNEL)?;
        if event_type == EventType::Message {
            if let Some(direction) = &event.direction {
                draft.direction = self.values.name(direction, fields, col::DIRECTION, Direction::from_name)?;
            }
            if let Some(author) = &event.author {
                draft.author = self.values.name(author, fields, col::AUTHOR, Author::from_name)?;
            }
        }
        draft.agent_id = text(&event.agent_id, col::AGENT_ID)?;
        draft.team = text(&event.team, col::TEAM)?;
        draft.topic = text(&event.topic, col::TOPIC)?;
        draft.private = self.values.flag(&event.private, fields, col::PRIVATE)?;
        draft.automated = self.values.flag(&event.automated, fields, col::AUTOMATED)?;
        draft.target_event_id = text(&event.target_event_id, col::TARGET_EVENT_ID)?;
        draft.body = text(&event.body, col::BODY)?;
        Ok(Some(draft))
    }

    /// A source that the record names goes before the user's; that which the mapping names for all comes after it.
    fn source<'a, F: Fields>(&'a self, event: &'a EventSpec, fields: &'a F) -> Result<Option<Cow<'a, str>>, Reason> {
        let own = match &event.source {
            Some(value) if value.constant().is_none() || !self.source_given => {
                self.values.text(value, fields, col::SOURCE)?
            }
            _ => None,
        };
        if own.is_some() || self.source_given {
            return Ok(own);
        }
        Ok(Some(Cow::Borrowed(self.values.mapping().stem())))
    }

    /// When an event was; `None` if the record has no time for it.
    fn instant<F: Fields>(&self, event: &EventSpec, event_idx: usize, fields: &F) -> Result<Option<i64>, Reason> {
        for (time, clock) in event.times.iter().zip(&self.clocks[event_idx]) {
            let clock = clock.as_deref();
            return match self.values.found(&time.origin, fields, col::OCCURRED_AT)? {
                None => continue,
                Some(Value::Instant(us)) => Ok(Some(us)),
                Some(Value::Local(local)) => clock.ok_or(Reason::TimeWithoutOffset)?.instant(local).map(Some),
                Some(Value::Text(text)) => read(time, &text, clock).map(Some),
                Some(Value::Other) => Err(Reason::WrongType(col::OCCURRED_AT)),
            };
        }
        if event.times.iter().any(|time| time.needed) { Err(Reason::Missing(col::OCCURRED_AT)) } else { Ok(None) }
    }
}

/// A time by the first format that fits. A time that fits and is out of range is that.
fn read(time: &TimeSpec, text: &str, clock: Option<&LocalClock>) -> Result<i64, Reason> {
    let mut result = Err(Reason::BadTime(col::OCCURRED_AT));
    for format in &time.formats {
        result = format.read(text, clock);
        if result != Err(Reason::BadTime(col::OCCURRED_AT)) {
            return result;
        }
    }
    result
}
