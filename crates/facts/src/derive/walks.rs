//! The walks over all ranges of keys, side by side through the periods.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::scope;

use tapemeasure_archive::{Archive, EventFile, KeyRange, read_run};
use tapemeasure_model::period::Period;
use tapemeasure_model::settings::Settings;

use super::DeriveOptions;
use super::threads::{named, side_by_side};
use crate::FactsError;
use crate::carry::{self, Sessions};
use crate::deletions::DeletedIds;
use crate::fold::batch::{Batch, COLUMNS};
use crate::fold::range::Walk;
use crate::rows::Share;

/// Events that are decoded at once: large enough that the cost of a batch vanishes, small enough for the cache.
const BATCH_ROWS: usize = 16_384;

/// A period that is to be in the facts.
pub(super) struct Link<'a> {
    pub(super) period: Period,
    pub(super) files: &'a [EventFile],
    /// Deletions that may have hit it.
    pub(super) deleted: DeletedIds,
    /// Whether all of it lies before the as-of time.
    pub(super) whole: bool,
}

/// One walk for each range of keys, ascending.
pub(super) struct Walks<'a> {
    archive: &'a Archive,
    options: DeriveOptions<'a>,
    ranges: Vec<KeyRange>,
    walks: Vec<Walk<'a>>,
}

/// What came out of a period.
#[derive(Default)]
pub(super) struct Folded {
    /// By range of keys, ascending.
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
    carried: Arc<Sessions>,
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
        self.carry_in(sessions.into_iter().map(Arc::new));
        Some(())
    }

    /// Folds periods and tells `each` in order of time what came out of them. No walk waits for another before it begins
    /// the next period, so that one may be a period ahead of what is told. Where `each` breaks off, the walks go back to
    /// the end of the period that it was told of.
    ///
    /// # Errors
    /// That of `each`; the events or what is carried cannot be read, or the user asked to stop.
    pub(super) fn through(
        &mut self,
        links: &[Link<'_>],
        mut each: impl FnMut(Folded) -> Result<ControlFlow<()>, FactsError>,
    ) -> Result<(), FactsError> {
        let (archive, options) = (self.archive, self.options);
        let stop = AtomicBool::new(false);
        let mut carried = Vec::new();
        let mut told = |ends: Vec<WalkEnd>| {
            let mut folded = Folded::default();
            for end in ends {
                folded.shares.push(end.rows);
                folded.closes += end.closes;
                folded.events += end.events;
                folded.carried.push(end.carried);
            }
            carried.clone_from(&folded.carried);
            each(folded)
        };
        scope(|scope| {
            let (mut threads, mut from_walks) = (Vec::new(), Vec::new());
            for (walk, &range) in self.walks.iter_mut().zip(&self.ranges) {
                let (to_here, from_walk) = sync_channel(0);
                let stop = &stop;
                from_walks.push(from_walk);
                threads.push(
                    named("fold")
                        .spawn_scoped(scope, move || lead(archive, &options, walk, range, links, stop, &to_here)),
                );
            }
            let mut all = || -> Result<(), FactsError> {
                for _ in links {
                    // A walk that has ended before says why where it is joined.
                    let Some(ends) = from_walks.iter().map(|walk| walk.recv().ok()).collect() else { break };
                    if told(ends)?.is_break() {
                        break;
                    }
                }
                Ok(())
            };
            let done = all();
            stop.store(true, Ordering::Relaxed);
            drop(from_walks);
            // All are joined before any result is looked at: a panic is met here, not by the scope.
            let joined: Vec<_> = threads
                .into_iter()
                .map(|thread| {
                    thread.map_err(|source| FactsError::NoThread { source })?.join().map_err(|_| FactsError::Thread)?
                })
                .collect();
            joined.into_iter().collect::<Result<(), _>>()?;
            done
        })?;
        self.carry_in(carried);
        Ok(())
    }

    fn carry_in(&mut self, sessions: impl IntoIterator<Item = Arc<Sessions>>) {
        self.walks.iter_mut().zip(sessions).for_each(|(walk, sessions)| walk.carry_in(sessions));
    }

    /// The rows of everything that is carried, as of the as-of time.
    ///
    /// # Errors
    /// What is carried cannot be read.
    pub(super) fn open_rows(&mut self) -> Result<Vec<Share>, FactsError> {
        side_by_side("open", self.options.threads, &mut self.walks, Walk::open_rows)
    }
}

/// Leads one walk through periods. It ends early where it is stopped, or nobody waits for what comes out any more.
fn lead(
    archive: &Archive,
    options: &DeriveOptions<'_>,
    walk: &mut Walk<'_>,
    range: KeyRange,
    links: &[Link<'_>],
    stop: &AtomicBool,
    to: &SyncSender<WalkEnd>,
) -> Result<(), FactsError> {
    for link in links {
        let mut events = 0;
        walk.begin(link.period.start_us())?;
        for batch in read_run(archive, link.files, COLUMNS, range, BATCH_ROWS)? {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            if options.cancelled.is_some_and(|cancelled| cancelled()) {
                return Err(FactsError::Cancelled);
            }
            let batch = Batch::new(&batch?, walk.interners())?;
            walk.fold(&batch, &link.deleted)?;
            events += batch.rows as u64;
            if let Some(progress) = options.progress {
                progress(batch.rows as u64);
            }
        }
        let (rows, closes) = walk.end();
        let carried = Arc::clone(walk.carried());
        if to.send(WalkEnd { rows, closes, events, carried }).is_err() {
            break;
        }
    }
    Ok(())
}
