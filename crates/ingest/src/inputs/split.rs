//! Cuts a stream of text into blocks of whole records.
//!
//! A block ends at the last end of a record that fits into it; what follows is carried into the next one. Where a
//! record is longer than a block, the block grows, up to [`MAX_RECORD_BYTES`].

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr3, memrchr};

use crate::quarantine::{Position, Reason};

/// Longest record that is read. Longer ones are rejected without being held.
pub const MAX_RECORD_BYTES: usize = 64 << 20;

/// Bytes of a record too long to be held that are kept for the user to recognise it by.
const KEPT_BYTES: usize = 64 << 10;

/// Where records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// At every line feed.
    Lines,
    /// At LF, CRLF or CR outside of double quotes (RFC 4180); as the `csv` crate reads them.
    CsvRecords,
}

/// Whole records of one input.
#[derive(Debug)]
pub struct Block {
    data: Vec<u8>,
    len: usize,
    /// Byte of the decompressed stream at which the block begins.
    pub offset: u64,
    /// Line, from 1, at which it begins.
    pub line: u64,
}

impl Block {
    /// The records.
    pub fn bytes(&self) -> &[u8] {
        &self.data[..self.len]
    }

    /// The memory, to be used again.
    pub fn into_buffer(self) -> Vec<u8> {
        self.data
    }

    /// A block of these bytes.
    #[cfg(test)]
    pub fn of(bytes: &[u8], line: u64, offset: u64) -> Self {
        Self { data: bytes.to_vec(), len: bytes.len(), offset, line }
    }
}

/// A piece of an input.
#[derive(Debug)]
pub enum Piece {
    /// Whole records.
    Block(Block),
    /// A record that cannot be read whole.
    Broken {
        /// Why.
        reason: Reason,
        /// Where it begins.
        at: Position,
        /// The record, or as much of it as is kept.
        record: Vec<u8>,
    },
}

/// Cuts a stream.
pub struct Splitter<R> {
    input: R,
    framing: Framing,
    block_bytes: usize,
    max_record_bytes: usize,
    /// Read, but not given out yet.
    carry: Vec<u8>,
    /// Position of the first byte of `carry`.
    offset: u64,
    line: u64,
    ended: bool,
}

impl<R: Read> Splitter<R> {
    /// Cuts `input`, whose first byte is byte `offset` of line `line` (from 1), into blocks of about `block_bytes`.
    pub fn new(input: R, framing: Framing, block_bytes: usize, offset: u64, line: u64) -> Self {
        Self {
            input,
            framing,
            block_bytes,
            max_record_bytes: MAX_RECORD_BYTES,
            carry: Vec::new(),
            offset,
            line,
            ended: false,
        }
    }

    /// The next piece; `None` at the end. `buffer` is memory for it, of whatever content.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn next(&mut self, buffer: Vec<u8>) -> io::Result<Option<Piece>> {
        let mut data = buffer;
        let mut filled = self.carry.len();
        let mut target = self.block_bytes.max(filled).max(1);
        grow(&mut data, target);
        data[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        let mut quotes = Quotes::default();
        loop {
            filled = self.read_to(&mut data[..target], filled)?;
            let cut = match self.framing {
                Framing::Lines if self.ended => filled,
                Framing::Lines => memrchr(b'\n', &data[..filled]).map_or(0, |place| place + 1),
                Framing::CsvRecords => {
                    quotes.scan(&data[..filled]);
                    if self.ended && !quotes.open() { filled } else { quotes.boundary }
                }
            };
            if cut > 0 {
                self.carry.extend_from_slice(&data[cut..filled]);
                let block = Block { data, len: cut, offset: self.offset, line: self.line };
                self.pass(block.bytes());
                return Ok(Some(Piece::Block(block)));
            }
            if self.ended && filled == 0 {
                return Ok(None);
            }
            if self.ended || filled > self.max_record_bytes {
                return self.broken(data, filled, quotes.open()).map(Some);
            }
            target = (target * 2).min(self.max_record_bytes + 1);
            grow(&mut data, target);
        }
    }

