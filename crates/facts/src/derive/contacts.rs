//! Who is known since when: the first messages of all periods put together to one row a contact and channel.
//!
//! The file is named by the periods' facts that it is made from, so that it is made once an ingest, and questions about
//! contacts are sums over times: no text is grouped. The contacts that ever opted out lie behind all others, in row
//! groups of their own: only their names are ever read.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use hashbrown::HashTable;
use tapemeasure_archive::Archive;
use tapemeasure_model::key::contact_key;

use super::files::{ParquetFile, parquet_rows, read_batches};
use super::names;
use super::{DeriveOptions, FactFile, Facts, named};
use crate::FactsError;
use crate::intern::Interner;
use crate::rows::columns::{Dictionary, Flags, ids, instants};
use crate::rows::tables::BATCH_ROWS;
use crate::schema::{contacts_schema, first_messages_schema};

/// First messages of which one part of the contacts is made at a time: 250 MB of memory for each thread where contacts
/// have eight letters, 400 MB where they are UUIDs.
const PART_ROWS: u64 = 2_000_000;

/// Fills the table of contacts from the first messages and the changes of subscriptions of all periods, whose facts
/// have the names `made_of`. Without names, where some lie in memory, the table is made in memory too: its rows depend on
/// what no name tells, be it a change of a subscription alone.
///
/// # Errors
/// A file cannot be read or written, or the user asked to stop.
pub(super) fn put_together(
    archive: &Archive,
    options: &DeriveOptions<'_>,
    made_of: Option<&[String]>,
    facts: &mut Facts,
) -> Result<(), FactsError> {
    if facts.first_messages.rows() == 0 {
        return Ok(());
    }
    let work = Work::new(options, facts);
    let Some(made_of) = made_of else {
        let mut all = Vec::new();
        let behind = work.run(|batch| {
            all.push(batch);
            Ok(())
        })?;
        all.extend(behind);
        facts.contacts.open = all;
        return Ok(());
    };
    let store = archive.derived();
    let piece = names::contacts(made_of);
    let name = format!("{piece}.parquet");
    if !store.exists(&name) {
        store.write_once(&name, |path| {
            let mut file = ParquetFile::create(path, &contacts_schema())?;
            let behind = work.run(|batch| file.write(&batch))?;
            file.end_row_group()?;
            behind.iter().try_for_each(|batch| file.write(batch))?;
            file.finish()
        })?;
    }
    let path = store.path_of(&name);
    let bytes =
        std::fs::metadata(&path).map_err(|source| FactsError::Io { path: path.display().to_string(), source })?.len();
    let rows = parquet_rows(&path)?;
    facts.contacts.files.push(FactFile { path, rows, bytes, min_time_us: None, max_time_us: None });
    facts.pieces.push(piece);
    Ok(())
}

/// What the contacts are made of, and how.
struct Work<'a> {
    options: &'a DeriveOptions<'a>,
    files: Vec<PathBuf>,
    batches: &'a [RecordBatch],
    changes: &'a [RecordBatch],
    /// First messages.
    rows: u64,
    parts: u64,
}

impl<'a> Work<'a> {
    fn new(options: &'a DeriveOptions<'a>, facts: &'a Facts) -> Self {
        let table = &facts.first_messages;
        let rows = table.rows();
        Self {
            options,
            files: table.files.iter().map(|file| file.path.clone()).collect(),
            batches: &table.open,
            changes: &facts.changes,
            rows,
            parts: rows.div_ceil(PART_ROWS).max(options.threads.max(1) as u64),
        }
    }

    /// Gives `each` the contacts that never opted out, part by part, and returns the others.
    fn run(&self, mut each: impl FnMut(RecordBatch) -> Result<(), FactsError>) -> Result<Vec<RecordBatch>, FactsError> {
        let threads = self.options.threads.max(1) as u64;
        let mut behind = Vec::new();
        for first in (0..self.parts).step_by(threads as usize) {
            let made = std::thread::scope(|scope| {
                let workers: Vec<_> = (first..self.parts.min(first + threads))
                    .map(|part| named("contacts").spawn_scoped(scope, move || self.part(part)))
                    .collect::<Result<_, _>>()
                    .map_err(|source| FactsError::NoThread { source })?;
                workers
                    .into_iter()
                    .map(|worker| worker.join().map_err(|_| FactsError::Thread)?)
                    .collect::<Result<Vec<_>, FactsError>>()
            })?;
            for [never, ever] in made {
                never.into_iter().try_for_each(&mut each)?;
                behind.extend(ever);
            }
        }
        Ok(behind)
    }

