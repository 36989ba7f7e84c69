//! Messages counted by quarter of an hour, source and channel.

use hashbrown::HashMap;
use tapemeasure_model::instant::SECOND_US;

use super::dealt::Dealt;
use super::tables::cells::CellColumns;
use crate::fold::act::Act;

/// Length of a cell in which messages are counted: the hours and days of every zone in use are whole numbers of it.
const CELL_US: i64 = 900 * SECOND_US;

/// Questions, answers and bot messages of a cell.
pub(crate) type CellCounts = [i64; 3];

/// For each source and channel the cells of the period in a row.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Cell that the period begins with, in units of [`CELL_US`] since 1970.
    first_idx: i64,
    groups: Vec<(u32, u32, Vec<CellCounts>)>,
    group_idx: HashMap<(u32, u32), usize>,
    /// The group of the message before: most come from the same.
    last: usize,
}

impl Cells {
    /// Those of a period that begins then.
    pub(crate) fn of_period(start_us: i64) -> Self {
        Self { first_idx: start_us.div_euclid(CELL_US), ..Self::default() }
    }

    /// Counts a message.
    #[inline]
    pub(crate) fn count(&mut self, at: i64, source: u32, channel: u32, act: Act) {
        let kind = match act {
            Act::Question => 0,
            Act::Answer => 1,
            Act::Bot => 2,
            _ => return,
        };
        let same = |group: &(u32, u32, Vec<CellCounts>)| (group.0, group.1) == (source, channel);
        if !self.groups.get(self.last).is_some_and(same) {
            self.last = *self.group_idx.entry((source, channel)).or_insert_with(|| {
                self.groups.push((source, channel, Vec::new()));
                self.groups.len() - 1
            });
        }
        // Messages lie in the period, so behind its first cell.
        let idx = usize::try_from(at.div_euclid(CELL_US) - self.first_idx).unwrap_or(0);
        let counts = &mut self.groups[self.last].2;
        if counts.len() <= idx {
            counts.resize(idx + 1, [0; 3]);
        }
        counts[idx][kind] += 1;
    }

    /// The cells that were counted in, by their day.
    pub(crate) fn dealt(&self) -> Dealt<CellColumns> {
        let mut dealt = Dealt::<CellColumns>::default();
        for (source, channel, counts) in &self.groups {
            for (counts, idx) in counts.iter().zip(self.first_idx..).filter(|(counts, _)| **counts != [0; 3]) {
                let start_us = idx * CELL_US;
                dealt.at(Some(start_us)).push(start_us, *source, *channel, *counts);
            }
        }
        dealt
    }
}
