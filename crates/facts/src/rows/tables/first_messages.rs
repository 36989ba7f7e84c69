//! Columns of first messages.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringBuilder};

use crate::rows::columns::{Coded, ids, instants, plain};
use crate::rows::dealt::Columns;
use crate::rows::values::Values;

pub(crate) struct FirstMessageColumns {
    source: Coded,
    contact: StringBuilder,
    channel: Coded,
    first_message_at: Vec<i64>,
    part: Vec<i32>,
}

impl Default for FirstMessageColumns {
    fn default() -> Self {
        Self { source: Coded::new(), contact: ids(), channel: Coded::new(), first_message_at: plain(), part: plain() }
    }
}

impl FirstMessageColumns {
    pub(crate) fn push(&mut self, source: u32, contact: &str, channel: u32, at: i64, part: i32) {
        self.source.push(source);
        self.contact.append_value(contact);
        self.channel.push(channel);
        self.first_message_at.push(at);
        self.part.push(part);
    }
}

impl Columns for FirstMessageColumns {
    fn len(&self) -> usize {
        self.first_message_at.len()
    }

    fn finish(self: Box<Self>, values: &Values) -> Vec<ArrayRef> {
        let Self { mut contact, .. } = *self;
        vec![
            self.source.finish(&values.source),
            Arc::new(contact.finish()),
            self.channel.finish(&values.channel),
            instants(self.first_message_at),
            Arc::new(Int32Array::from(self.part)),
        ]
    }
}