    /// The contacts of one part: those that never opted out, and those that did.
    fn part(&self, part: u64) -> Result<[Vec<RecordBatch>; 2], FactsError> {
        let mine = |hash: u64| (hash >> 32) % self.parts == part;
        let mut contacts = Contacts::with_room(self.rows.div_ceil(self.parts) as usize);
        for batch in self.batches {
            contacts.take(batch, mine)?;
        }
        for path in &self.files {
            for batch in read_batches(path, first_messages_schema())? {
                if self.options.cancelled.is_some_and(|cancelled| cancelled()) {
                    return Err(FactsError::Cancelled);
                }
                let columns = |source| FactsError::Columns { period: path.display().to_string(), source };
                contacts.take(&batch.map_err(columns)?, mine)?;
            }
        }
        for changes in self.changes {
            contacts.mark(changes)?;
        }
        Ok(contacts.batches()?)
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

#[derive(Default)]
struct Contacts {
    sources: Interner,
    channels: Interner,
    texts: String,
    rows: Vec<Row>,
    /// The last row of each contact.
    last: HashTable<u32>,
}

impl Contacts {
    /// With room for so many rows: a table that grows looks at every contact again.
    fn with_room(rows: usize) -> Self {
        Self { rows: Vec::with_capacity(rows), last: HashTable::with_capacity(rows), ..Self::default() }
    }

    /// Takes in the first messages of a period of those contacts whose hash is `mine`.
    fn take(&mut self, batch: &RecordBatch, mine: impl Fn(u64) -> bool) -> Result<(), FactsError> {
        let (source, contact) = who(batch, &mut self.sources)?;
        let mut channel = Vec::new();
        self.channels.ids_of(dictionary(batch, "channel")?, &mut channel);
        let at = batch
            .column_by_name("first_message_at")
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
            .ok_or(FactsError::Column { column: "first_message_at" })?;
        for row in 0..batch.num_rows() {
            let text = contact.value(row);
            let hash = hash(&self.sources, source[row], text);
            if mine(hash) {
                self.see(hash, source[row], text, channel[row], at.value(row));
            }
        }
        Ok(())
    }

    fn see(&mut self, hash: u64, source: u32, contact: &str, channel: u32, at: i64) {
        let (rows, texts, sources) = (&mut self.rows, &mut self.texts, &self.sources);
        let new = rows.len() as u32;
        let found = self.last.find_mut(hash, |&idx| {
            let row = &rows[idx as usize];
            row.source == source && text(texts, row) == contact
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
        let Some(last) = found else {
            let start = texts.len();
            texts.push_str(contact);
            rows.push(row(start, None));
            self.last.insert_unique(hash, new, |&idx| {
                let row = &rows[idx as usize];
                self::hash(sources, row.source, text(texts, row))
            });
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

    /// Marks the contacts that opted out by some of the changes.
    fn mark(&mut self, changes: &RecordBatch) -> Result<(), FactsError> {
        let (source, contact) = who(changes, &mut self.sources)?;
        let opted_out = changes
            .column_by_name("opted_out")
            .and_then(|column| column.as_boolean_opt())
            .ok_or(FactsError::Column { column: "opted_out" })?;
        for change in (0..changes.num_rows()).filter(|&change| opted_out.value(change)) {
            let name = contact.value(change);
            let found = self.last.find(hash(&self.sources, source[change], name), |&idx| {
                let row = &self.rows[idx as usize];
                row.source == source[change] && text(&self.texts, row) == name
            });
            let mut next = found.copied();
            while let Some(idx) = next {
                let row = &mut self.rows[idx as usize];
                row.ever_opted_out = true;
                next = row.next;
            }
        }
        Ok(())
    }

    /// The rows of those that never opted out, and of those that did.
    fn batches(mut self) -> Result<[Vec<RecordBatch>; 2], ArrowError> {
        self.find_first();
        let sources = Dictionary::of(std::iter::once(&self.sources));
        let channels = Dictionary::of(std::iter::once(&self.channels));
        let side = |ever: bool| -> Result<Vec<RecordBatch>, ArrowError> {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.ever_opted_out == ever).collect();
            let batch = |rows: &[&Row]| {
                let n = rows.len();
                let (mut source, mut contact, mut channel) = (sources.column(n), ids(n), channels.column(n));
                let (mut is_first, mut ever_opted_out) = (Flags::new(n), Flags::new(n));
                for row in rows {
                    source.push(0, row.source);
                    contact.append_value(text(&self.texts, row));
                    channel.push(0, row.channel);
                    is_first.push(row.is_first);
                    ever_opted_out.push(row.ever_opted_out);
                }
                let columns: Vec<ArrayRef> = vec![
                    source.finish(),
                    Arc::new(contact.finish()),
                    channel.finish(),
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
        for &last in &self.last {
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

/// The hash of a contact, the same in every run: it says which part a contact belongs to, and so the order of rows.
fn hash(sources: &Interner, source: u32, contact: &str) -> u64 {
    contact_key(sources.text(source).unwrap_or_default(), contact) as u64
}

/// The contact of a row.
fn text<'t>(texts: &'t str, row: &Row) -> &'t str {
    &texts[row.start..row.start + row.len as usize]
}

/// The numbers of the sources of some rows, and their contacts.
fn who<'b>(batch: &'b RecordBatch, sources: &mut Interner) -> Result<(Vec<u32>, &'b StringArray), FactsError> {
    let mut source = Vec::new();
    sources.ids_of(dictionary(batch, "source")?, &mut source);
    let contact = batch
        .column_by_name("contact_id")
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or(FactsError::Column { column: "contact_id" })?;
    Ok((source, contact))
}

fn dictionary<'b>(batch: &'b RecordBatch, name: &'static str) -> Result<&'b DictionaryArray<Int32Type>, FactsError> {
    batch.column_by_name(name).and_then(|column| column.as_dictionary_opt()).ok_or(FactsError::Column { column: name })
}
