//! Parsed rows in memory: filled in any order, then sorted by period and sort key.
//!
//! | module | is |
//! |---|---|
//! | [`codec`] | one event as bytes, and the order of events |
//! | [`canonical`] | one event as a JSON object |
//! | [`density`] | how an archive is cut, from how dense its events lie |
//! | this file | [`RowBuffer`], filled by one parser, and [`SortedRows`], what it becomes |

pub mod canonical;
pub mod codec;
pub mod density;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use tapemeasure_model::instant::DAY_US;
use tapemeasure_model::period::{Period, PeriodKind};

use codec::Event;

/// Added to the first day of a period to make it a number from 0: year 1 begins 719,162 days before 1970.
const DAY_SHIFT: i64 = 1_000_000;

/// Entries that the list grows by at most, so that a growing list does not double the memory.
const GROWTH: usize = 1 << 18;

/// Where a row is, and the part of its sort key that decides nearly always.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: i64,
    /// `occurred_at` and rank in one number: microseconds * 8 + rank.
    when: i64,
    /// Chunk in the upper half, byte in it in the lower.
    at: u64,
    len: u32,
    /// First day of the period, shifted; set by sorting.
    period: u32,
}

/// Rows of one parser, in the order in which they came.
///
/// Rows lie in chunks, so that growing copies nothing. The memory of a buffer that was emptied is used again.
#[derive(Debug, Default)]
pub struct RowBuffer {
    entries: Vec<Entry>,
    chunks: Vec<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    chunk_bytes: usize,
    budget: usize,
    held: usize,
}

impl RowBuffer {
    /// A buffer that [`is_full`](Self::is_full) at about `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self { chunk_bytes: (budget / 16).clamp(4 << 10, 4 << 20), budget, ..Self::default() }
    }

    /// Adds a row. `order` as [`codec::order_of`] gives it.
    pub fn push(&mut self, event: &Event<'_>, order: u64) {
        let need = codec::bound(event);
        if self.chunks.last().is_none_or(|chunk| chunk.capacity() - chunk.len() < need) {
            let chunk = match self.spare.pop() {
                Some(chunk) if chunk.capacity() >= need => chunk,
                _ => Vec::with_capacity(need.max(self.chunk_bytes)),
            };
            self.held += chunk.capacity();
            self.chunks.push(chunk);
        }
        let place = self.chunks.len() - 1;
        let chunk = &mut self.chunks[place];
        let start = chunk.len();
        codec::encode(event, order, chunk);
        let len = chunk.len() - start;
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(self.entries.len().clamp(1024, GROWTH));
        }
        let rank = tapemeasure_model::event::rank(event.event_type, event.direction);
        self.entries.push(Entry {
            key: event.key,
            when: (event.time_us << 3) | i64::from(rank),
            at: ((place as u64) << 32) | start as u64,
            len: len as u32,
            period: 0,
        });
        self.held += size_of::<Entry>();
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it is time to sort and spill.
    pub fn is_full(&self) -> bool {
        self.held >= self.budget
    }

    /// Sorts by period, then by the sort key, then by arrival.
    pub fn sort(self, kind: PeriodKind) -> SortedRows {
        let Self { mut entries, chunks, spare, chunk_bytes, budget, .. } = self;
        let mut current = kind.period_of(0);
        for entry in &mut entries {
            let time_us = entry.when >> 3;
            if time_us < current.start_us() || time_us >= current.end_us() {
                current = kind.period_of(time_us);
            }
            entry.period = (current.start_us() / DAY_US + DAY_SHIFT) as u32;
        }
        entries.sort_unstable_by(|a, b| {
            (a.period, a.key, a.when)
                .cmp(&(b.period, b.key, b.when))
                .then_with(|| by_id(row_of(&chunks, a), row_of(&chunks, b)))
        });
        part_collisions(&mut entries, &chunks);
        let segments = segments_of(&entries, kind);
        SortedRows { entries, chunks, spare, segments, chunk_bytes, budget }
    }
}

/// Rows sorted by period, sort key and arrival.
#[derive(Debug)]
pub struct SortedRows {
    entries: Vec<Entry>,
    chunks: Vec<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    segments: BTreeMap<Period, Range<usize>>,
    chunk_bytes: usize,
    budget: usize,
}

impl SortedRows {
    /// The periods there are rows of, ascending, with the places of their rows.
    pub fn segments(&self) -> &BTreeMap<Period, Range<usize>> {
        &self.segments
    }

    /// Places of the rows of a period whose `conversation_key` lies in `keys`.
    pub fn places(&self, period: Period, keys: RangeInclusive<i64>) -> Range<usize> {
        let Some(all) = self.segments.get(&period) else { return 0..0 };
        let rows = &self.entries[all.clone()];
        let from = rows.partition_point(|entry| entry.key < *keys.start());
        let to = rows.partition_point(|entry| entry.key <= *keys.end());
        all.start + from..all.start + to.max(from)
    }

    /// Gives memory back that was kept for more rows.
    pub fn settled(mut self) -> Self {
        self.spare = Vec::new();
        self.entries.shrink_to_fit();
        self
    }

    /// The row at a place.
    pub fn row(&self, place: usize) -> &[u8] {
        row_of(&self.chunks, &self.entries[place])
    }

    /// An empty buffer with the same memory.
    pub fn into_empty(self) -> RowBuffer {
        let Self { mut entries, chunks, mut spare, chunk_bytes, budget, .. } = self;
        entries.clear();
        for mut chunk in chunks {
            // A chunk made for one long row is not worth keeping.
            if chunk.capacity() <= 2 * chunk_bytes {
                chunk.clear();
                spare.push(chunk);
            }
        }
        RowBuffer { entries, chunks: Vec::new(), spare, chunk_bytes, budget, held: 0 }
    }
}

fn row_of<'a>(chunks: &'a [Vec<u8>], entry: &Entry) -> &'a [u8] {
    let start = (entry.at & u64::from(u32::MAX)) as usize;
    &chunks[(entry.at >> 32) as usize][start..start + entry.len as usize]
}

fn by_id(a: &[u8], b: &[u8]) -> Ordering {
    codec::ids(a).event_id.cmp(codec::ids(b).event_id).then_with(|| codec::order(a).cmp(&codec::order(b)))
}

/// Sorts again where two conversations have one key: there source and conversation come before the time. Never needed
/// but by an accident of 64-bit hashes, hence not part of the comparison above, which would read every row's ids.
fn part_collisions(entries: &mut [Entry], chunks: &[Vec<u8>]) {
    for group in entries.chunk_by_mut(|a, b| (a.period, a.key) == (b.period, b.key)) {
        let Some((first, others)) = group.split_first() else { continue };
        let first = codec::ids(row_of(chunks, first));
        let one = others.iter().all(|entry| {
            let ids = codec::ids(row_of(chunks, entry));
            ids.source == first.source && ids.conversation_id == first.conversation_id
        });
        if !one {
            group.sort_unstable_by(|a, b| {
                let (a, b) = (row_of(chunks, a), row_of(chunks, b));
                codec::compare(a, b).then_with(|| codec::order(a).cmp(&codec::order(b)))
            });
        }
    }
}

fn segments_of(entries: &[Entry], kind: PeriodKind) -> BTreeMap<Period, Range<usize>> {
    let mut segments = BTreeMap::new();
    let mut start = 0;
    for group in entries.chunk_by(|a, b| a.period == b.period) {
        segments.insert(kind.period_of(group[0].when >> 3), start..start + group.len());
        start += group.len();
    }
    segments
}

#[cfg(test)]
mod tests;
