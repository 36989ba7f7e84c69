//! The walk over the events of one range of keys and one period, with what was carried into it.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::vec::IntoIter;

use tapemeasure_model::settings::{Rules, Settings};

use super::act::Act;
use super::batch::{Batch, Interners};
use super::session::{EndReason, Event, Outcome, Session};
use crate::deletions::DeletedIds;
use crate::intern::NONE;
use crate::rows::Rows;
use crate::rows::store::ChangeRow;

/// One walk. Made once for a range of keys, and led through the periods in order of time: [`begin`](Self::begin) a
/// period, [`fold`](Self::fold) its batches in order of the sort key, [`end`](Self::end) it.
pub(crate) struct Walk<'a> {
    settings: &'a Settings,
    as_of_us: i64,
    pub(crate) interners: Interners,
    /// Rules by the number of their source.
    rules: Vec<Option<Rules>>,
    /// Sessions carried into the period that the walk has not come to yet, by sort key.
    ahead: Peekable<IntoIter<Session>>,
    /// Sessions that go on into the next period, by sort key.
    carried: Vec<Session>,
    rows: Rows,
    current: Current,
    closes: u64,
}

/// The conversation that the walk is in.
#[derive(Debug, Default)]
struct Current {
    /// `None` before the first and for rows without a conversation.
    key: Option<i64>,
    source: u32,
    conversation: String,
    session: Option<Session>,
}

impl<'a> Walk<'a> {
    /// A walk with nothing carried into it. Events after `as_of_us` do not exist for it.
    pub(crate) fn new(settings: &'a Settings, as_of_us: i64) -> Self {
        Self {
            settings,
            as_of_us,
            interners: Interners::default(),
            rules: Vec::new(),
            ahead: Vec::new().into_iter().peekable(),
            carried: Vec::new(),
            rows: Rows::default(),
            current: Current::default(),
            closes: 0,
        }
    }

    /// Takes over what was carried out of the period before, by sort key, in numbers of this walk's interners.
    pub(crate) fn carry_in(&mut self, sessions: Vec<Session>) {
        self.carried = sessions;
    }

    /// Begins a period: lets time pass to its first instant for everything that is open. Whatever happens later
    /// happens after that instant, so what ends here ends in any case.
    pub(crate) fn begin(&mut self, start_us: i64) {
        self.closes = 0;
        self.rows.begin(start_us);
        let sessions = std::mem::take(&mut self.carried);
        let mut ahead = Vec::with_capacity(sessions.len());
        for mut session in sessions {
            let rules = self.rules_of(session.source);
            if !rules.let_time_end() {
                ahead.push(session);
                continue;
            }
            match session.pass(start_us, &rules) {
                Outcome::Open => ahead.push(session),
                ended => self.rows.push(&session, ended),
            }
        }
        self.ahead = ahead.into_iter().peekable();
        self.current = Current::default();
    }

    /// Walks over a batch of the period, whose rows follow those of the batch before in the sort key.
    pub(crate) fn fold(&mut self, batch: &Batch, deletions: &DeletedIds) {
        // The row of this batch that the walk was last seen in the current conversation with.
        let mut seen: Option<usize> = None;
        for row in 0..batch.rows {
            let at = batch.at[row];
            if at > self.as_of_us {
                continue;
            }
            let act = batch.act[row];
            if !deletions.is_empty()
                && deletions.contains(batch.sources.text(row).unwrap_or_default(), batch.event_ids.value(row))
            {
                continue;
            }
            if act.is_message() {
                self.rows.count(at, batch.source[row], batch.channel[row], act);
                if let Some(contact) = batch.contacts.text(row) {
                    self.rows.seen(at, batch.source[row], batch.channel[row], contact);
                }
            } else if matches!(act, Act::OptedOut | Act::OptedIn) {
                self.change(batch, row, at);
            }
            let Some(conversation) = batch.conversations.text(row) else { continue };
            let same = self.current.key == Some(batch.key[row])
                && self.current.source == batch.source[row]
                && (seen.is_some_and(|seen| batch.conversations.same_entry(seen, row))
                    || self.current.conversation == conversation);
            if !same {
                self.enter(batch.key[row], batch.source[row], conversation);
            }
            seen = Some(row);
            self.step(batch, row, at, act);
        }
    }

