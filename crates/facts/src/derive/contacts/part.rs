//! The contacts of a few parts, while they are put together.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use hashbrown::HashTable;

use crate::FactsError;
use crate::intern::Interner;
use crate::rows::columns::{Coded, Flags, ids, instants};
use crate::rows::dealt::BATCH_ROWS;
use crate::rows::first_messages::{PARTS, contact_hash, part_of};
use crate::schema::contacts_schema;

/// The contacts that opted out, by the part that they belong to. A contact that did so often has several entries.
pub(super) struct OptOuts<'a> {
    parts: Vec<Vec<OptOut<'a>>>,
}

/// A contact that opted out.
struct OptOut<'a> {
    hash: u64,
    source: &'a str,
    contact: &'a str,
}

impl<'a> OptOuts<'a> {
    /// Those of some changes of subscriptions.
    pub(super) fn of(changes: &'a [RecordBatch]) -> Result<Self, FactsError> {
        let mut parts: Vec<Vec<OptOut<'a>>> = (0..PARTS).map(|_| Vec::new()).collect();
        for batch in changes {
            let sources = dictionary(batch, "source")?;
            let texts = sources.values().as_string_opt::<i32>().ok_or(FactsError::Column { column: "source" })?;
            let contacts = contacts(batch)?;
            let opted_out = batch
                .column_by_name("opted_out")
                .and_then(|column| column.as_boolean_opt())
                .ok_or(FactsError::Column { column: "opted_out" })?;
            for row in (0..batch.num_rows()).filter(|&row| opted_out.value(row)) {
                let source = sources.key(row).map_or("", |key| texts.value(key));
                let contact = contacts.value(row);
                let hash = contact_hash(source, contact);
                parts[part_of(hash) as usize].push(OptOut { hash, source, contact });
            }
        }
        Ok(Self { parts })
    }

    fn of_parts(&self, parts: &Range<i32>) -> impl Iterator<Item = &OptOut<'a>> {
        self.parts[parts.start as usize..parts.end as usize].iter().flatten()
    }
}

/// A contact on a channel.
struct Row {
    source: u32,
    channel: u32,
    /// Where its contact begins in the texts.
    start: usize,
    len: u32,
    /// The contact's row before this one.
    next: Option<u32>,
    first_message_at: i64,
    is_first: bool,
    ever_opted_out: bool,
}

/// Contacts by their hash.
#[derive(Default)]
pub(super) struct Contacts {
    sources: Interner,
    channels: Interner,
    texts: String,
    rows: Vec<Row>,
    /// Hash and last row of each contact.
    last: HashTable<(u64, u32)>,
}

impl Contacts {
    /// Takes in the first messages of those contacts that belong to some parts.
    pub(super) fn take(&mut self, batch: &RecordBatch, parts: &Range<i32>) -> Result<(), FactsError> {
        let part = batch
            .column_by_name("part")
            .and_then(|column| column.as_primitive_opt::<Int32Type>())
            .ok_or(FactsError::Column { column: "part" })?
            .values();
        if !part.iter().any(|part| parts.contains(part)) {
            return Ok(());
        }
        let (mut source, mut channel) = (Vec::new(), Vec::new());
        self.sources.ids_of(dictionary(batch, "source")?, &mut source);
        self.channels.ids_of(dictionary(batch, "channel")?, &mut channel);
        let contacts = contacts(batch)?;
        let at = batch
            .column_by_name("first_message_at")
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
            .ok_or(FactsError::Column { column: "first_message_at" })?;
        for row in (0..batch.num_rows()).filter(|&row| parts.contains(&part[row])) {
            self.see(source[row], contacts.value(row), channel[row], at.value(row));
        }
        Ok(())
    }

