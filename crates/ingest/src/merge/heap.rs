//! Several sorted sequences of rows as one.

use std::cmp::Ordering;

use super::cursor::Cursor;
use crate::error::IngestError;
use crate::rows::codec;
use crate::spill::Unpacker;

/// Merges cursors by sort key, and rows of one sort key by arrival: a stored row first, then in order of input.
pub struct Merge<'a> {
    cursors: Vec<Cursor<'a>>,
    /// Keys of the current rows, by cursor: they decide nearly always.
    keys: Vec<i64>,
    /// Places of the cursors that have a row, as a binary heap: the smallest row first.
    heap: Vec<usize>,
    unpacker: Unpacker,
}

impl<'a> Merge<'a> {
    /// Merges cursors that stand before their first rows.
    ///
    /// # Errors
    /// Those of reading.
    pub fn new(mut cursors: Vec<Cursor<'a>>) -> Result<Self, IngestError> {
        let mut unpacker = Unpacker::new()?;
        let mut heap = Vec::with_capacity(cursors.len());
        let mut keys = vec![0; cursors.len()];
        for (place, cursor) in cursors.iter_mut().enumerate() {
            if cursor.advance(&mut unpacker)? {
                keys[place] = codec::key(cursor.row());
                heap.push(place);
            }
        }
        let mut merge = Self { cursors, keys, heap, unpacker };
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sift_down(at);
        }
        Ok(merge)
    }

    /// The smallest row; `None` after the last.
    pub fn row(&self) -> Option<&[u8]> {
        self.heap.first().map(|&place| self.cursors[place].row())
    }

    /// Goes behind the smallest row.
    ///
    /// # Errors
    /// Those of reading.
    pub fn advance(&mut self) -> Result<(), IngestError> {
        let Some(&place) = self.heap.first() else { return Ok(()) };
        let cursor = &mut self.cursors[place];
        if cursor.advance(&mut self.unpacker)? {
            self.keys[place] = codec::key(cursor.row());
        } else {
            self.heap.swap_remove(0);
        }
        self.sift_down(0);
        Ok(())
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let mut smallest = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.comes_before(self.heap[child], self.heap[smallest]) {
                    smallest = child;
                }
            }
            if smallest == at {
                return;
            }
            self.heap.swap(at, smallest);
            at = smallest;
        }
    }

    fn comes_before(&self, a: usize, b: usize) -> bool {
        if self.keys[a] != self.keys[b] {
            return self.keys[a] < self.keys[b];
        }
        let (a, b) = (self.cursors[a].row(), self.cursors[b].row());
        codec::compare(a, b).then_with(|| codec::order(a).cmp(&codec::order(b))) == Ordering::Less
    }
}
