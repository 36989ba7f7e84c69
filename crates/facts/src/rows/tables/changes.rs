//! Columns of changes of subscriptions.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use crate::rows::columns::{Coded, Flags, ids, instants, plain};
use crate::rows::dealt::Columns;
use crate::rows::values::Values;

pub(crate) struct ChangeColumns {
    source: Coded,
    contact: StringBuilder,
    channel: Coded,
    agent: Coded,
    team: Coded,
    topic: Coded,
    conversation: StringBuilder,
    changed_at: Vec<i64>,
    event_id: StringBuilder,
    opted_out: Flags,
}

/// An opt-out or opt-in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) source: u32,
    pub(crate) contact: &'a str,
    pub(crate) channel: u32,
    pub(crate) agent: u32,
    pub(crate) team: u32,
    pub(crate) topic: u32,
    pub(crate) conversation: Option<&'a str>,
    pub(crate) at: i64,
    pub(crate) event_id: &'a str,
    pub(crate) opted_out: bool,
}

impl Default for ChangeColumns {
    fn default() -> Self {
        Self {
            source: Coded::new(),
            contact: ids(),
            channel: Coded::new(),
            agent: Coded::new(),
            team: Coded::new(),
            topic: Coded::new(),
            conversation: ids(),
            changed_at: plain(),
            event_id: ids(),
            opted_out: Flags::new(),
        }
    }
}

impl ChangeColumns {
    pub(crate) fn push(&mut self, change: &Change<'_>) {
        self.source.push(change.source);
        self.contact.append_value(change.contact);
        self.channel.push(change.channel);
        self.agent.push(change.agent);
        self.team.push(change.team);
        self.topic.push(change.topic);
        self.conversation.append_option(change.conversation);
        self.changed_at.push(change.at);
        self.event_id.append_value(change.event_id);
        self.opted_out.push(change.opted_out);
    }
}

impl Columns for ChangeColumns {
    fn len(&self) -> usize {
        self.changed_at.len()
    }

    fn finish(self: Box<Self>, values: &Values) -> Vec<ArrayRef> {
        let Self { mut contact, mut conversation, mut event_id, .. } = *self;
        vec![
            self.source.finish(&values.source),
            Arc::new(contact.finish()),
            self.channel.finish(&values.channel),
            self.agent.finish(&values.agent),
            self.team.finish(&values.team),
            self.topic.finish(&values.topic),
            Arc::new(conversation.finish()),
            instants(self.changed_at),
            Arc::new(event_id.finish()),
            self.opted_out.finish(),
        ]
    }
}