    fn see(&mut self, source: u32, contact: &str, channel: u32, at: i64) {
        let hash = contact_hash(self.sources.text(source).unwrap_or_default(), contact);
        let (rows, texts) = (&mut self.rows, &mut self.texts);
        let new = rows.len() as u32;
        let found = self.last.find_mut(hash, |&(known, idx)| {
            let row = &rows[idx as usize];
            known == hash && row.source == source && text(texts, row) == contact
        });
        let row = |start: usize, next| Row {
            source,
            channel,
            start,
            len: contact.len() as u32,
            next,
            first_message_at: at,
            is_first: false,
            ever_opted_out: false,
        };
        let Some((_, last)) = found else {
            let start = texts.len();
            texts.push_str(contact);
            rows.push(row(start, None));
            self.last.insert_unique(hash, (hash, new), |&(hash, _)| hash);
            return;
        };
        let mut next = Some(*last);
        while let Some(idx) = next {
            let known = &mut rows[idx as usize];
            if known.channel == channel {
                known.first_message_at = known.first_message_at.min(at);
                return;
            }
            next = known.next;
        }
        let start = rows[*last as usize].start;
        rows.push(row(start, Some(*last)));
        *last = new;
    }

    /// Marks the contacts of the same parts that opted out.
    pub(super) fn mark(&mut self, opt_outs: &OptOuts<'_>, parts: &Range<i32>) {
        for OptOut { hash, source, contact } in opt_outs.of_parts(parts) {
            let found = self.last.find(*hash, |&(known, idx)| {
                let row = &self.rows[idx as usize];
                known == *hash && self.sources.text(row.source) == Some(*source) && text(&self.texts, row) == *contact
            });
            let mut next = found.map(|&(_, last)| last);
            while let Some(idx) = next {
                let row = &mut self.rows[idx as usize];
                row.ever_opted_out = true;
                next = row.next;
            }
        }
    }

    /// The rows of those that never opted out, and of those that did.
    pub(super) fn batches(mut self) -> Result<[Vec<RecordBatch>; 2], ArrowError> {
        self.find_first();
        let (sources, channels) = (self.sources.values(), self.channels.values());
        let side = |ever: bool| -> Result<Vec<RecordBatch>, ArrowError> {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.ever_opted_out == ever).collect();
            let batch = |rows: &[&Row]| {
                let (mut source, mut contact, mut channel) = (Coded::new(), ids(), Coded::new());
                let (mut is_first, mut ever_opted_out) = (Flags::new(), Flags::new());
                for row in rows {
                    source.push(row.source);
                    contact.append_value(text(&self.texts, row));
                    channel.push(row.channel);
                    is_first.push(row.is_first);
                    ever_opted_out.push(row.ever_opted_out);
                }
                let columns: Vec<ArrayRef> = vec![
                    source.finish(&sources),
                    Arc::new(contact.finish()),
                    channel.finish(&channels),
                    instants(rows.iter().map(|row| row.first_message_at).collect()),
                    is_first.finish(),
                    ever_opted_out.finish(),
                ];
                RecordBatch::try_new(contacts_schema(), columns)
            };
            rows.chunks(BATCH_ROWS).map(batch).collect()
        };
        Ok([side(false)?, side(true)?])
    }

    /// Marks the first row of each contact: the least time, of equal ones the first channel.
    fn find_first(&mut self) {
        for &(_, last) in &self.last {
            let when = |idx: u32| {
                let row = &self.rows[idx as usize];
                (row.first_message_at, self.channels.text(row.channel))
            };
            let (mut first, mut next) = (last, self.rows[last as usize].next);
            while let Some(idx) = next {
                if when(idx) < when(first) {
                    first = idx;
                }
                next = self.rows[idx as usize].next;
            }
            self.rows[first as usize].is_first = true;
        }
    }
}

/// The contact of a row.
fn text<'t>(texts: &'t str, row: &Row) -> &'t str {
    &texts[row.start..row.start + row.len as usize]
}

fn contacts(batch: &RecordBatch) -> Result<&StringArray, FactsError> {
    batch
        .column_by_name("contact_id")
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or(FactsError::Column { column: "contact_id" })
}

fn dictionary<'b>(batch: &'b RecordBatch, name: &'static str) -> Result<&'b DictionaryArray<Int32Type>, FactsError> {
    batch.column_by_name(name).and_then(|column| column.as_dictionary_opt()).ok_or(FactsError::Column { column: name })
}
