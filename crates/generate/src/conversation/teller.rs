//! What is known of a conversation so far, and how its events get on record.

use tapemeasure_model::event::{Author, Direction, EventType};

use crate::calendar::{Calendar, DAY_US};
use crate::event::{ConversationId, Event, EventId};
use crate::people::{Agent, Contact, team_name};
use crate::random::Random;
use crate::tables::{
    ChannelProfile, DELETED_AFTER, DELETED_PER_MILLE, OPT_IN_DAYS, OPT_IN_PER_MILLE, PREFERENCES_PER_MILLE,
};
use crate::texts::{self, Occasion};

/// Tells one conversation: events may be put on record in any order, [`Teller::finish`] sorts them.
pub(super) struct Teller<'a> {
    pub calendar: &'a Calendar,
    pub profile: &'static ChannelProfile,
    pub random: Random,
    /// When the last thing of the main thread happened.
    pub now_us: i64,
    /// Who answered last.
    pub agent: Option<Agent>,
    /// The team in charge, once known, as a position in the table of teams.
    pub team: Option<usize>,
    /// The topic, once known.
    pub topic: Option<&'static str>,
    contact: Contact,
    index: u64,
    next_number: u64,
    events: &'a mut Vec<Event>,
    /// Where this conversation's events begin.
    first: usize,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        calendar: &'a Calendar,
        profile: &'static ChannelProfile,
        contact: Contact,
        index: u64,
        start_us: i64,
        random: Random,
        events: &'a mut Vec<Event>,
    ) -> Self {
        let first = events.len();
        Self {
            calendar,
            profile,
            random,
            now_us: start_us,
            agent: None,
            team: None,
            topic: None,
            contact,
            index,
            next_number: 0,
            events,
            first,
        }
    }

    /// Puts an event on record with what every event of the conversation has, for the caller to complete.
    pub(super) fn put(&mut self, event_type: EventType, at_us: i64) -> &mut Event {
        let event = Event {
            source: self.profile.source,
            event_id: EventId { conversation: self.index, number: self.next_number },
            occurred_at_us: at_us - at_us.rem_euclid(self.profile.clock_us),
            event_type,
            conversation_id: Some(ConversationId(self.index)),
            contact_id: self.contact,
            channel: self.profile.name,
            direction: None,
            author: None,
            agent_id: None,
            team: self.team.map(team_name),
            topic: self.topic,
            private: None,
            automated: None,
            target_event_id: None,
            body: None,
        };
        self.next_number += 1;
        self.events.push(event);
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    /// Puts a message on record.
    fn message(&mut self, at_us: i64, author: Author, occasion: Occasion) -> &mut Event {
        let body = texts::body(occasion, self.profile.is_mail, &mut self.random);
        let is_inbound = author == Author::Contact;
        let direction = if is_inbound { Direction::Inbound } else { Direction::Outbound };
        let event = self.put(EventType::Message, at_us);
        event.direction = Some(direction);
        event.author = Some(author);
        event.private = Some(false);
        event.automated = Some(false);
        event.body = Some(body);
        event
    }

    /// The contact writes: a question (kpi-rules M1).
    pub(super) fn ask(&mut self, at_us: i64, occasion: Occasion) {
        self.message(at_us, Author::Contact, occasion);
        self.now_us = self.now_us.max(at_us);
    }

    /// An agent writes: an answer (M2). The agent's team is in charge from now on.
    pub(super) fn answer(&mut self, at_us: i64, agent: Agent, occasion: Occasion) {
        self.agent = Some(agent);
        self.team = Some(agent.team());
        self.message(at_us, Author::Agent, occasion).agent_id = Some(agent);
        self.now_us = self.now_us.max(at_us);
    }

    /// An agent writes for colleagues only.
    pub(super) fn note(&mut self, at_us: i64, agent: Agent) {
        let event = self.message(at_us, Author::Agent, Occasion::Note);
        event.agent_id = Some(agent);
        event.private = Some(true);
    }

    /// A bot writes (M3).
    pub(super) fn bot(&mut self, at_us: i64, occasion: Occasion) {
        self.message(at_us, Author::Bot, occasion);
    }

    /// The platform writes about itself, which is no message of the KPIs.
    pub(super) fn system(&mut self, at_us: i64) {
        self.message(at_us, Author::System, Occasion::SystemMessage);
    }

    /// A rule writes (M3).
    pub(super) fn automatic(&mut self, at_us: i64, occasion: Occasion) {
        self.message(at_us, Author::System, occasion).automated = Some(true);
    }

    /// Something happens by an agent's hand: assigned, tagged, handoff, snoozed.
    pub(super) fn act(&mut self, event_type: EventType, at_us: i64, agent: Agent) {
        self.put(event_type, at_us).agent_id = Some(agent);
    }

    /// The contact opts out now, and some opt in again weeks later.
    pub(super) fn opt_out(&mut self) {
        let in_conversation = !self.random.chance(PREFERENCES_PER_MILLE);
        let at_us = self.now_us;
        let event = self.put(EventType::OptedOut, at_us);
        if !in_conversation {
            event.conversation_id = None;
        }
        if self.random.chance(OPT_IN_PER_MILLE) {
            let later_us = self.random.between(OPT_IN_DAYS.0 * DAY_US, OPT_IN_DAYS.1 * DAY_US);
            self.put(EventType::OptedIn, at_us + later_us).conversation_id = None;
        }
    }

    /// Deletes some messages, sorts the events by time and leaves out what lies after the period.
    pub(super) fn finish(mut self) {
        for at in self.first..self.events.len() {
            let message = self.events[at];
            if message.event_type == EventType::Message && self.random.chance(DELETED_PER_MILLE) {
                let after_us = self.random.log_normal(DELETED_AFTER.0, DELETED_AFTER.1);
                let event = self.put(EventType::Deleted, message.occurred_at_us + after_us);
                event.target_event_id = Some(message.event_id);
                event.agent_id = message.agent_id;
            }
        }
        let told = &mut self.events[self.first..];
        told.sort_by_key(|event| event.occurred_at_us);
        let end_us = self.calendar.period_us().end;
        let in_period = told.partition_point(|event| event.occurred_at_us < end_us);
        self.events.truncate(self.first + in_period);
    }
}
