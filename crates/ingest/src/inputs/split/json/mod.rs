//! Finds JSON values in a stream: one after the other, in arrays, and in the pages that interfaces give out.
//!
//! ```text
//! [ {..}, {..} ]                                    two records
//! {"conversations": [ {..}, {..} ], "pages": {..}}  two records in a page, where `conversations` is a key of pages
//! , {..} ]                                          a record: the second half of an array that was cut in two
//! ```
//! Only brackets, texts and what may stand where are followed; whether a record is JSON is its reader's to say. Where
//! brackets do not pair, a text goes over the end of its line, or the input ends in the middle, the record is broken.
//! Reading then goes on at the next line that begins as the broken record's line does: with as much white space, and an
//! opening bracket.
//!
//! | module | is |
//! |---|---|
//! | `scan` | following the brackets |
//! | this file | what is known of a stream, and where it can be cut |

mod scan;

use memchr::memchr;

use super::Resumption;
use crate::quarantine::Reason;

/// Longest key that may be one of a page.
const MAX_KEY_BYTES: usize = 1 << 10;

/// Whether a text begins a page that it does not end: an object with an array under one of `wrappers`, outermost.
pub fn begins_page(text: &[u8], wrappers: &'static [&'static str]) -> bool {
    let mut values = Values::new(wrappers);
    values.cut(text, false);
    values.in_page
}

/// What scanning stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between values: where a record may begin.
    Between,
    /// Among the brackets of a record, or of a page outside of its records.
    Inside,
    /// In a text.
    Text,
    /// In a number or a word, or in what is neither.
    Word,
    /// The record is broken. The line to go on at is looked for from this byte.
    Broken(usize),
    /// Behind a record whose beginning is not held any more.
    Passed,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Key,
    Colon,
    Value,
    /// A comma or a closing bracket.
    Next,
    /// Something stood where it may not: the reader of the record will say so.
    Wrong,
}

/// Where the values of a stream are.
#[derive(Debug)]
pub struct Values {
    wrappers: &'static [&'static str],
    state: State,
    /// Bytes that are scanned.
    at: usize,
    /// Where the open record begins; none between records and in a page outside of them.
    start: Option<usize>,
    /// Whether the open record is too long to be held: `start` means nothing then.
    lost: bool,
    records: Vec<(u32, u32)>,
    /// Closing brackets that are awaited, the innermost last; none between records.
    closers: Vec<u8>,
    expect: Expect,
    /// Where the open text begins.
    text: Option<usize>,
    /// Whether the last key of the outermost object is one of `wrappers`.
    wraps: bool,
    /// Arrays that are open outside of pages.
    outer_arrays: usize,
    /// Whether the records are those of a page.
    in_page: bool,
    /// Arrays of the page that are open.
    page_arrays: usize,
    /// Whether an array was closed that was never opened: what follows may be the end of a page.
    closed: bool,
    /// White space at the beginning of the line; of the open record's first line while one is open.
    indent: Vec<u8>,
    /// Whether the line holds nothing else so far.
    blank: bool,
    /// Whether the open record is the first on its line.
    is_first: bool,
    /// The last line feed in the open record.
    newline: Option<usize>,
}

impl Values {
    /// At the beginning of a stream, with the keys of pages under which their records are.
    pub fn new(wrappers: &'static [&'static str]) -> Self {
        Self {
            wrappers,
            state: State::Between,
            at: 0,
            start: None,
            lost: false,
            records: Vec::new(),
            closers: Vec::new(),
            expect: Expect::Value,
            text: None,
            wraps: false,
            outer_arrays: 0,
            in_page: false,
            page_arrays: 0,
            closed: false,
            indent: Vec::new(),
            blank: true,
            is_first: false,
            newline: None,
        }
    }

    /// Bytes that whole records, or no record at all, end with.
    pub fn cut(&mut self, data: &[u8], ended: bool) -> usize {
        self.scan(data, ended);
        match (self.start, self.text) {
            (Some(start), _) => start,
            // Whether the key is one of `wrappers` is asked when it ends.
            (None, Some(text)) if self.is_key() && !ended && self.at - text <= MAX_KEY_BYTES => text,
            (None, _) => self.at,
        }
    }

    /// The records that were found, in order.
    pub fn take_records(&mut self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.records)
    }

    /// Bytes were taken off the front.
    pub fn shift(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
        self.start = self.start.map(|start| start.saturating_sub(bytes));
        self.text = self.text.and_then(|text| text.checked_sub(bytes));
        self.newline = self.newline.and_then(|newline| newline.checked_sub(bytes));
        if let State::Broken(from) = &mut self.state {
            *from = from.saturating_sub(bytes);
        }
    }

    /// Whether the record at the front is broken.
    pub fn is_broken(&self) -> bool {
        matches!(self.state, State::Broken(_)) && self.start == Some(0)
    }

    /// Gives up the record at the front, and says why.
    pub fn give_up(&mut self) -> Reason {
        if self.is_broken() {
            return Reason::BrokenJson;
        }
        self.lost = true;
        Reason::TooLong
    }

    /// Where to go on behind a record that is given up.
    pub fn resumption(&mut self, data: &[u8], ended: bool) -> Resumption {
        if self.lost {
            self.scan(data, ended);
        }
        match self.state {
            State::Broken(from) => self.line_to_go_on(data, from, ended),
            State::Passed => Resumption::At(self.at),
            _ if ended => Resumption::NotBefore(data.len()),
            _ => Resumption::NotBefore(self.at),
        }
    }

    /// Begins anew at the front.
    pub fn resume(&mut self) {
        self.lost = false;
        self.start = None;
        if self.state != State::Passed {
            // On a line that another record than the first of it began, nothing of what was open before it holds.
            if !self.is_first {
                self.in_page = false;
                (self.outer_arrays, self.page_arrays) = (0, 0);
            }
            self.at = 0;
            self.closers.clear();
            (self.text, self.newline) = (None, None);
            self.closed = false;
            self.indent.clear();
            self.blank = true;
        }
        self.state = State::Between;
    }

    fn line_to_go_on(&self, data: &[u8], from: usize, ended: bool) -> Resumption {
        let mut at = from;
        while let Some(length) = data.get(at..).and_then(|rest| memchr(b'\n', rest)) {
            let line = at + length + 1;
            let rest = &data[line..];
            let known = rest.len().min(self.indent.len());
            if rest[..known] == self.indent[..known] {
                match rest.get(self.indent.len()) {
                    Some(b'{') => return Resumption::At(line),
                    Some(b'[') if !self.is_first => return Resumption::At(line),
                    None if !ended => return Resumption::NotBefore(line - 1),
                    _ => {}
                }
            }
            at = line;
        }
        Resumption::NotBefore(data.len())
    }
}