    /// Reads until a buffer is full or the stream ends. Gives the bytes that are filled.
    fn read_to(&mut self, data: &mut [u8], mut filled: usize) -> io::Result<usize> {
        while filled < data.len() && !self.ended {
            match self.input.read(&mut data[filled..]) {
                Ok(0) => self.ended = true,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Moves the position over bytes that were given out or left out.
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line += memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Takes a record out that has no end within the limit.
    ///
    /// Where a quote was opened and never closed, everything behind it would be one record: only its first line is
    /// given up, and reading goes on behind it.
    fn broken(&mut self, mut data: Vec<u8>, filled: usize, open_quote: bool) -> io::Result<Piece> {
        let at = Position::in_text(self.line, self.offset);
        if open_quote {
            let end = memchr(b'\n', &data[..filled]);
            if end.is_some() || self.ended {
                let end = end.unwrap_or(filled);
                let next = (end + 1).min(filled);
                self.carry.extend_from_slice(&data[next..filled]);
                self.pass(&data[..next]);
                let record = data[..end].trim_ascii_end().to_vec();
                return Ok(Piece::Broken { reason: Reason::UnclosedQuote, at, record });
            }
        }
        let record = data[..filled.min(KEPT_BYTES)].to_vec();
        self.pass(&data[..filled]);
        while !self.ended {
            let length = self.read_to(&mut data[..self.block_bytes.max(1)], 0)?;
            let next = memchr(b'\n', &data[..length]).map_or(length, |place| place + 1);
            self.pass(&data[..next]);
            if next < length || data[..next].last() == Some(&b'\n') {
                self.carry.extend_from_slice(&data[next..length]);
                break;
            }
        }
        Ok(Piece::Broken { reason: Reason::TooLong, at, record })
    }
}

fn grow(data: &mut Vec<u8>, length: usize) {
    if data.len() < length {
        data.resize(length, 0);
    }
}

/// Follows the quotes of CSV, byte by byte as the `csv` crate does with its default settings.
#[derive(Debug, Default)]
struct Quotes {
    state: QuoteState,
    at: usize,
    /// End of the last whole record.
    boundary: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum QuoteState {
    /// Before a field: a quote here opens it.
    #[default]
    Start,
    /// In a field without quotes, or behind its closing quote: quotes mean nothing.
    Plain,
    /// In a quoted field.
    Quoted,
    /// Behind a quote in a quoted field: the end of it, or the first half of a doubled one.
    Closing,
}

impl Quotes {
    /// Whether the bytes end within a quoted field.
    fn open(&self) -> bool {
        self.state == QuoteState::Quoted
    }

    /// Goes on to the end of `data`, which begins with what was scanned before.
    fn scan(&mut self, data: &[u8]) {
        while self.at < data.len() {
            let rest = &data[self.at..];
            match self.state {
                QuoteState::Quoted => match memchr(b'"', rest) {
                    Some(length) => {
                        self.at += length + 1;
                        self.state = QuoteState::Closing;
                    }
                    None => self.at = data.len(),
                },
                QuoteState::Plain => match memchr3(b',', b'\n', b'\r', rest) {
                    Some(length) => {
                        self.at += length;
                        self.end_field(data);
                    }
                    None => self.at = data.len(),
                },
                QuoteState::Start | QuoteState::Closing => match rest[0] {
                    b'"' => {
                        self.at += 1;
                        self.state = QuoteState::Quoted;
                    }
                    b',' | b'\n' | b'\r' => self.end_field(data),
                    _ => {
                        self.at += 1;
                        self.state = QuoteState::Plain;
                    }
                },
            }
        }
    }

    fn end_field(&mut self, data: &[u8]) {
        let end = data[self.at];
        self.at += 1;
        self.state = QuoteState::Start;
        // CR is an end by itself only if it is known that no LF follows.
        if end == b'\n' || (end == b'\r' && data.get(self.at).is_some_and(|&next| next != b'\n')) {
            self.boundary = self.at;
        }
    }
}

#[cfg(test)]
mod tests;
