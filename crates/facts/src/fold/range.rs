//! The walk over the events of one range of keys and one period, with what was carried into it.

use std::cmp::Ordering;
use std::sync::Arc;

use tapemeasure_model::settings::{Rules, Settings};

use super::act::Act;
use super::batch::{Batch, Interners};
use super::session::{Conversation, EndReason, Event, Outcome, Session};
use crate::FactsError;
use crate::carry::{Ahead, Sessions};
use crate::deletions::DeletedIds;
use crate::intern::NONE;
use crate::rows::tables::changes::Change;
use crate::rows::{Made, Share};

/// One walk. Made once for a range of keys, and led through the periods in order of time: [`begin`](Self::begin) a
/// period, [`fold`](Self::fold) its batches in order of the sort key, [`end`](Self::end) it.
pub(crate) struct Walk<'a> {
    settings: &'a Settings,
    as_of_us: i64,
    interners: Interners,
    /// Rules by the number of their source.
    rules: Vec<Option<Rules>>,
    /// Sessions carried into the period that the walk has not come to yet.
    ahead: Ahead,
    /// Sessions that go on into the next period.
    behind: Sessions,
    /// What was carried out of the last period that was ended.
    carried: Arc<Sessions>,
    made: Made,
    current: Current,
    closes: u64,
}