    /// Ends the period and gives its finished rows and the number of `closed` events. What is open is carried on.
    pub(crate) fn end(&mut self) -> (Rows, u64) {
        self.leave();
        self.carried.extend(self.ahead.by_ref());
        let next = Rows::like(&self.rows);
        (std::mem::replace(&mut self.rows, next), self.closes)
    }

    /// What is carried out of the last period, by sort key.
    pub(crate) fn carried(&self) -> &[Session] {
        &self.carried
    }

    /// The rows of everything that is carried, as it stands at the as-of time.
    pub(crate) fn rows_as_of(&self, sessions: &[Session]) -> Rows {
        let mut rows = Rows::default();
        for session in sessions {
            let mut session = session.clone();
            let rules = self.rules_for(session.source);
            let outcome = session.pass(self.as_of_us, &rules);
            session.end_wait(None, EndReason::Open, NONE);
            rows.push(&session, outcome);
        }
        rows
    }

    fn step(&mut self, batch: &Batch, row: usize, at: i64, act: Act) {
        self.closes += u64::from(matches!(act, Act::Closed | Act::AutoClosed));
        let rules = self.rules_of(batch.source[row]);
        if let Some(session) = &mut self.current.session {
            match session.pass(at, &rules) {
                Outcome::Open => {}
                ended => {
                    self.rows.push(session, ended);
                    self.current.session = None;
                }
            }
        }
        if self.current.session.is_none() && !act.opens() {
            return;
        }
        let event = Event {
            at,
            act,
            contact: batch.contacts.text(row),
            channel: batch.channel[row],
            team: batch.team[row],
            topic: batch.topic[row],
            agent: batch.agent[row],
        };
        let session = self.current.session.get_or_insert_with(|| {
            Session::open(batch.key[row], batch.source[row], &self.current.conversation, &event)
        });
        match session.apply(&event, &rules) {
            Outcome::Open => {}
            ended => {
                self.rows.push(session, ended);
                self.current.session = None;
            }
        }
    }

    /// Notes an opt-out or opt-in; one without a contact changes nobody's subscription.
    fn change(&mut self, batch: &Batch, row: usize, at: i64) {
        let Some(contact) = batch.contacts.text(row) else { return };
        let change = ChangeRow {
            source: batch.source[row],
            contact: self.rows.put(Some(contact)),
            channel: batch.channel[row],
            agent: batch.agent[row],
            team: batch.team[row],
            topic: batch.topic[row],
            conversation: self.rows.put(batch.conversations.text(row)),
            at,
            event_id: self.rows.put(Some(batch.event_ids.value(row))),
            opted_out: batch.act[row] == Act::OptedOut,
        };
        self.rows.changes.push(change);
    }

    /// Leaves the current conversation for another, which takes up its carried session, if it has one.
    fn enter(&mut self, key: i64, source: u32, conversation: &str) {
        self.leave();
        self.current.key = Some(key);
        self.current.source = source;
        self.current.conversation.clear();
        self.current.conversation.push_str(conversation);
        let interners = &self.interners;
        let order = |session: &Session| {
            session.key.cmp(&key).then_with(|| {
                let (ours, theirs) = (interners.source.text(session.source), interners.source.text(source));
                ours.cmp(&theirs).then_with(|| session.conversation.as_str().cmp(conversation))
            })
        };
        while let Some(next) = self.ahead.peek() {
            match order(next) {
                Ordering::Less => self.carried.extend(self.ahead.next()),
                Ordering::Equal => {
                    self.current.session = self.ahead.next();
                    break;
                }
                Ordering::Greater => break,
            }
        }
    }

    fn leave(&mut self) {
        self.carried.extend(self.current.session.take());
        self.current.key = None;
    }

    fn rules_of(&mut self, source: u32) -> Rules {
        let at = source as usize;
        if self.rules.len() <= at {
            self.rules.resize(at + 1, None);
        }
        match self.rules[at] {
            Some(rules) => rules,
            None => {
                let rules = self.rules_for(source);
                self.rules[at] = Some(rules);
                rules
            }
        }
    }

    fn rules_for(&self, source: u32) -> Rules {
        debug_assert_ne!(source, NONE, "every event has a source");
        self.settings.rules_for(self.interners.source.text(source).unwrap_or_default())
    }
}
