//! Who is known since when: the first messages of all periods put together to one row a contact and channel.
//!
//! The files are named by the periods' facts that they are made from, so that they are made once an ingest, and questions
//! about contacts are sums over times: no text is grouped. Contacts are parted by their hash. A file holds some of the
//! parts, and is made a few parts at a time, so that what is looked up stays in the cache. The contacts that ever opted
//! out lie behind the others of a file, in row groups of their own: only their names are ever read.

mod part;

use std::ops::Range;

use arrow::array::RecordBatch;
use tapemeasure_archive::Archive;

use super::files::{OpenFile, ParquetFile, rows_and_bytes};
use super::threads::side_by_side;
use super::{DeriveOptions, FactFile, Facts, names};
use crate::FactsError;
use crate::rows::first_messages::PARTS;
use crate::schema::{contacts_schema, first_messages_schema};
use part::{Contacts, OptOuts};

/// First messages that the contacts of a file are made of, where they are spread evenly: the work of one thread.
const FILE_ROWS: u64 = 1 << 18;

/// First messages that are put together at once, where that is no less than a part.
const ROUND_ROWS: u64 = 1 << 16;

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
    let rows = facts.first_messages.rows();
    if rows == 0 {
        return Ok(());
    }
    let ranges = cut(0..PARTS, rows.div_ceil(FILE_ROWS));
    let Some(made_of) = made_of else {
        let work = Work::new(options, facts)?;
        let made = side_by_side("contacts", options.threads, ranges, |parts| {
            let mut all = Vec::new();
            let behind = work.run(parts, |batch| {
                all.push(batch);
                Ok(())
            })?;
            all.extend(behind);
            Ok(all)
        })?;
        facts.contacts.open = made.into_iter().flatten().collect();
        return Ok(());
    };
    let store = archive.derived();
    let piece = names::contacts(made_of);
    let name = |parts: &Range<i32>| format!("{piece}.{}-{}.parquet", parts.start, parts.end);
    let missing: Vec<_> = ranges.iter().filter(|parts| !store.exists(&name(parts))).cloned().collect();
    if !missing.is_empty() {
        let work = Work::new(options, facts)?;
        side_by_side("contacts", options.threads, missing, |parts| {
            store.write_once(&name(&parts), |path| {
                let mut file = ParquetFile::create(path, &contacts_schema())?;
                let behind = work.run(parts, |batch| file.write(&batch))?;
                file.end_row_group()?;
                behind.iter().try_for_each(|batch| file.write(batch))?;
                file.finish()
            })
        })?;
    }
    let files = side_by_side("contacts", options.threads, ranges, |parts| {
        let path = store.path_of(&name(&parts));
        let (rows, bytes) = rows_and_bytes(&path)?;
        Ok(FactFile { path, rows, bytes, min_time_us: None, max_time_us: None })
    })?;
    facts.contacts.files.extend(files.into_iter().filter(|file| file.rows > 0));
    facts.pieces.push(piece);
    Ok(())
}

/// Some parts as about so many ranges of one length.
fn cut(parts: Range<i32>, ranges: u64) -> Vec<Range<i32>> {
    let len = (parts.len() as u64 / ranges.next_power_of_two()).max(1) as usize;
    parts.clone().step_by(len).map(|first| first..(first + len as i32).min(parts.end)).collect()
}

/// What the contacts are made of.
struct Work<'a> {
    options: &'a DeriveOptions<'a>,
    files: Vec<OpenFile>,
    batches: &'a [RecordBatch],
    opt_outs: OptOuts<'a>,
    /// First messages.
    rows: u64,
}

impl<'a> Work<'a> {
    fn new(options: &'a DeriveOptions<'a>, facts: &'a Facts) -> Result<Self, FactsError> {
        let table = &facts.first_messages;
        let open = |path| OpenFile::open(path, Some(first_messages_schema()));
        Ok(Self {
            options,
            files: table.files.iter().map(|file| open(&file.path)).collect::<Result<_, _>>()?,
            batches: &table.open,
            opt_outs: OptOuts::of(&facts.changes)?,
            rows: table.rows(),
        })
    }

    /// Gives `each` the contacts of some parts that never opted out, and returns the others.
    fn run(
        &self,
        parts: Range<i32>,
        mut each: impl FnMut(RecordBatch) -> Result<(), FactsError>,
    ) -> Result<Vec<RecordBatch>, FactsError> {
        let mut behind = Vec::new();
        let rows = self.rows * parts.len() as u64 / PARTS as u64;
        for parts in cut(parts, rows.div_ceil(ROUND_ROWS).max(1)) {
            let [never, ever] = self.round(&parts)?;
            never.into_iter().try_for_each(&mut each)?;
            behind.extend(ever);
        }
        Ok(behind)
    }

    /// The contacts of some parts: those that never opted out, and those that did.
    fn round(&self, parts: &Range<i32>) -> Result<[Vec<RecordBatch>; 2], FactsError> {
        let mut contacts = Contacts::default();
        for batch in self.batches {
            contacts.take(batch, parts)?;
        }
        let column = first_messages_schema().index_of("part")?;
        for file in &self.files {
            for batch in file.read_where(column, parts)? {
                if self.options.cancelled.is_some_and(|cancelled| cancelled()) {
                    return Err(FactsError::Cancelled);
                }
                contacts.take(&batch?, parts)?;
            }
        }
        contacts.mark(&self.opt_outs, parts);
        Ok(contacts.batches()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_into_ranges_of_one_length() {
        assert_eq!(cut(0..64, 1).first(), Some(&(0..64)));
        assert_eq!(cut(0..64, 3), [0..16, 16..32, 32..48, 48..64], "a power of two");
        assert_eq!(cut(16..32, 2), [16..24, 24..32]);
        assert_eq!(cut(8..10, 1_000), [8..9, 9..10], "no less than a part");
    }
}
