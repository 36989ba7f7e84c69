//! The walks over all ranges of keys, side by side.

use std::sync::Arc;

use tapemeasure_archive::{Archive, EventFile, KeyRange, read_run};
use tapemeasure_model::period::Period;
use tapemeasure_model::settings::Settings;

use super::DeriveOptions;
use super::threads::side_by_side;
use crate::FactsError;
use crate::carry::{self, Sessions};
use crate::deletions::DeletedIds;
use crate::fold::batch::{Batch, COLUMNS};
use crate::fold::range::Walk;
use crate::rows::Share;

/// Events that are decoded at once: large enough that the cost of a batch vanishes, small enough for the cache.
const BATCH_ROWS: usize = 16_384;

/// One walk for each range of keys, ascending.
pub(super) struct Walks<'a> {
    archive: &'a Archive,
    options: DeriveOptions<'a>,
    ranges: Vec<KeyRange>,
    walks: Vec<Walk<'a>>,
}

/// What came out of a period.
pub(super) struct Folded {
    pub(super) shares: Vec<Share>,
    pub(super) closes: u64,
    pub(super) events: u64,
    /// What each walk carries into the next period.
    pub(super) carried: Vec<Arc<Sessions>>,
}

/// What one walk gives at the end of a period.
struct WalkEnd {
    rows: Share,
    closes: u64,
    events: u64,
}

impl<'a> Walks<'a> {
    /// Walks with nothing carried into them.
    pub(super) fn new(archive: &'a Archive, settings: &'a Settings, options: DeriveOptions<'a>, as_of_us: i64) -> Self {
        let ranges = KeyRange::split(options.threads.max(1));
        let walks = ranges.iter().map(|_| Walk::new(settings, as_of_us)).collect();
        Self { archive, options, ranges, walks }
    }

    /// Replaces what is carried by what an earlier run left. `None` for damaged bytes.
    pub(super) fn load(&mut self, bytes: &[u8]) -> Option<()> {
        let ranges: Vec<(i64, i64)> = self.ranges.iter().map(|r| (r.min, r.max)).collect();
        let sessions = carry::read(bytes, &ranges)?;
        self.walks.iter_mut().zip(sessions).for_each(|(walk, sessions)| walk.carry_in(sessions));
        Some(())
    }

    /// Folds a period.
    ///
    /// # Errors
    /// The events or what is carried cannot be read, or the user asked to stop.
    pub(super) fn fold(
        &mut self,
        period: Period,
        files: &[EventFile],
        deletions: &DeletedIds,
    ) -> Result<Folded, FactsError> {
        let (archive, options) = (self.archive, self.options);
        let walks = self.walks.iter_mut().zip(&self.ranges);
        let ends = side_by_side("fold", options.threads, walks, |(walk, &range)| {
            share(archive, &options, walk, range, period, files, deletions)
        })?;
        Ok(Folded {
            closes: ends.iter().map(|end| end.closes).sum(),
            events: ends.iter().map(|end| end.events).sum(),
            carried: self.walks.iter().map(|walk| Arc::clone(walk.carried())).collect(),
            shares: ends.into_iter().map(|end| end.rows).collect(),
        })
    }

    /// The rows of everything that is carried, as of the as-of time.
    ///
    /// # Errors
    /// What is carried cannot be read.
    pub(super) fn open_rows(&mut self) -> Result<Vec<Share>, FactsError> {
        self.walks.iter_mut().map(Walk::open_rows).collect()
    }
}

fn share(
    archive: &Archive,
    options: &DeriveOptions<'_>,
    walk: &mut Walk<'_>,
    range: KeyRange,
    period: Period,
    files: &[EventFile],
    deletions: &DeletedIds,
) -> Result<WalkEnd, FactsError> {
    let mut events = 0;
    walk.begin(period.start_us())?;
    for batch in read_run(archive, files, COLUMNS, range, BATCH_ROWS)? {
        if options.cancelled.is_some_and(|cancelled| cancelled()) {
            return Err(FactsError::Cancelled);
        }
        let batch = Batch::new(&batch?, walk.interners())?;
        walk.fold(&batch, deletions)?;
        events += batch.rows as u64;
        if let Some(progress) = options.progress {
            progress(batch.rows as u64);
        }
    }
    let (rows, closes) = walk.end();
    Ok(WalkEnd { rows, closes, events })
}
