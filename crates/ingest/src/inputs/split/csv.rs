//! Finds the ends of CSV rows by following the quotes, byte by byte as the `csv` crate does with its default settings.

use memchr::{memchr, memchr3};

use super::{Resumption, behind_line};
use crate::quarantine::Reason;

/// Where scanning stands among quotes.
#[derive(Debug)]
pub struct Quotes {
    delimiter: u8,
    state: State,
    /// Bytes that are scanned.
    at: usize,
    /// End of the last whole record.
    boundary: usize,
    /// Whether the record at the front is given up by its first line, because a quote in it is never closed.
    by_line: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
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
    /// At the beginning of an input.
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start, at: 0, boundary: 0, by_line: false }
    }

    /// At the beginning of another piece of the same input.
    pub fn anew(&self) -> Self {
        Self::new(self.delimiter)
    }

    /// Bytes that whole records end with.
    pub fn cut(&mut self, data: &[u8], ended: bool) -> usize {
        while self.at < data.len() {
            self.step(data);
        }
        if ended && self.state != State::Quoted { data.len() } else { self.boundary }
    }

    /// Bytes were taken off the front: whole records, or of a record that is given up.
    pub fn shift(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
        self.boundary = self.boundary.saturating_sub(bytes);
    }

    /// Where a quote was opened and never closed, everything behind it would be one record: only its first line is
    /// given up.
    pub fn give_up(&mut self, data: &[u8], ended: bool) -> Reason {
        self.by_line = self.state == State::Quoted && (ended || memchr(b'\n', data).is_some());
        if self.by_line { Reason::UnclosedQuote } else { Reason::TooLong }
    }

    /// Where to go on behind a record that is given up.
    pub fn resumption(&mut self, data: &[u8]) -> Resumption {
        if self.by_line {
            return behind_line(data);
        }
        while self.at < data.len() && self.boundary == 0 {
            self.step(data);
        }
        if self.boundary > 0 { Resumption::At(self.boundary) } else { Resumption::NotBefore(data.len()) }
    }

    /// Goes on in `data`, which begins with what was scanned before, up to where the state changes.
    fn step(&mut self, data: &[u8]) {
        let rest = &data[self.at..];
        match self.state {
            State::Quoted => match memchr(b'"', rest) {
                Some(length) => {
                    self.at += length + 1;
                    self.state = State::Closing;
                }
                None => self.at = data.len(),
            },
            State::Plain => match memchr3(self.delimiter, b'\n', b'\r', rest) {
                Some(length) => {
                    self.at += length;
                    self.end_field(data);
                }
                None => self.at = data.len(),
            },
            State::Start | State::Closing => match rest[0] {
                b'"' => {
                    self.at += 1;
                    self.state = State::Quoted;
                }
                b'\n' | b'\r' => self.end_field(data),
                byte if byte == self.delimiter => self.end_field(data),
                _ => {
                    self.at += 1;
                    self.state = State::Plain;
                }
            },
        }
    }

    fn end_field(&mut self, data: &[u8]) {
        let end = data[self.at];
        self.at += 1;
        self.state = State::Start;
        // CR is an end by itself only if it is known that no LF follows.
        if end == b'\n' || (end == b'\r' && data.get(self.at).is_some_and(|&next| next != b'\n')) {
            self.boundary = self.at;
        }
    }
}
