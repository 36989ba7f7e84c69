//! Identities whose repeats sort elsewhere.
//!
//! Source, event id and time are the identity; conversation, type and direction are parts of the sort key. A repeat
//! that changes one of these replaces the earlier row (kpi-rules E1), but is no neighbour of it.

use tapemeasure_archive::{EventFile, KeyRange};
use tapemeasure_model::period::Period;

use super::{Counts, Job, broken_row, cursors, hash_of};
use crate::error::IngestError;
use crate::rows::codec::{self, Event, NEW};
use crate::spill::Unpacker;

/// Rows between two questions whether to go on.
const POLL_ROWS: u64 = 65_536;

/// Bytes of the digests that stand for an identity and for a content: of BLAKE3, so that equal means the same.
const DIGEST_BYTES: usize = 16;

/// One row of a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Instance {
    hash: u64,
    identity: [u8; DIGEST_BYTES],
    order: u64,
    content: [u8; DIGEST_BYTES],
}

/// Which rows of a period lost to a repeat that sorts elsewhere.
#[derive(Debug, Default)]
pub struct Movers {
    /// Hashes of identities that were looked into, ascending. Some are accidents of hashing.
    suspects: Vec<u64>,
    /// `order` and hash of the identity of the rows that lost, ascending: together they tell the rows of a period apart.
    losers: Vec<(u64, u64)>,
    /// What became of the new rows of the suspects.
    pub counts: Counts,
}

/// The hashes that come more than once, ascending.
pub fn repeated(mut hashes: Vec<u64>) -> Vec<u64> {
    hashes.sort_unstable();
    let mut repeated: Vec<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    repeated.dedup();
    repeated
}

impl Movers {
    /// Looks into suspects: goes over all rows of the period, and of each real identity lets the last row stand.
    ///
    /// Suspects are taken in turns where their rows would need more than the memory of the job.
    ///
    /// # Errors
    /// Reading, or the ingest was stopped.
    pub fn resolve(
        job: &Job<'_>,
        period: Period,
        before: &[EventFile],
        suspects: Vec<u64>,
    ) -> Result<Self, IngestError> {
        // Two rows make a suspect, seldom more.
        let needed = suspects.len().saturating_mul(3 * size_of::<Instance>());
        let turns = (needed / job.memory_bytes.max(1) + 1) as u64;
        let mut movers = Self { suspects, ..Self::default() };
        for turn in 0..turns {
            let mut instances = movers.instances(job, period, before, |hash| hash % turns == turn)?;
            instances.sort_unstable();
            for rows in instances.chunk_by(|a, b| a.identity == b.identity) {
                movers.settle(rows);
            }
        }
        movers.losers.sort_unstable();
        Ok(movers)
    }

    /// Whether a row lost.
    pub fn lost(&self, row: &[u8]) -> bool {
        let order = codec::order(row);
        let at = self.losers.partition_point(|loser| loser.0 < order);
        self.losers.get(at).is_some_and(|loser| loser.0 == order)
            && hash_of(row).is_some_and(|hash| self.losers.binary_search(&(order, hash)).is_ok())
    }

    /// Whether the identity of a row was looked into.
    pub fn suspects(&self, row: &[u8]) -> bool {
        hash_of(row).is_some_and(|hash| self.suspects.binary_search(&hash).is_ok())
    }

    fn instances(
        &self,
        job: &Job<'_>,
        period: Period,
        before: &[EventFile],
        takes: impl Fn(u64) -> bool,
    ) -> Result<Vec<Instance>, IngestError> {
        let mut instances = Vec::new();
        let mut unpacker = Unpacker::new()?;
        let mut rows = 0_u64;
        for mut cursor in cursors(job, period, before, KeyRange::ALL)? {
            while cursor.advance(&mut unpacker)? {
                rows += 1;
                if rows.is_multiple_of(POLL_ROWS) {
                    job.control.check()?;
                }
                let row = cursor.row();
                let hash = hash_of(row).ok_or_else(|| broken_row(period))?;
                if takes(hash) && self.suspects.binary_search(&hash).is_ok() {
                    instances.push(instance(row, hash, job.keep_body).ok_or_else(|| broken_row(period))?);
                }
            }
        }
        Ok(instances)
    }

    /// Plays the rows of one identity through in order of arrival.
    fn settle(&mut self, rows: &[Instance]) {
        let Some((&first, later)) = rows.split_first() else { return };
        let mut standing = first;
        self.counts.accepted += u64::from(first.order >= NEW);
        for row in later {
            let is_new = u64::from(row.order >= NEW);
            if row.content == standing.content {
                self.losers.push((row.order, row.hash));
                self.counts.duplicates += is_new;
            } else {
                self.losers.push((standing.order, standing.hash));
                self.counts.replaced += is_new;
                standing = *row;
            }
        }
    }
}

fn instance(row: &[u8], hash: u64, keep_body: bool) -> Option<Instance> {
    let event = codec::decode(row)?;
    let identity = {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(event.source.len() as u64).to_le_bytes());
        hasher.update(event.source);
        hasher.update(event.event_id);
        hasher.update(&event.time_us.to_le_bytes());
        cut(&hasher)
    };
    let mut content = Vec::new();
    codec::encode(&Event { body: event.body.filter(|_| keep_body), ..event }, 0, &mut content);
    let content = {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&content);
        cut(&hasher)
    };
    Some(Instance { hash, identity, order: codec::order(row), content })
}

fn cut(hasher: &blake3::Hasher) -> [u8; DIGEST_BYTES] {
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..DIGEST_BYTES]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_hashes_are_found_once() {
        assert_eq!(repeated(vec![5, 1, 5, 2, 5, 2, 9]), [2, 5]);
        assert_eq!(repeated(vec![]), [0_u64; 0]);
    }

    fn row(order: u64, content: u8) -> Instance {
        Instance { hash: 7, identity: [1; DIGEST_BYTES], order, content: [content; DIGEST_BYTES] }
    }

    #[test]
    fn the_last_of_an_identity_stands_and_each_row_is_counted_once() {
        // Stored a; then a, b, b, a arrive.
        let rows = [row(3, 1), row(NEW, 1), row(NEW + 1, 2), row(NEW + 2, 2), row(NEW + 3, 1)];
        let mut movers = Movers::default();
        movers.settle(&rows);
        assert_eq!(movers.counts, Counts { accepted: 0, replaced: 2, duplicates: 2 });
        assert_eq!(movers.losers, [NEW, 3, NEW + 2, NEW + 1].map(|order| (order, 7)));
        // Without the stored row the first is accepted.
        let mut movers = Movers::default();
        movers.settle(&rows[1..]);
        assert_eq!(movers.counts, Counts { accepted: 1, replaced: 2, duplicates: 1 });
        assert_eq!(movers.losers, [NEW, NEW + 2, NEW + 1].map(|order| (order, 7)));
    }
}
