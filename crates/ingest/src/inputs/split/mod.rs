//! Cuts a stream into blocks of whole records.
//!
//! | module | finds |
//! |---|---|
//! | `csv` | the ends of rows, whatever is quoted |
//! | `json` | JSON values: one after the other, in arrays, in pages |
//! | `mbox` | mails |
//! | [`block`] | whole records, and each of them |
//! | this file | the cutting itself |
//!
//! A block ends at the last end of a record that fits into it; what follows is carried into the next one. Where a
//! record is longer than a block, the block grows, up to [`MAX_RECORD_BYTES`]. No byte is looked at twice: what a
//! finder knows of the carried bytes it keeps.

pub mod block;
mod csv;
mod json;
mod mbox;

pub use self::json::begins_page;
pub use self::mbox::{has_clock, is_separator};

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

pub use self::block::Block;
use self::block::Spans;
use crate::quarantine::{Position, Reason};

/// Longest record that is read. Longer ones are rejected without being held.
pub const MAX_RECORD_BYTES: usize = 64 << 20;

/// Bytes of a record that cannot be read whole that are kept for the user to recognise it by.
const KEPT_BYTES: usize = 64 << 10;

/// Bytes that are read at once at least where records are passed over: more than any finder has to look back.
const LEAST_CHUNK_BYTES: usize = 4 << 10;

/// Where records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// At every line feed.
    Lines,
    /// At LF, CRLF or CR outside of double quotes (RFC 4180); as the `csv` crate reads them.
    CsvRecords {
        /// What stands between two fields.
        delimiter: u8,
    },
    /// At the end of every JSON value, which may go over many lines: values one after the other, the elements of arrays
    /// of objects, and the elements of arrays under one of these keys of an outermost object.
    Json(&'static [&'static str]),
    /// Before every line that begins with `From ` behind a blank line (mbox, RFC 4155); without any, the whole input.
    Mbox,
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

/// Where reading goes on behind a record that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resumption {
    /// At this byte.
    At(usize),
    /// Not before this byte, as far as is known.
    NotBefore(usize),
}

/// Finds the borders of records.
#[derive(Debug)]
enum Finder {
    Lines,
    Csv(csv::Quotes),
    Json(json::Values),
    Mbox(mbox::Mails),
}

impl Finder {
    fn new(framing: Framing) -> Self {
        match framing {
            Framing::Lines => Self::Lines,
            Framing::CsvRecords { delimiter } => Self::Csv(csv::Quotes::new(delimiter)),
            Framing::Json(wrappers) => Self::Json(json::Values::new(wrappers)),
            Framing::Mbox => Self::Mbox(mbox::Mails::default()),
        }
    }

    /// Bytes that whole records end with; 0 if there is no whole record yet. `data` begins with what was looked at
    /// before.
    fn cut(&mut self, data: &[u8], ended: bool) -> usize {
        match self {
            Self::Lines if ended => data.len(),
            Self::Lines => memrchr(b'\n', data).map_or(0, |place| place + 1),
            Self::Csv(quotes) => quotes.cut(data, ended),
            Self::Json(values) => values.cut(data, ended),
            Self::Mbox(mails) => mails.cut(data, ended),
        }
    }

    /// The records that were found, where the bytes themselves do not tell them.
    fn spans(&mut self) -> Spans {
        match self {
            Self::Lines | Self::Csv(_) => Spans::Lines,
            Self::Json(values) => Spans::Found(values.take_records()),
            Self::Mbox(mails) => Spans::Found(mails.take_records()),
        }
    }

    /// Bytes were taken off the front.
    fn shift(&mut self, bytes: usize) {
        match self {
            Self::Lines => {}
            Self::Csv(quotes) => quotes.shift(bytes),
            Self::Json(values) => values.shift(bytes),
            Self::Mbox(mails) => mails.shift(bytes),
        }
    }

    /// Whether the record at the front cannot be read, however much of it is held.
    fn is_broken(&self) -> bool {
        matches!(self, Self::Json(values) if values.is_broken())
    }

