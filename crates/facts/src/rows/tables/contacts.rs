//! Columns of contacts.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

use super::{Columns, Dictionaries, ROOM_ROWS};
use crate::rows::columns::{Coded, ids, instants};
use crate::rows::store::{ContactRow, Rows};

pub(super) struct ContactColumns<'a> {
    source: Coded<'a>,
    contact: StringBuilder,
    channel: Coded<'a>,
    first_message_at: Vec<i64>,
}

impl<'a> Columns<'a> for ContactColumns<'a> {
    type Row = ContactRow;

    fn new(texts: &'a Dictionaries) -> Self {
        Self {
            source: texts.source.column(ROOM_ROWS),
            contact: ids(ROOM_ROWS),
            channel: texts.channel.column(ROOM_ROWS),
            first_message_at: Vec::with_capacity(ROOM_ROWS),
        }
    }

    fn rows(rows: &Rows) -> &[ContactRow] {
        &rows.contacts
    }

    fn time(row: &ContactRow) -> Option<i64> {
        Some(row.first_message_at)
    }

    fn push(&mut self, walk: usize, rows: &Rows, row: &ContactRow) {
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
