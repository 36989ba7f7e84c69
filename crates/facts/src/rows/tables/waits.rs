//! Columns of waits.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use super::{Columns, Dictionaries, ROOM_ROWS};
use crate::fold::session::EndReason;
use crate::rows::columns::{Coded, Flags, Numbers, ids, instants, numbers};
use crate::rows::store::{Rows, WaitRow};

pub(super) struct WaitColumns<'a> {
    source: Coded<'a>,
    conversation: StringBuilder,
    contact: StringBuilder,
    session_opened_at: Vec<i64>,
    channel: Coded<'a>,
    team: Coded<'a>,
    topic: Coded<'a>,
    agent: Coded<'a>,
    opened_at: Vec<i64>,
    ended_at: Numbers,
    end_reason: Coded<'a>,
    is_first: Flags,
    n_inbound: Vec<i64>,
    wait_us: Numbers,
}

impl<'a> Columns<'a> for WaitColumns<'a> {
    type Row = WaitRow;

    fn new(texts: &'a Dictionaries) -> Self {
        Self {
            source: texts.source.column(ROOM_ROWS),
            conversation: ids(ROOM_ROWS),
            contact: ids(ROOM_ROWS),
            session_opened_at: Vec::with_capacity(ROOM_ROWS),
            channel: texts.channel.column(ROOM_ROWS),
            team: texts.team.column(ROOM_ROWS),
            topic: texts.topic.column(ROOM_ROWS),
            agent: texts.agent.column(ROOM_ROWS),
            opened_at: Vec::with_capacity(ROOM_ROWS),
            ended_at: Numbers::new(ROOM_ROWS),
            end_reason: texts.end_reason.column(ROOM_ROWS),
            is_first: Flags::new(ROOM_ROWS),
            n_inbound: Vec::with_capacity(ROOM_ROWS),
            wait_us: Numbers::new(ROOM_ROWS),
        }
    }

    fn rows(rows: &Rows) -> &[WaitRow] {
        &rows.waits
    }

    fn time(row: &WaitRow) -> Option<i64> {
        Some(row.ended.wait.opened_at)
    }

    fn push(&mut self, walk: usize, rows: &Rows, row: &WaitRow) {
        let session = &rows.sessions[row.session];
        let (ended, wait) = (&row.ended, &row.ended.wait);
        self.source.push(walk, session.source);
        self.conversation.append_option(rows.text(session.conversation));
        self.contact.append_option(rows.text(session.contact));
        self.session_opened_at.push(session.opened_at);
        self.channel.push(walk, row.channel);
        self.team.push(walk, session.team);
        self.topic.push(walk, session.topic);
        self.agent.push(walk, ended.agent);
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

    fn finish(self) -> Vec<ArrayRef> {
        let Self { mut conversation, mut contact, .. } = self;
        let (wait_us, wait_s) = self.wait_us.finish_spans();
        vec![
            self.source.finish(),
            Arc::new(conversation.finish()),
            Arc::new(contact.finish()),
            instants(self.session_opened_at),
            self.channel.finish(),
            self.team.finish(),
            self.topic.finish(),
            self.agent.finish(),
            instants(self.opened_at),
            self.ended_at.finish_instants(),
            self.end_reason.finish(),
            self.is_first.finish(),
            numbers(self.n_inbound),
            wait_us,
            wait_s,
        ]
    }
}
