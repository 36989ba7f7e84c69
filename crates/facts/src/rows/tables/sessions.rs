//! Columns of sessions.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use crate::fold::session::{CloseReason, Conversation, InitiatedBy, Outcome, Session};
use crate::rows::columns::{Coded, Flags, Numbers, ids, instants, numbers, plain};
use crate::rows::dealt::Columns;
use crate::rows::values::Values;

pub(crate) struct SessionColumns {
    source: Coded,
    conversation: StringBuilder,
    contact: StringBuilder,
    channel: Coded,
    team: Coded,
    topic: Coded,
    agent: Coded,
    opened_at: Vec<i64>,
    closed_at: Numbers,
    close_reason: Coded,
    auto_closed: Flags,
    reopened: Flags,
    initiated_by: Coded,
    first_inbound_at: Numbers,
    n_inbound: Vec<i64>,
    n_agent: Vec<i64>,
    n_bot: Vec<i64>,
    resolution_us: Numbers,
}

impl Default for SessionColumns {
    fn default() -> Self {
        Self {
            source: Coded::new(),
            conversation: ids(),
            contact: ids(),
            channel: Coded::new(),
            team: Coded::new(),
            topic: Coded::new(),
            agent: Coded::new(),
            opened_at: plain(),
            closed_at: Numbers::new(),
            close_reason: Coded::new(),
            auto_closed: Flags::new(),
            reopened: Flags::new(),
            initiated_by: Coded::new(),
            first_inbound_at: Numbers::new(),
            n_inbound: plain(),
            n_agent: plain(),
            n_bot: plain(),
            resolution_us: Numbers::new(),
        }
    }
}

impl SessionColumns {
    pub(crate) fn push(&mut self, conversation: &Conversation, session: &Session, outcome: Outcome) {
        let (closed_at, close_reason, auto_closed) = match outcome {
            Outcome::Open => (None, CloseReason::Open, false),
            Outcome::Ended { at, reason, auto } => (Some(at), reason, auto),
        };
        self.source.push(conversation.source);
        self.conversation.append_value(&conversation.id);
        self.contact.append_option(session.contact.as_deref());
        self.channel.push(session.channel);
        self.team.push(session.team);
        self.topic.push(session.topic);
        self.agent.push(session.agent);
        self.opened_at.push(session.opened_at);
        self.closed_at.push(closed_at);
        self.close_reason.push_name(close_reason as usize);
        self.auto_closed.push(auto_closed);
        self.reopened.push(session.reopened);
        self.initiated_by.push_name(usize::from(session.initiated_by == InitiatedBy::Agent));
        self.first_inbound_at.push(session.first_inbound_at);
        self.n_inbound.push(session.n_inbound);
        self.n_agent.push(session.n_agent);
        self.n_bot.push(session.n_bot);
        self.resolution_us.push(match (close_reason, closed_at, session.resolution_start()) {
            (CloseReason::Closed, Some(end), Some(start)) => Some(end - start),
            _ => None,
        });
    }
}

impl Columns for SessionColumns {
    fn len(&self) -> usize {
        self.opened_at.len()
    }

    fn finish(self: Box<Self>, values: &Values) -> Vec<ArrayRef> {
        let Self { mut conversation, mut contact, .. } = *self;
        let (resolution_us, resolution_s) = self.resolution_us.finish_spans();
        vec![
            self.source.finish(&values.source),
            Arc::new(conversation.finish()),
            Arc::new(contact.finish()),
            self.channel.finish(&values.channel),
            self.team.finish(&values.team),
            self.topic.finish(&values.topic),
            self.agent.finish(&values.agent),
            instants(self.opened_at),
            self.closed_at.finish_instants(),
            self.close_reason.finish(&values.close_reason),
            self.auto_closed.finish(),
            self.reopened.finish(),
            self.initiated_by.finish(&values.initiated_by),
            self.first_inbound_at.finish_instants(),
            numbers(self.n_inbound),
            numbers(self.n_agent),
            numbers(self.n_bot),
            resolution_us,
            resolution_s,
        ]
    }
}
