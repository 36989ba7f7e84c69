//! New rows and stored rows of a period to its new run.
//!
//! | module | does |
//! |---|---|
//! | [`cursor`], [`stored`] | one sorted sequence of rows: buffered, spilled, stored |
//! | [`heap`] | several of them as one |
//! | [`batch`] | rows to batches of the stored schema |
//! | [`movers`] | identities whose repeats sort elsewhere |
//! | [`plan`] | which periods are merged, how many at once |
//! | this file | [`merge_period`]: deduplication (kpi-rules E1) and writing |
//!
//! Rows come in order of the sort key, and rows of one sort key in order of arrival, a stored row first. A sort key is
//! an identity (it has source, event id and time), so repeats are neighbours:
//!
//! ```text
//! stored  e1 topic=a            e1 topic=a
//! new     e1 topic=a    ─────►  (duplicate)
//! new     e1 topic=b            e1 topic=b  (replaced)
//! new     e2                    e2          (accepted)
//! ```
//! A repeat that changes conversation, type or direction has another sort key and lies elsewhere. One hash of the
//! identity is kept for each row written; a hash that comes twice is looked into ([`movers`]), and the period is
//! written again without the rows that lost.

pub mod batch;
pub mod cursor;
pub mod heap;
pub mod movers;
pub mod plan;
pub mod stored;

use std::thread;

use tapemeasure_archive::{Archive, EventFile, KeyRange, RunOptions, RunWriter};
use tapemeasure_model::key::identity_hash;
use tapemeasure_model::period::Period;

use self::batch::EventBatch;
use self::cursor::Cursor;
use self::heap::Merge;
use self::movers::{Movers, repeated};
use self::stored::StoredRows;
use crate::control::{Control, joined};
use crate::error::IngestError;
use crate::rows::SortedRows;
use crate::rows::codec::{self, NEW};
use crate::spill::Run;

/// What the merges of an ingest share.
pub struct Job<'a> {
    /// Where stored rows are and the new runs go.
    pub archive: &'a Archive,
    /// New rows in memory.
    pub buffers: &'a [SortedRows],
    /// New rows on disk.
    pub runs: &'a [Run],
    /// Whether bodies are stored; if not, they do not count when contents are compared.
    pub keep_body: bool,
    /// Threads to be used at most.
    pub threads: usize,
    /// Memory for all merges together.
    pub memory_bytes: usize,
    /// Stops everything.
    pub control: &'a Control<'a>,
}

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows of new identities.
    pub accepted: u64,
    /// Rows that took the place of another.
    pub replaced: u64,
    /// Rows that say what is there already.
    pub duplicates: u64,
}

impl Counts {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.replaced += other.replaced;
        self.duplicates += other.duplicates;
    }

    /// Whether the period is another than before.
    pub fn changed(self) -> bool {
        self.accepted + self.replaced > 0
    }
}

/// A period, merged. The files belong to nobody until they are committed, and are removed on drop unless
/// [`keep`](Self::keep) is called.
pub struct Merged<'a> {
    archive: &'a Archive,
    /// The period.
    pub period: Period,
    /// Its files before.
    pub before: Vec<EventFile>,
    /// Its files after; none if nothing is new or replaced: then those before stay.
    pub after: Vec<EventFile>,
    /// What became of the new rows.
    pub counts: Counts,
}

impl Merged<'_> {
    /// The files are committed.
    pub fn keep(mut self) {
        self.after.clear();
    }
}

impl Drop for Merged<'_> {
    fn drop(&mut self) {
        self.archive.discard(&self.after);
    }
}

/// Merges new rows into a period with these files, on that many threads, each with a share of the keys.
///
/// # Errors
/// Reading, writing, or the ingest was stopped; then nothing is left on disk.
pub fn merge_period<'a>(
    job: &Job<'a>,
    period: Period,
    before: &[EventFile],
    threads: usize,
) -> Result<Merged<'a>, IngestError> {
    let shares = KeyRange::split(threads);
    let rows = new_rows(job, period) + before.iter().map(|file| file.rows).sum::<u64>();
    let expected = usize::try_from(rows).unwrap_or_default() / shares.len();
    let one = |share: KeyRange| pass(job, period, before, share, Identities::Collect { expected });
    let one = &one;
    let passes: Vec<Result<Pass, IngestError>> = match shares[..] {
        [all] => vec![one(all)],
        _ => thread::scope(|scope| {
            let workers: Vec<_> = shares.iter().map(|&share| scope.spawn(move || one(share))).collect();
            workers.into_iter().map(joined).collect()
        }),
    };
    // In here from the start, so that files are removed whichever share failed.
    let mut merged =
        Merged { archive: job.archive, period, before: before.to_vec(), after: Vec::new(), counts: Counts::default() };
    let mut hashes = Vec::new();
    let mut failed = None;
    for pass in passes {
        match pass {
            Ok(pass) => {
                merged.after.extend(pass.files);
                merged.counts.add(pass.counts);
                if hashes.is_empty() {
                    hashes = pass.hashes;
                } else {
                    hashes.extend(pass.hashes);
                }
            }
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let suspects = repeated(hashes);
    if !suspects.is_empty() {
        let movers = Movers::resolve(job, period, before, suspects)?;
        job.archive.discard(&std::mem::take(&mut merged.after));
        let again = pass(job, period, before, KeyRange::ALL, Identities::Known(&movers))?;
        merged.after = again.files;
        merged.counts = again.counts;
        merged.counts.add(movers.counts);
    }
    if !merged.counts.changed() {
        job.archive.discard(&std::mem::take(&mut merged.after));
    }
    Ok(merged)
}

/// The rows of a period whose keys lie in a range, from everywhere.
///
/// # Errors
/// The archive cannot be read.
pub fn cursors<'a>(
    job: &Job<'a>,
    period: Period,
    before: &[EventFile],
    keys: KeyRange,
) -> Result<Vec<Cursor<'a>>, IngestError> {
    let range = keys.min..=keys.max;
    let mut cursors = Vec::new();
    if !before.is_empty() {
        cursors.push(Cursor::Stored(Box::new(StoredRows::open(job.archive, period, before, keys)?)));
    }
    for rows in job.buffers {
        let rest = rows.places(period, range.clone());
        if !rest.is_empty() {
            cursors.push(Cursor::Buffered { rows, current: rest.start, rest });
        }
    }
    for run in job.runs.iter().filter(|run| run.rows(period) > 0) {
        cursors.push(Cursor::Spilled(run.cursor(period, range.clone())));
    }
    Ok(cursors)
}

