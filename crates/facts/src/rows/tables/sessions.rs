//! Columns of sessions.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use super::{Columns, Dictionaries, ROOM_ROWS};
use crate::rows::columns::{Coded, Flags, Numbers, ids, instants, numbers};
use crate::rows::store::{Rows, SessionRow};

pub(super) struct SessionColumns<'a> {
    source: Coded<'a>,
    conversation: StringBuilder,
    contact: StringBuilder,
    channel: Coded<'a>,
    team: Coded<'a>,
    topic: Coded<'a>,
    agent: Coded<'a>,
    opened_at: Vec<i64>,
    closed_at: Numbers,
    close_reason: Coded<'a>,
    auto_closed: Flags,
    reopened: Flags,
    initiated_by: Coded<'a>,
    first_inbound_at: Numbers,
    n_inbound: Vec<i64>,
    n_agent: Vec<i64>,
    n_bot: Vec<i64>,
    resolution_us: Numbers,
}

impl<'a> Columns<'a> for SessionColumns<'a> {
    type Row = SessionRow;

    fn new(texts: &'a Dictionaries) -> Self {
        Self {
            source: texts.source.column(ROOM_ROWS),
            conversation: ids(ROOM_ROWS),
            contact: ids(ROOM_ROWS),
            channel: texts.channel.column(ROOM_ROWS),
            team: texts.team.column(ROOM_ROWS),
            topic: texts.topic.column(ROOM_ROWS),
            agent: texts.agent.column(ROOM_ROWS),
            opened_at: Vec::with_capacity(ROOM_ROWS),
            closed_at: Numbers::new(ROOM_ROWS),
            close_reason: texts.close_reason.column(ROOM_ROWS),
            auto_closed: Flags::new(ROOM_ROWS),
            reopened: Flags::new(ROOM_ROWS),
            initiated_by: texts.initiated_by.column(ROOM_ROWS),
            first_inbound_at: Numbers::new(ROOM_ROWS),
            n_inbound: Vec::with_capacity(ROOM_ROWS),
            n_agent: Vec::with_capacity(ROOM_ROWS),
            n_bot: Vec::with_capacity(ROOM_ROWS),
            resolution_us: Numbers::new(ROOM_ROWS),
        }
    }

    fn rows(rows: &Rows) -> &[SessionRow] {
        &rows.sessions
    }

    fn time(row: &SessionRow) -> Option<i64> {
        row.closed_at
    }

    fn push(&mut self, walk: usize, rows: &Rows, row: &SessionRow) {
        self.source.push(walk, row.source);
        self.conversation.append_option(rows.text(row.conversation));
        self.contact.append_option(rows.text(row.contact));
        self.channel.push(walk, row.channel);
        self.team.push(walk, row.team);
        self.topic.push(walk, row.topic);
        self.agent.push(walk, row.agent);
        self.opened_at.push(row.opened_at);
        self.closed_at.push(row.closed_at);
        self.close_reason.push_name(row.close_reason as usize);
        self.auto_closed.push(row.auto_closed);
        self.reopened.push(row.reopened);
        self.initiated_by.push_name(usize::from(row.initiated_by_agent));
        self.first_inbound_at.push(row.first_inbound_at);
        self.n_inbound.push(row.n_inbound);
        self.n_agent.push(row.n_agent);
        self.n_bot.push(row.n_bot);
        self.resolution_us.push(row.resolution_us);
    }

    fn finish(self) -> Vec<ArrayRef> {
        let Self { mut conversation, mut contact, .. } = self;
        let (resolution_us, resolution_s) = self.resolution_us.finish_spans();
        vec![
            self.source.finish(),
            Arc::new(conversation.finish()),
            Arc::new(contact.finish()),
            self.channel.finish(),
            self.team.finish(),
            self.topic.finish(),
            self.agent.finish(),
            instants(self.opened_at),
            self.closed_at.finish_instants(),
            self.close_reason.finish(),
            self.auto_closed.finish(),
            self.reopened.finish(),
            self.initiated_by.finish(),
            self.first_inbound_at.finish_instants(),
            numbers(self.n_inbound),
            numbers(self.n_agent),
            numbers(self.n_bot),
            resolution_us,
            resolution_s,
        ]
    }
}
