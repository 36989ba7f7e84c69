//! Columns of cells.

use arrow::array::ArrayRef;

use crate::rows::cells::CellCounts;
use crate::rows::columns::{Coded, instants, numbers, plain};
use crate::rows::dealt::Columns;
use crate::rows::values::Values;

pub(crate) struct CellColumns {
    cell_start: Vec<i64>,
    source: Coded,
    channel: Coded,
    counts: [Vec<i64>; 3],
}

impl Default for CellColumns {
    fn default() -> Self {
        Self { cell_start: plain(), source: Coded::new(), channel: Coded::new(), counts: [plain(), plain(), plain()] }
    }
}

impl CellColumns {
    pub(crate) fn push(&mut self, start_us: i64, source: u32, channel: u32, counts: CellCounts) {
        self.cell_start.push(start_us);
        self.source.push(source);
        self.channel.push(channel);
        self.counts.iter_mut().zip(counts).for_each(|(column, count)| column.push(count));
    }
}

impl Columns for CellColumns {
    fn len(&self) -> usize {
        self.cell_start.len()
    }

    fn finish(self: Box<Self>, values: &Values) -> Vec<ArrayRef> {
        let [questions, answers, bots] = self.counts;
        vec![
            instants(self.cell_start),
            self.source.finish(&values.source),
            self.channel.finish(&values.channel),
            numbers(questions),
            numbers(answers),
            numbers(bots),
        ]
    }
}
