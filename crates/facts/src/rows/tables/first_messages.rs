//! Columns of first messages.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use super::{Columns, Dictionaries, ROOM_ROWS};
use crate::rows::columns::{Coded, ids, instants};
use crate::rows::store::{FirstMessageRow, Rows};

pub(super) struct FirstMessageColumns<'a> {
    source: Coded<'a>,
    contact: StringBuilder,
    channel: Coded<'a>,
    first_message_at: Vec<i64>,
}

impl<'a> Columns<'a> for FirstMessageColumns<'a> {
    type Row = FirstMessageRow;

    fn new(texts: &'a Dictionaries) -> Self {
        Self {
            source: texts.source.column(ROOM_ROWS),
            contact: ids(ROOM_ROWS),
            channel: texts.channel.column(ROOM_ROWS),
            first_message_at: Vec::with_capacity(ROOM_ROWS),
        }
    }

    fn rows(rows: &Rows) -> &[FirstMessageRow] {
        &rows.first_messages
    }

    fn time(row: &FirstMessageRow) -> Option<i64> {
        Some(row.first_message_at)
    }

    fn push(&mut self, walk: usize, rows: &Rows, row: &FirstMessageRow) {
        self.source.push(walk, row.source);
        self.contact.append_option(rows.text(row.contact));
        self.channel.push(walk, row.channel);
        self.first_message_at.push(row.first_message_at);
    }

    fn finish(self) -> Vec<ArrayRef> {
        let Self { mut contact, .. } = self;
        vec![self.source.finish(), Arc::new(contact.finish()), self.channel.finish(), instants(self.first_message_at)]
    }
}