    /// Gives up the record at the front, which has no end in `data`, and says why.
    fn give_up(&mut self, data: &[u8], ended: bool) -> Reason {
        match self {
            Self::Lines | Self::Mbox(_) => Reason::TooLong,
            Self::Csv(quotes) => quotes.give_up(data, ended),
            Self::Json(values) => values.give_up(),
        }
    }

    /// Looks for where to go on behind the record at the front.
    fn resumption(&mut self, data: &[u8], ended: bool) -> Resumption {
        match self {
            Self::Lines => behind_line(data),
            Self::Csv(quotes) => quotes.resumption(data),
            Self::Json(values) => values.resumption(data, ended),
            Self::Mbox(mails) => mails.resumption(data, ended),
        }
    }

    /// Begins anew at the front, where [`resumption`](Self::resumption) said so.
    fn resume(&mut self) {
        match self {
            Self::Lines => {}
            Self::Csv(quotes) => *quotes = quotes.anew(),
            Self::Json(values) => values.resume(),
            Self::Mbox(mails) => mails.resume(),
        }
    }
}

/// Cuts a stream.
pub struct Splitter<R> {
    input: R,
    finder: Finder,
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
            finder: Finder::new(framing),
            block_bytes,
            max_record_bytes: MAX_RECORD_BYTES,
            carry: Vec::new(),
            offset,
            line,
            ended: false,
        }
    }

    /// Whether there is certainly nothing left, so that no memory for a block need be found.
    pub fn is_done(&self) -> bool {
        self.ended && self.carry.is_empty()
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
        loop {
            filled = self.read_to(&mut data[..target], filled)?;
            let cut = self.finder.cut(&data[..filled], self.ended);
            if cut > 0 {
                self.carry.extend_from_slice(&data[cut..filled]);
                let block = Block::new(data, cut, self.offset, self.line, self.finder.spans());
                self.finder.shift(cut);
                self.pass(block.bytes());
                return Ok(Some(Piece::Block(block)));
            }
            if self.ended && filled == 0 {
                return Ok(None);
            }
            if self.ended || filled > self.max_record_bytes || self.finder.is_broken() {
                return self.give_up(data, filled).map(Some);
            }
            target = (target * 2).min(self.max_record_bytes + 1).max(filled + 1);
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

    /// Takes the record at the front out, which has no end within the limit or cannot be read, and everything up to
    /// where reading can go on. No more of it is held than is kept.
    fn give_up(&mut self, mut data: Vec<u8>, mut filled: usize) -> io::Result<Piece> {
        let at = Position::in_text(self.line, self.offset);
        let reason = self.finder.give_up(&data[..filled], self.ended);
        let mut record = Vec::new();
        loop {
            let resumption = self.finder.resumption(&data[..filled], self.ended);
            let (Resumption::At(end) | Resumption::NotBefore(end)) = resumption;
            let kept = end.min(KEPT_BYTES - record.len());
            record.extend_from_slice(&data[..kept]);
            self.pass(&data[..end]);
            self.finder.shift(end);
            data.copy_within(end..filled, 0);
            filled -= end;
            if self.ended || matches!(resumption, Resumption::At(_)) {
                break;
            }
            let target = self.block_bytes.max(LEAST_CHUNK_BYTES).max(filled + 1);
            grow(&mut data, target);
            filled = self.read_to(&mut data[..target], filled)?;
        }
        self.carry.extend_from_slice(&data[..filled]);
        self.finder.resume();
        record.truncate(record.trim_ascii_end().len());
        Ok(Piece::Broken { reason, at, record })
    }
}

/// Behind the first line feed.
fn behind_line(data: &[u8]) -> Resumption {
    memchr(b'\n', data).map_or(Resumption::NotBefore(data.len()), |place| Resumption::At(place + 1))
}

fn grow(data: &mut Vec<u8>, length: usize) {
    if data.len() < length {
        data.resize(length, 0);
    }
}

#[cfg(test)]
mod tests;
