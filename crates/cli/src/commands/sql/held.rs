//! The rows of a result that are held: all of them up to a bound, then its beginning and its end.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use tapemeasure_query::last;

/// Rows of a result.
#[derive(Debug)]
pub struct Held {
    /// All batches, or the beginning where they are too many.
    batches: Vec<RecordBatch>,
    /// The end, where they are too many.
    tail: VecDeque<RecordBatch>,
    rows: u64,
    bytes: usize,
    whole: bool,
    /// Rows of the beginning, and of the end; `None` to hold all whatever they are.
    ends: Option<usize>,
}

impl Held {
    /// Nothing yet. Of a result that is too large `ends` rows of the beginning and of the end are held; `None` holds all.
    pub fn new(ends: Option<usize>) -> Self {
        Self { batches: Vec::new(), tail: VecDeque::new(), rows: 0, bytes: 0, whole: true, ends }
    }

    /// Takes a batch.
    pub fn take(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows() as u64;
        self.bytes += batch.get_array_memory_size();
        match self.ends {
            Some(ends) if !self.whole => self.push_tail(batch, ends),
            Some(ends) if !last::fits(self.rows, self.bytes) => {
                self.batches.push(batch);
                self.whole = false;
                let all = std::mem::take(&mut self.batches);
                self.batches = first(&all, ends);
                for batch in all {
                    self.push_tail(batch, ends);
                }
            }
            _ => self.batches.push(batch),
        }
    }

    /// Rows that came.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether another batch would still leave them whole.
    pub fn would_fit(&self, batch: &RecordBatch) -> bool {
        self.whole && last::fits(self.rows + batch.num_rows() as u64, self.bytes + batch.get_array_memory_size())
    }

    /// All rows; `None` where they were too many to hold.
    pub fn all(&self) -> Option<&[RecordBatch]> {
        self.whole.then_some(self.batches.as_slice())
    }

    /// All rows, if they are few enough to be kept as the last result.
    pub fn kept(&self) -> Option<&[RecordBatch]> {
        self.all().filter(|_| last::fits(self.rows, self.bytes))
    }

    /// `ends` rows of the beginning, and as many of the end that are not among them.
    pub fn ends(&self, ends: usize) -> (Vec<RecordBatch>, Vec<RecordBatch>) {
        let head = first(&self.batches, ends);
        let shown = head.iter().map(RecordBatch::num_rows).sum::<usize>();
        let rest = usize::try_from(self.rows).unwrap_or(usize::MAX).saturating_sub(shown);
        let from = if self.whole { self.batches.iter().rev().collect() } else { self.tail.iter().rev().collect() };
        (head, final_rows(from, ends.min(rest)))
    }

    /// Takes a batch at the end, and lets go of those that are no longer there.
    fn push_tail(&mut self, batch: RecordBatch, ends: usize) {
        self.tail.push_back(batch);
        let mut rows: usize = self.tail.iter().map(RecordBatch::num_rows).sum();
        while let Some(front) = self.tail.front()
            && rows - front.num_rows() >= ends
        {
            rows -= front.num_rows();
            self.tail.pop_front();
        }
    }
}

/// The first rows.
fn first(batches: &[RecordBatch], rows: usize) -> Vec<RecordBatch> {
    let mut left = rows;
    let mut found = Vec::new();
    for batch in batches {
        if left == 0 {
            break;
        }
        let taken = left.min(batch.num_rows());
        found.push(batch.slice(0, taken));
        left -= taken;
    }
    found
}

/// The last rows, of batches that come from the end.
fn final_rows(backwards: Vec<&RecordBatch>, rows: usize) -> Vec<RecordBatch> {
    let mut left = rows;
    let mut found = Vec::new();
    for batch in backwards {
        if left == 0 {
            break;
        }
        let taken = left.min(batch.num_rows());
        found.push(batch.slice(batch.num_rows() - taken, taken));
        left -= taken;
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch(numbers: std::ops::Range<i64>) -> RecordBatch {
        let values: arrow::array::ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        RecordBatch::try_from_iter([("n", values)]).unwrap()
    }

    fn numbers(batches: &[RecordBatch]) -> Vec<i64> {
        batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    #[test]
    fn few_rows_are_held_whole() {
        let mut held = Held::new(Some(2));
        for from in [0, 3] {
            held.take(batch(from..from + 3));
        }
        assert_eq!(held.all().map(numbers), Some(vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(held.kept().map(numbers), Some(vec![0, 1, 2, 3, 4, 5]));
        let (head, tail) = held.ends(2);
        assert_eq!((numbers(&head), numbers(&tail)), (vec![0, 1], vec![4, 5]));
        let (head, tail) = held.ends(4);
        assert_eq!((numbers(&head), numbers(&tail)), (vec![0, 1, 2, 3], vec![4, 5]));
    }

    #[test]
    fn of_many_the_ends_are_held() {
        let mut held = Held::new(Some(3));
        for from in (0..1_200_000).step_by(100_000) {
            held.take(batch(from..from + 100_000));
        }
        held.take(batch(1_200_000..1_200_001));
        assert_eq!(held.rows(), 1_200_001);
        assert!(held.all().is_none() && held.kept().is_none());
        let (head, tail) = held.ends(3);
        assert_eq!(numbers(&head), [0, 1, 2]);
        assert_eq!(numbers(&tail), [1_199_998, 1_199_999, 1_200_000]);
        assert_eq!(held.tail.len(), 2);
    }

    #[test]
    fn all_are_held_if_all_are_wanted() {
        let mut held = Held::new(None);
        held.take(batch(0..1_000_001));
        assert_eq!(held.all().map(|all| numbers(all).len()), Some(1_000_001));
        assert!(held.kept().is_none());
    }
}