/// The conversation that the walk is in.
#[derive(Debug, Default)]
struct Current {
    /// Whether there is one: not before the first. Rows without a conversation lie between others and leave it as it is.
    entered: bool,
    conversation: Conversation,
    rules: Rules,
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
            ahead: Ahead::default(),
            behind: Sessions::default(),
            carried: Arc::default(),
            made: Made::default(),
            current: Current::default(),
            closes: 0,
        }
    }

    /// Takes over what was carried out of the period before.
    pub(crate) fn carry_in(&mut self, sessions: Arc<Sessions>) {
        self.carried = sessions;
    }

    /// Begins a period: lets time pass to its first instant for everything that is open. Whatever happens later
    /// happens after that instant, so what ends here ends in any case.
    ///
    /// # Errors
    /// What is carried cannot be read.
    pub(crate) fn begin(&mut self, start_us: i64) -> Result<(), FactsError> {
        self.closes = 0;
        self.made = Made::of_period(start_us);
        self.current = Current::default();
        let mut carried = std::mem::take(&mut self.carried);
        if self.settings.let_time_end() {
            let mut open = Sessions::like(&carried);
            self.each(carried, |walk, conversation, mut session| {
                let rules = walk.rules_of(conversation.source);
                match session.pass(start_us, &rules) {
                    Outcome::Open => open.push(&conversation, &session, &walk.interners),
                    ended => walk.made.push(&conversation, &session, ended),
                }
            })?;
            carried = Arc::new(open);
        }
        self.behind = Sessions::like(&carried);
        self.ahead = Ahead::of(carried);
        Ok(())
    }

    /// What a batch of the period needs of the walk.
    pub(crate) fn interners(&mut self) -> &mut Interners {
        &mut self.interners
    }

    /// Walks over a batch of the period, whose rows follow those of the batch before in the sort key.
    ///
    /// # Errors
    /// What is carried cannot be read.
    pub(crate) fn fold(&mut self, batch: &Batch, deletions: &DeletedIds) -> Result<(), FactsError> {
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
            let conversation = batch.conversations.text(row);
            if let Some(id) = conversation {
                let current = &self.current.conversation;
                let same = self.current.entered
                    && current.key == batch.key[row]
                    && current.source == batch.source[row]
                    && (seen.is_some_and(|seen| batch.conversations.same_entry(seen, row)) || current.id == id);
                if !same {
                    self.enter(batch.key[row], batch.source[row], id)?;
                }
                seen = Some(row);
            }
            if act.is_message() {
                self.made.cells.count(at, batch.source[row], batch.channel[row], act);
                if let Some(contact) = batch.contacts.text(row) {
                    let source = (batch.source[row], batch.sources.text(row).unwrap_or_default());
                    self.made.first_messages.see(at, source, batch.channel[row], contact);
                }
            } else if matches!(act, Act::OptedOut | Act::OptedIn) {
                self.change(batch, row, at);
            }
            if conversation.is_some() {
                self.step(batch, row, at, act);
            }
        }
        Ok(())
    }

    /// Ends the period and gives its finished rows and the number of `closed` events. What is open is
    /// [carried on](Self::carried).
    pub(crate) fn end(&mut self) -> (Share, u64) {
        self.leave();
        std::mem::take(&mut self.ahead).copy_rest(&mut self.behind);
        self.carried = Arc::new(std::mem::take(&mut self.behind));
        (std::mem::take(&mut self.made).finish(&self.interners), self.closes)
    }

    /// What is carried out of the last period.
    pub(crate) fn carried(&self) -> &Arc<Sessions> {
        &self.carried
    }

    /// The rows of everything that is carried, as it stands at the as-of time.
    ///
    /// # Errors
    /// What is carried cannot be read.
    pub(crate) fn open_rows(&mut self) -> Result<Share, FactsError> {
        let mut made = Made::default();
        self.each(Arc::clone(&self.carried), |walk, conversation, mut session| {
            let outcome = session.pass(walk.as_of_us, &walk.rules_of(conversation.source));
            session.end_wait(None, EndReason::Open, NONE);
            made.push(&conversation, &session, outcome);
        })?;
        Ok(made.finish(&self.interners))
    }

    fn each(
        &mut self,
        sessions: Arc<Sessions>,
        mut work: impl FnMut(&mut Self, Conversation, Session),
    ) -> Result<(), FactsError> {
        let mut ahead = Ahead::of(sessions);
        while let Some((conversation, session)) = ahead.next(&mut self.interners) {
            work(self, conversation, session);
        }
        if ahead.is_done() { Ok(()) } else { Err(FactsError::Carry) }
    }

    fn step(&mut self, batch: &Batch, row: usize, at: i64, act: Act) {
        self.closes += u64::from(matches!(act, Act::Closed | Act::AutoClosed));
        let Current { conversation, rules, session: open, .. } = &mut self.current;
        if let Some(session) = open {
            match session.pass(at, rules) {
                Outcome::Open => {}
                ended => {
                    self.made.push(conversation, session, ended);
                    *open = None;
                }
            }
        }
        if open.is_none() && !act.opens() {
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
        let session = open.get_or_insert_with(|| Session::open(&event));
        match session.apply(&event, rules) {
            Outcome::Open => {}
            ended => {
                self.made.push(conversation, session, ended);
                *open = None;
            }
        }
    }

    /// Notes an opt-out or opt-in; one without a contact changes nobody's subscription.
    fn change(&mut self, batch: &Batch, row: usize, at: i64) {
        let Some(contact) = batch.contacts.text(row) else { return };
        self.made.changes.at(Some(at)).push(&Change {
            source: batch.source[row],
            contact,
            channel: batch.channel[row],
            agent: batch.agent[row],
            team: batch.team[row],
            topic: batch.topic[row],
            conversation: batch.conversations.text(row),
            at,
            event_id: batch.event_ids.value(row),
            opted_out: batch.act[row] == Act::OptedOut,
        });
    }

    /// Leaves the current conversation for another, which takes up its carried session, if it has one.
    fn enter(&mut self, key: i64, source: u32, conversation: &str) -> Result<(), FactsError> {
        self.leave();
        let Current { entered, conversation: current, .. } = &mut self.current;
        *entered = true;
        (current.key, current.source) = (key, source);
        current.id.clear();
        current.id.push_str(conversation);
        let here = self.ahead.place();
        let mut found = None;
        while let Some(order) =
            self.ahead.compare(key, self.interners.source.text(source).unwrap_or_default(), conversation)
        {
            found = Some(order);
            if order.is_ge() {
                break;
            }
            self.ahead.pass().ok_or(FactsError::Carry)?;
        }
        if found.is_none_or(Ordering::is_lt) && !self.ahead.is_done() {
            return Err(FactsError::Carry);
        }
        self.ahead.copy_since(here, &mut self.behind);
        self.current.rules = self.rules_of(source);
        if found == Some(Ordering::Equal) {
            let (_, session) = self.ahead.next(&mut self.interners).ok_or(FactsError::Carry)?;
            self.current.session = Some(session);
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.made.first_messages.forget();
        if let Some(session) = self.current.session.take() {
            self.behind.push(&self.current.conversation, &session, &self.interners);
        }
        self.current.entered = false;
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