/// New rows of a period.
pub fn new_rows(job: &Job<'_>, period: Period) -> u64 {
    let buffered = job.buffers.iter().filter_map(|rows| rows.segments().get(&period)).map(|places| places.len() as u64);
    let spilled = job.runs.iter().map(|run| run.rows(period));
    buffered.chain(spilled).sum()
}

/// What one pass over a share of a period gives.
struct Pass {
    files: Vec<EventFile>,
    counts: Counts,
    /// Hash of the identity of every row written; empty if the movers are known.
    hashes: Vec<u64>,
}

/// What a pass knows of identities whose repeats sort elsewhere.
#[derive(Clone, Copy)]
enum Identities<'a> {
    /// Nothing yet: a hash is collected of every row, of about as many.
    Collect { expected: usize },
    /// Which rows lost.
    Known(&'a Movers),
}

fn pass(
    job: &Job<'_>,
    period: Period,
    before: &[EventFile],
    keys: KeyRange,
    identities: Identities<'_>,
) -> Result<Pass, IngestError> {
    let (movers, hashes) = match identities {
        Identities::Collect { expected } => (None, Some(Vec::with_capacity(expected))),
        Identities::Known(movers) => (Some(movers), None),
    };
    let mut rows = Merge::new(cursors(job, period, before, keys)?)?;
    let mut output = Output {
        job,
        period,
        writer: RunWriter::new(job.archive, period, RunOptions::default()),
        batch: EventBatch::new(),
        hashes,
    };
    let mut counts = Counts::default();
    // The row that stands for its sort key so far, copied, because the cursor that it came from goes on.
    let mut pending: Vec<u8> = Vec::new();
    while let Some(row) = rows.row() {
        let is_new = codec::order(row) >= NEW;
        if let Some(movers) = movers
            && movers.lost(row)
        {
            rows.advance()?;
            continue;
        }
        // The movers' own counts are known, and a survivor of theirs has no neighbour left to be compared with.
        let counted = is_new && !movers.is_some_and(|movers| movers.suspects(row));
        if !pending.is_empty() && codec::same_sort_key(&pending, row) {
            if codec::same_content(&pending, row, !job.keep_body) {
                counts.duplicates += u64::from(counted);
            } else {
                counts.replaced += u64::from(counted);
                pending.clear();
                pending.extend_from_slice(row);
            }
        } else {
            if !pending.is_empty() {
                output.row(&pending)?;
            }
            counts.accepted += u64::from(counted);
            pending.clear();
            pending.extend_from_slice(row);
        }
        rows.advance()?;
    }
    if !pending.is_empty() {
        output.row(&pending)?;
    }
    let hashes = output.hashes.take().unwrap_or_default();
    Ok(Pass { files: output.finish()?, counts, hashes })
}

/// Where the rows of a pass go.
struct Output<'a> {
    job: &'a Job<'a>,
    period: Period,
    writer: RunWriter,
    batch: EventBatch,
    hashes: Option<Vec<u64>>,
}

impl Output<'_> {
    fn row(&mut self, row: &[u8]) -> Result<(), IngestError> {
        let event = codec::decode(row).ok_or_else(|| broken_row(self.period))?;
        if let Some(hashes) = &mut self.hashes {
            hashes.push(hash_of(row).ok_or_else(|| broken_row(self.period))?);
        }
        self.batch.push(&event);
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), IngestError> {
        self.job.control.check()?;
        let batch = self.batch.finish();
        let batch = batch.map_err(|source| IngestError::Batch { period: self.period.label(), source })?;
        if let Some(batch) = batch {
            self.writer.write(&batch)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<EventFile>, IngestError> {
        self.flush()?;
        Ok(self.writer.finish()?)
    }
}

/// Hash of the identity of a row; `None` if its ids are no UTF-8.
pub fn hash_of(row: &[u8]) -> Option<u64> {
    let ids = codec::ids(row);
    let (source, event_id) = (std::str::from_utf8(ids.source).ok()?, std::str::from_utf8(ids.event_id).ok()?);
    Some(identity_hash(source, event_id, codec::time_us(row)))
}

/// The error of a row that is not as it was encoded.
pub fn broken_row(period: Period) -> IngestError {
    IngestError::BrokenRow { period: period.label() }
}
