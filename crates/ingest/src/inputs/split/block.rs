//! Whole records, and each of them.

use memchr::{memchr, memchr_iter};

use crate::quarantine::Position;

/// Whole records of one input.
#[derive(Debug)]
pub struct Block {
    data: Vec<u8>,
    len: usize,
    spans: Spans,
    /// Byte of the decompressed stream at which the block begins.
    pub offset: u64,
    /// Line, from 1, at which it begins.
    pub line: u64,
}

/// Where the records of a block are.
#[derive(Debug)]
pub enum Spans {
    /// On a line each.
    Lines,
    /// From the first byte to the one behind the last, in order. What lies between is no record.
    Found(Vec<(u32, u32)>),
}

impl Block {
    /// The first `len` bytes of `data`.
    pub(super) fn new(data: Vec<u8>, len: usize, offset: u64, line: u64, spans: Spans) -> Self {
        Self { data, len, spans, offset, line }
    }

    /// A block of these lines.
    #[cfg(test)]
    pub fn of(bytes: &[u8], line: u64, offset: u64) -> Self {
        Self::new(bytes.to_vec(), bytes.len(), offset, line, Spans::Lines)
    }

    /// The records, and what is between them.
    pub fn bytes(&self) -> &[u8] {
        &self.data[..self.len]
    }

    /// Each record without white space around it, and where it begins; blank ones are none. Lines, where the framing is
    /// by line: a record then begins where its line does. Rows of CSV are not told apart here, but by the `csv` crate.
    pub fn records(&self) -> impl Iterator<Item = (&[u8], Position)> {
        Records { block: self, at: 0, line: self.line, span_idx: 0 }
    }

    /// The memory, to be used again.
    pub fn into_buffer(self) -> Vec<u8> {
        self.data
    }
}

/// Goes over the records of a block.
struct Records<'a> {
    block: &'a Block,
    /// Byte whose line is `line`.
    at: usize,
    line: u64,
    span_idx: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = (&'a [u8], Position);

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.block;
        let bytes = block.bytes();
        loop {
            let (start, end, line) = match &block.spans {
                Spans::Lines => {
                    if self.at >= bytes.len() {
                        return None;
                    }
                    let (start, line) = (self.at, self.line);
                    let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
                    self.at = end + 1;
                    self.line += 1;
                    (start, end, line)
                }
                Spans::Found(spans) => {
                    let &(start, end) = spans.get(self.span_idx)?;
                    let (start, end) = (start as usize, end as usize);
                    self.span_idx += 1;
                    self.line += memchr_iter(b'\n', &bytes[self.at..start]).count() as u64;
                    self.at = start;
                    (start, end, self.line)
                }
            };
            let record = bytes[start..end].trim_ascii();
            if !record.is_empty() {
                return Some((record, Position::in_text(line, block.offset + start as u64)));
            }
        }
    }
}
