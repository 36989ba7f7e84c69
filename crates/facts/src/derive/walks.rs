//! The walks over all ranges of keys, side by side.

use tapemeasure_archive::{Archive, EventFile, KeyRange, read_run};
use tapemeasure_model::period::Period;
use tapemeasure_model::settings::Settings;

use super::{DeriveOptions, named};
use crate::FactsError;
use crate::carry::{assemble, decode, encode};
use crate::deletions::DeletedIds;
use crate::fold::batch::{Batch, COLUMNS, Interners};
use crate::fold::range::Walk;
use crate::rows::tables::Share;

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
    pub(super) carried: u64,
    pub(super) carry: String,
    pub(super) carry_bytes: Vec<u8>,
}

/// What one walk gives at the end of a period.
struct Part {
    rows: Share,
    closes: u64,
    events: u64,
    carried: u64,
    carry: Vec<u8>,
}

impl<'a> Walks<'a> {
    /// Walks with nothing carried into them.
    pub(super) fn new(archive: &'a Archive, settings: &'a Settings, options: DeriveOptions<'a>, as_of_us: i64) -> Self {
        let ranges = KeyRange::split(options.threads.max(1));
        let walks = ranges.iter().map(|_| Walk::new(settings, as_of_us)).collect();
        Self { archive, options, ranges, walks }
    }

    /// Replaces what is carried by what an earlier run left. `None` for damaged bytes.
    pub(super) fn load(&mut self, carry: &[u8]) -> Option<()> {
        let mut interners: Vec<Interners> = self.walks.iter().map(|w| w.interners.clone()).collect();
        let ranges: Vec<(i64, i64)> = self.ranges.iter().map(|r| (r.min, r.max)).collect();
        let sessions = decode(carry, &ranges, &mut interners)?;
        for ((walk, sessions), interners) in self.walks.iter_mut().zip(sessions).zip(interners) {
            walk.interners = interners;
            walk.carry_in(sessions);
        }
        Some(())
    }

    /// Folds a period.
    ///
    /// # Errors
    /// The events cannot be read, or the user asked to stop.
    pub(super) fn fold(
        &mut self,
        period: Period,
        files: &[EventFile],
        deletions: &DeletedIds,
    ) -> Result<Folded, FactsError> {
        let (archive, options) = (self.archive, self.options);
        let mut parts = std::thread::scope(|scope| {
            let workers: Vec<_> = self
                .walks
                .iter_mut()
                .zip(&self.ranges)
                .map(|(walk, &range)| {
                    named("fold")
                        .spawn_scoped(scope, move || share(archive, &options, walk, range, period, files, deletions))
                })
                .collect::<Result<_, _>>()
                .map_err(|source| FactsError::NoThread { source })?;
            workers
                .into_iter()
                .map(|worker| worker.join().map_err(|_| FactsError::Thread)?)
                .collect::<Result<Vec<Part>, FactsError>>()
        })?;
        let carries: Vec<Vec<u8>> = parts.iter_mut().map(|part| std::mem::take(&mut part.carry)).collect();
        let (carry_bytes, carry) = assemble(&carries);
        Ok(Folded {
            closes: parts.iter().map(|part| part.closes).sum(),
            events: parts.iter().map(|part| part.events).sum(),
            carried: parts.iter().map(|part| part.carried).sum(),
            carry,
            carry_bytes,
            shares: parts.into_iter().map(|part| part.rows).collect(),
        })
    }

    /// The rows of everything that is carried, as of the as-of time.
    pub(super) fn open_rows(&self) -> Vec<Share> {
        self.walks.iter().map(|walk| (walk.rows_as_of(walk.carried()), walk.interners.clone())).collect()
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
) -> Result<Part, FactsError> {
    let mut events = 0;
    walk.begin(period.start_us());
    for batch in read_run(archive, files, COLUMNS, range, BATCH_ROWS)? {
        if options.cancelled.is_some_and(|cancelled| cancelled()) {
            return Err(FactsError::Cancelled);
        }
        let batch = Batch::new(&batch?, &mut walk.interners)?;
        walk.fold(&batch, deletions);
        events += batch.rows as u64;
        if let Some(progress) = options.progress {
            progress(batch.rows as u64);
        }
    }
    let (rows, closes) = walk.end();
    let carry = encode(walk.carried(), &walk.interners);
    let carried = walk.carried().len() as u64;
    Ok(Part { rows: (rows, walk.interners.clone()), closes, events, carried, carry })
}
