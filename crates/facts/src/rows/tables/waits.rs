//! Columns of waits.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use crate::fold::session::{Conversation, EndReason, EndedWait, Session};
use crate::intern::NONE;
use crate::rows::columns::{Coded, Flags, Numbers, ids, instants, numbers, plain};
use crate::rows::dealt::Columns;
use crate::rows::values::Values;

pub(crate) struct WaitColumns {
    source: Coded,
    conversation: StringBuilder,
    contact: StringBuilder,
    session_opened_at: Vec<i64>,
    channel: Coded,
    team: Coded,
    topic: Coded,
    agent: Coded,
    opened_at: Vec<i64>,
    ended_at: Numbers,
    end_reason: Coded,
    is_first: Flags,
    n_inbound: Vec<i64>,
    wait_us: Numbers,
}

impl Default for WaitColumns {
    fn default() -> Self {
        Self {
            source: Coded::new(),
            conversation: ids(),
            contact: ids(),
            session_opened_at: plain(),
            channel: Coded::new(),
            team: Coded::new(),
            topic: Coded::new(),
            agent: Coded::new(),
            opened_at: plain(),
            ended_at: Numbers::new(),
            end_reason: Coded::new(),
            is_first: Flags::new(),
            n_inbound: plain(),
            wait_us: Numbers::new(),
        }
    }
}

impl WaitColumns {
    pub(crate) fn push(&mut self, conversation: &Conversation, session: &Session, ended: &EndedWait) {
        let wait = &ended.wait;
        self.source.push(conversation.source);
        self.conversation.append_value(&conversation.id);
        self.contact.append_option(session.contact.as_deref());
        self.session_opened_at.push(session.opened_at);
        self.channel.push(if wait.channel == NONE { session.channel } else { wait.channel });
        self.team.push(session.team);
        self.topic.push(session.topic);
        self.agent.push(ended.agent);
        self.opened_at.push(wait.opened_at);
        self.ended_at.push(ended.ended_at);
        self.end_reason.push_name(ended.reason as usize);
        self.is_first.push(wait.is_first);
        self.n_inbound.push(wait.n_inbound);
        self.wait_us.push(match ended.reason {
            EndReason::Replied => ended.ended_at.map(|end| end - wait.opened_at),
            _ => None,
        });
    }
}

impl Columns for WaitColumns {
    fn len(&self) -> usize {
        self.opened_at.len()
    }

    fn finish(self: Box<Self>, values: &Values) -> Vec<ArrayRef> {
        let Self { mut conversation, mut contact, .. } = *self;
        let (wait_us, wait_s) = self.wait_us.finish_spans();
        vec![
            self.source.finish(&values.source),
            Arc::new(conversation.finish()),
            Arc::new(contact.finish()),
            instants(self.session_opened_at),
            self.channel.finish(&values.channel),
            self.team.finish(&values.team),
            self.topic.finish(&values.topic),
            self.agent.finish(&values.agent),
            instants(self.opened_at),
            self.ended_at.finish_instants(),
            self.end_reason.finish(&values.end_reason),
            self.is_first.finish(),
            numbers(self.n_inbound),
            wait_us,
            wait_s,
        ]
    }
}
