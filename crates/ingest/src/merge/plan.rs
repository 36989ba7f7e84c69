//! Which periods are merged, and how many at once.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tapemeasure_archive::{EventFile, Snapshot};
use tapemeasure_model::period::Period;

use super::{Job, Merged, merge_period, new_rows, stored};
use crate::control::joined;
use crate::error::IngestError;
use crate::spill;

/// Memory of a writer of runs: the open row group of 262,144 rows with its dictionaries, and a batch.
const WRITER_BYTES: usize = 64 << 20;

/// Rows from which a period is worth being shared among threads: each share makes a file.
const SHARE_ROWS: u64 = 1_000_000;

/// The periods with new rows, ascending.
pub fn touched(job: &Job<'_>) -> Vec<Period> {
    let buffered = job.buffers.iter().flat_map(|rows| rows.segments().keys().copied());
    let spilled = job.runs.iter().flat_map(|run| run.periods().map(|(period, _)| period));
    buffered.chain(spilled).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A period to be merged.
struct Task<'s> {
    period: Period,
    before: &'s [EventFile],
    rows: u64,
}

/// Merges new rows into periods of a snapshot. Large periods first, so that no thread is left with one at the end;
/// where there are fewer periods than threads, each is shared among the threads instead.
///
/// # Errors
/// The first failure; then nothing is left on disk.
pub fn merge_periods<'a>(
    job: &Job<'a>,
    periods: &[Period],
    snapshot: &Snapshot,
) -> Result<Vec<Merged<'a>>, IngestError> {
    let mut tasks: Vec<Task<'_>> = periods
        .iter()
        .map(|&period| {
            let before = snapshot.files_of(period);
            Task { period, before, rows: new_rows(job, period) + before.iter().map(|file| file.rows).sum::<u64>() }
        })
        .collect();
    tasks.sort_by_key(|task| Reverse(task.rows));
    let threads = threads_for(job, tasks.first().map_or(0, |task| task.rows));
    if tasks.len() < threads {
        let share_out = |task: &Task<'_>| {
            let shares = usize::try_from(task.rows / SHARE_ROWS).unwrap_or(usize::MAX).clamp(1, threads);
            merge_period(job, task.period, task.before, shares)
        };
        return tasks.iter().map(share_out).collect();
    }
    let next = AtomicUsize::new(0);
    let (tasks, next) = (&tasks[..], &next);
    let merged = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(move || merge_some(job, tasks, next))).collect();
        workers.into_iter().flat_map(joined).collect::<Vec<_>>()
    });
    job.control.outcome()?;
    Ok(merged)
}

fn merge_some<'a>(job: &Job<'a>, tasks: &[Task<'_>], next: &AtomicUsize) -> Vec<Merged<'a>> {
    let mut merged = Vec::new();
    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
        if job.control.is_stopped() {
            break;
        }
        match merge_period(job, task.period, task.before, 1) {
            Ok(done) => merged.push(done),
            Err(error) => job.control.fail(error),
        }
    }
    merged
}

/// As many threads as memory allows: each has a writer, a reader of stored rows, a cursor into every run, and a share
/// of the hashes of the rows.
fn threads_for(job: &Job<'_>, largest_rows: u64) -> usize {
    let hashes = usize::try_from(largest_rows).unwrap_or(usize::MAX).saturating_mul(size_of::<u64>());
    let one = hashes
        .saturating_add(WRITER_BYTES + stored::CURSOR_BYTES)
        .saturating_add(job.runs.len().saturating_mul(spill::CURSOR_BYTES));
    (job.memory_bytes / one).clamp(1, job.threads.max(1))
}
