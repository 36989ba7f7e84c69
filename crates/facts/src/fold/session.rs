//! An open session, and how an event or the passing of time changes it.

use tapemeasure_model::settings::{Bots, Rules};

use super::act::Act;
use crate::intern::NONE;

/// Who wrote the first human message of a session (S2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitiatedBy {
    /// No human message so far.
    Nobody,
    /// The customer.
    Contact,
    /// An agent.
    Agent,
}

/// How a wait ended (W3 to W6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Answered.
    Replied,
    /// The session was closed.
    Closed,
    /// The contact opted out.
    OptedOut,
    /// Nobody answered for too long.
    Abandoned,
    /// It has not ended.
    Open,
}

impl EndReason {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Replied, Self::Closed, Self::OptedOut, Self::Abandoned, Self::Open];

    /// The name in the facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::Closed => "closed",
            Self::OptedOut => "opted_out",
            Self::Abandoned => "abandoned",
            Self::Open => "open",
        }
    }
}

/// How a session ended (S3 to S5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// By a `closed` event.
    Closed,
    /// By silence.
    Inactive,
    /// It has not.
    Open,
}

/// A wait that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenWait {
    /// When the first question was asked.
    pub opened_at: i64,
    /// Channel of that question; 0 is unknown.
    pub channel: u32,
    /// Questions so far.
    pub n_inbound: i64,
    /// F1.
    pub is_first: bool,
}

/// A wait that has ended, of a session that may still be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedWait {
    /// As it was when open.
    pub wait: OpenWait,
    /// When it ended; `None` while open.
    pub ended_at: Option<i64>,
    /// How.
    pub reason: EndReason,
    /// Who answered; 0 is unknown or nobody.
    pub agent: u32,
}

/// What one event brings, in numbers of the walk's interners. Times are microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// When.
    pub at: i64,
    /// What it does.
    pub act: Act,
    /// Contact, if known.
    pub contact: Option<&'a str>,
    /// Channel, 0 unknown.
    pub channel: u32,
    /// Team, 0 unknown.
    pub team: u32,
    /// Topic, 0 unknown.
    pub topic: u32,
    /// Agent, 0 unknown.
    pub agent: u32,
}

/// Which conversation a session belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// Hash of source and id, by which the archive is sorted.
    pub key: i64,
    /// Its source.
    pub source: u32,
    /// Its id.
    pub id: String,
}

/// A session that is open: its dimensions so far (D1), its counts, its waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns of the sessions' rows")]
pub struct Session {
    pub contact: Option<String>,
    pub channel: u32,
    pub team: u32,
    pub topic: u32,
    pub agent: u32,
    pub opened_at: i64,
    pub reopened: bool,
    pub initiated_by: InitiatedBy,
    pub first_inbound_at: Option<i64>,
    pub n_inbound: i64,
    pub n_agent: i64,
    pub n_bot: i64,
    pub last_activity: i64,
    pub wait: Option<OpenWait>,
    pub waits: Vec<EndedWait>,
}

/// What became of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Open,
    /// It ended.
    Ended {
        /// When.
        at: i64,
        /// Why.
        reason: CloseReason,
        /// Closed by a timer or rule.
        auto: bool,
    },
}

impl Session {
    /// A session that `event` opens. The event itself is still to be applied.
    pub fn open(event: &Event<'_>) -> Self {
        Self {
            contact: None,
            channel: NONE,
            team: NONE,
            topic: NONE,
            agent: NONE,
            opened_at: event.at,
            reopened: event.act == Act::Reopened,
            initiated_by: InitiatedBy::Nobody,
            first_inbound_at: None,
            n_inbound: 0,
            n_agent: 0,
            n_bot: 0,
            last_activity: event.at,
            wait: None,
            waits: Vec::new(),
        }
    }

    /// Lets time pass up to `at`, where something else happens or the log ends: W5, then S4.
    pub fn pass(&mut self, at: i64, rules: &Rules) -> Outcome {
        if let (Some(wait), Some(limit)) = (self.wait, rules.abandon_after_us) {
            let limit = wait.opened_at.saturating_add(limit);
            if at > limit {
                self.end_wait(Some(limit), EndReason::Abandoned, NONE);
                self.last_activity = self.last_activity.max(limit);
            }
        }
        match rules.session_gap_us {
            Some(gap) if self.wait.is_none() && at > self.last_activity.saturating_add(gap) => {
                Outcome::Ended { at: self.last_activity, reason: CloseReason::Inactive, auto: false }
            }
            _ => Outcome::Open,
        }
    }

    /// Applies an event, in the order of O1. The session must have [`pass`](Self::pass)ed to its time.
    pub fn apply(&mut self, event: &Event<'_>, rules: &Rules) -> Outcome {
        self.note(event);
        match event.act {
            Act::Question => {
                self.n_inbound += 1;
                if self.initiated_by == InitiatedBy::Nobody {
                    self.initiated_by = InitiatedBy::Contact;
                }
                self.first_inbound_at.get_or_insert(event.at);
                let is_first = self.initiated_by == InitiatedBy::Contact && self.waits.is_empty();
                self.wait
                    .get_or_insert(OpenWait { opened_at: event.at, channel: event.channel, n_inbound: 0, is_first })
                    .n_inbound += 1;
            }
            Act::Answer => {
                self.n_agent += 1;
                if self.initiated_by == InitiatedBy::Nobody {
                    self.initiated_by = InitiatedBy::Agent;
                }
                if event.agent != NONE {
                    self.agent = event.agent;
                }
                self.end_wait(Some(event.at), EndReason::Replied, event.agent);
            }
            Act::Bot => {
                self.n_bot += 1;
                if rules.bots == Bots::Reply {
                    self.end_wait(Some(event.at), EndReason::Replied, NONE);
                }
            }
            Act::OptedOut => self.end_wait(Some(event.at), EndReason::OptedOut, NONE),
            Act::Closed | Act::AutoClosed => {
                self.end_wait(Some(event.at), EndReason::Closed, NONE);
                let auto = event.act == Act::AutoClosed;
                return Outcome::Ended { at: event.at, reason: CloseReason::Closed, auto };
            }
            Act::Message | Act::Opened | Act::Reopened | Act::OptedIn | Act::Note => {}
        }
        Outcome::Open
    }

    /// Ends the open wait, if there is one.
    pub fn end_wait(&mut self, ended_at: Option<i64>, reason: EndReason, agent: u32) {
        if let Some(wait) = self.wait.take() {
            self.waits.push(EndedWait { wait, ended_at, reason, agent });
        }
    }

    /// Start of the resolution (R1): the opening where the contact began (or nobody wrote), else the first question.
    pub fn resolution_start(&self) -> Option<i64> {
        match self.initiated_by {
            InitiatedBy::Agent => self.first_inbound_at,
            InitiatedBy::Contact | InitiatedBy::Nobody => Some(self.opened_at),
        }
    }

    /// D1: contact and channel are the first known, team and topic the last known.
    fn note(&mut self, event: &Event<'_>) {
        if self.contact.is_none() {
            self.contact = event.contact.map(str::to_owned);
        }
        if self.channel == NONE && event.act.names_channel() {
            self.channel = event.channel;
        }
        if event.team != NONE {
            self.team = event.team;
        }
        if event.topic != NONE {
            self.topic = event.topic;
        }
        self.last_activity = event.at;
    }
}
