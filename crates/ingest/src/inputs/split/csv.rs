//! Finds the ends of CSV rows by following the quotes, as the `csv` crate does byte by byte with its default settings.

use memchr::{memchr, memchr2, memrchr2};

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

/// Which end of a record is wanted where there are several up to the next quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boundary {
    First,
    Last,
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
            self.step(data, Boundary::Last);
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
            self.step(data, Boundary::First);
        }
        if self.boundary > 0 { Resumption::At(self.boundary) } else { Resumption::NotBefore(data.len()) }
    }

    /// Goes on in `data`, which begins with what was scanned before, up to the next quote or behind it. Between two
    /// quotes every delimiter and line end is one: only the last byte there matters for what the next quote means.
    fn step(&mut self, data: &[u8], wanted: Boundary) {
        let rest = &data[self.at..];
        match (memchr(b'"', rest), self.state) {
            (Some(length), State::Quoted) => {
                self.at += length + 1;
                self.state = State::Closing;
            }
            (None, State::Quoted) => self.at = data.len(),
            (Some(0), State::Start | State::Closing) => {
                self.at += 1;
                self.state = State::Quoted;
            }
            (Some(0), State::Plain) => self.at += 1,
            (length, _) => self.pass(data, length.map_or(data.len(), |length| self.at + length), wanted),
        }
    }

    /// Passes over bytes outside of quotes, at least one, up to `end`.
    fn pass(&mut self, data: &[u8], end: usize, wanted: Boundary) {
        let from = std::mem::replace(&mut self.at, end);
        let last = data[end - 1];
        let ends_field = matches!(last, b'\n' | b'\r') || last == self.delimiter;
        self.state = if ends_field { State::Start } else { State::Plain };
        if let Some(boundary) = record_end(data, from, end, wanted) {
            self.boundary = boundary;
        }
    }
}

/// The first or last end of a record in `data[from..end]`, where nothing is quoted: the place behind its line end.
fn record_end(data: &[u8], mut from: usize, mut end: usize, wanted: Boundary) -> Option<usize> {
    loop {
        let passed = &data[from..end];
        let place = match wanted {
            Boundary::First => memchr2(b'\n', b'\r', passed),
            Boundary::Last => memrchr2(b'\n', b'\r', passed),
        };
        let place = from + place?;
        // CR is an end by itself only if it is known that no LF follows.
        if data[place] == b'\n' || data.get(place + 1).is_some_and(|&next| next != b'\n') {
            return Some(place + 1);
        }
        match wanted {
            Boundary::First => from = place + 1,
            Boundary::Last => end = place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place behind every line end outside of quotes, byte by byte, and whether a quote is open at the end.
    fn slow(data: &[u8]) -> (Vec<usize>, bool) {
        let (mut state, mut ends) = (State::Start, Vec::new());
        for (at, &byte) in data.iter().enumerate() {
            state = match (state, byte) {
                (State::Quoted, b'"') => State::Closing,
                (State::Quoted, _) => State::Quoted,
                (State::Start | State::Closing, b'"') => State::Quoted,
                (_, b',' | b'\n' | b'\r') => State::Start,
                _ => State::Plain,
            };
            let next = data.get(at + 1);
            if state == State::Start && (byte == b'\n' || (byte == b'\r' && next.is_some_and(|&next| next != b'\n'))) {
                ends.push(at + 1);
            }
        }
        (ends, state == State::Quoted)
    }

    /// Expected: the byte-by-byte twin, over every text of up to seven of these characters.
    #[test]
    fn ends_of_records_are_those_of_a_scan_byte_by_byte() {
        const BYTES: &[u8] = b"a,\"\n\r";
        for length in 0..=7_u32 {
            for number in 0..5_usize.pow(length) {
                let text: Vec<u8> = (0..length).map(|place| BYTES[number / 5_usize.pow(place) % 5]).collect();
                let (ends, is_open) = slow(&text);
                assert_eq!(Quotes::new(b',').cut(&text, false), ends.last().copied().unwrap_or(0), "{text:?}");
                let whole = if is_open { ends.last().copied().unwrap_or(0) } else { text.len() };
                assert_eq!(Quotes::new(b',').cut(&text, true), whole, "{text:?}");
                let first = ends.first().map_or(Resumption::NotBefore(text.len()), |&end| Resumption::At(end));
                assert_eq!(Quotes::new(b',').resumption(&text), first, "{text:?}");
            }
        }
    }
}
