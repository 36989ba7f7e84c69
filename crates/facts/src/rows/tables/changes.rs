//! Columns of changes of subscriptions.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use super::{Columns, Dictionaries, ROOM_ROWS};
use crate::rows::columns::{Coded, Flags, ids, instants};
use crate::rows::store::{ChangeRow, Rows};

pub(super) struct ChangeColumns<'a> {
    source: Coded<'a>,
    contact: StringBuilder,
    channel: Coded<'a>,
    agent: Coded<'a>,
    team: Coded<'a>,
    topic: Coded<'a>,
    conversation: StringBuilder,
    changed_at: Vec<i64>,
    event_id: StringBuilder,
    opted_out: Flags,
}

impl<'a> Columns<'a> for ChangeColumns<'a> {
    type Row = ChangeRow;

    fn new(texts: &'a Dictionaries) -> Self {
        Self {
            source: texts.source.column(ROOM_ROWS),
            contact: ids(ROOM_ROWS),
            channel: texts.channel.column(ROOM_ROWS),
            agent: texts.agent.column(ROOM_ROWS),
            team: texts.team.column(ROOM_ROWS),
            topic: texts.topic.column(ROOM_ROWS),
            conversation: ids(ROOM_ROWS),
            changed_at: Vec::with_capacity(ROOM_ROWS),
            event_id: ids(ROOM_ROWS),
            opted_out: Flags::new(ROOM_ROWS),
        }
    }

    fn rows(rows: &Rows) -> &[ChangeRow] {
        &rows.changes
    }

    fn time(row: &ChangeRow) -> Option<i64> {
        Some(row.at)
    }

    fn push(&mut self, walk: usize, rows: &Rows, row: &ChangeRow) {
        self.source.push(walk, row.source);
        self.contact.append_option(rows.text(row.contact));
        self.channel.push(walk, row.channel);
        self.agent.push(walk, row.agent);
        self.team.push(walk, row.team);
        self.topic.push(walk, row.topic);
        self.conversation.append_option(rows.text(row.conversation));
        self.changed_at.push(row.at);
        self.event_id.append_option(rows.text(row.event_id));
        self.opted_out.push(row.opted_out);
    }

    fn finish(self) -> Vec<ArrayRef> {
        let Self { mut contact, mut conversation, mut event_id, .. } = self;
        vec![
            self.source.finish(),
            Arc::new(contact.finish()),
            self.channel.finish(),
            self.agent.finish(),
            self.team.finish(),
            self.topic.finish(),
            Arc::new(conversation.finish()),
            instants(self.changed_at),
            Arc::new(event_id.finish()),
            self.opted_out.finish(),
        ]
    }
}
