//! Follows brackets, texts and words, byte by byte.

use memchr::memchr3;

use super::{Expect, State, Values};

/// Deepest nesting that is followed. `serde_json` reads 128 levels; what is deeper is no record of anything.
const MAX_DEPTH: usize = 512;

/// Longest indentation that is remembered.
const MAX_INDENT_BYTES: usize = 1 << 10;

impl Values {
    /// Goes on to the end of `data`, or to where a record is broken.
    pub(super) fn scan(&mut self, data: &[u8], ended: bool) {
        while self.at < data.len() {
            match self.state {
                State::Between => self.between(data),
                State::Inside => self.inside(data),
                State::Text => {
                    if !self.through_text(data) {
                        break;
                    }
                }
                State::Word => self.through_word(data),
                State::Broken(_) | State::Passed => return,
            }
        }
        if ended {
            if self.state == State::Word && self.closers.is_empty() {
                self.complete(data);
            } else if self.start.is_some() && !matches!(self.state, State::Broken(_) | State::Passed) {
                self.break_off(0);
            } else if self.start.is_none() {
                self.at = data.len();
            }
        }
    }

    /// Passes over what stands between records, up to the beginning of one.
    fn between(&mut self, data: &[u8]) {
        while let Some(&byte) = data.get(self.at) {
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                self.indent_by(byte);
                self.at += 1;
                continue;
            }
            let closed = std::mem::take(&mut self.closed);
            let first = std::mem::take(&mut self.blank);
            match byte {
                b',' if closed => {
                    self.enter_page_end(Expect::Key);
                    return;
                }
                // Bytes of a byte order mark stand where files were put one behind the other.
                b',' | 0xef | 0xbb | 0xbf => self.blank = first && byte != b',',
                b'[' if self.in_page => self.page_arrays += 1,
                b'[' => self.outer_arrays += 1,
                b']' if self.in_page => {
                    self.page_arrays = self.page_arrays.saturating_sub(1);
                    if self.page_arrays == 0 {
                        self.enter_page_end(Expect::Next);
                        return;
                    }
                }
                b']' if self.outer_arrays > 0 => self.outer_arrays -= 1,
                b']' => self.closed = true,
                // A page whose array is not closed ends all the same.
                b'}' if self.in_page => self.leave_page(),
                b'}' if closed => {}
                _ => {
                    self.start = Some(self.at);
                    self.is_first = first;
                    self.newline = None;
                    match byte {
                        b'{' => {
                            self.closers.push(b'}');
                            self.expect = Expect::Key;
                            self.state = State::Inside;
                        }
                        b'"' => {
                            self.text = Some(self.at);
                            self.state = State::Text;
                        }
                        _ => self.state = State::Word,
                    }
                    self.at += 1;
                    return;
                }
            }
            self.at += 1;
        }
    }

    /// Goes on behind the array of a page, whose other members are passed over.
    fn enter_page_end(&mut self, expect: Expect) {
        self.in_page = true;
        self.page_arrays = 0;
        self.closers.push(b'}');
        self.expect = expect;
        self.state = State::Inside;
        self.at += 1;
    }

    /// Follows brackets up to a text, a word, or the end of the value.
    fn inside(&mut self, data: &[u8]) {
        while let Some(&byte) = data.get(self.at) {
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                if self.start.is_none() {
                    self.indent_by(byte);
                } else if byte == b'\n' {
                    self.newline = Some(self.at);
                }
                self.at += 1;
                continue;
            }
            if self.start.is_none() {
                self.blank = false;
            }
            match byte {
                b'"' => {
                    self.text = Some(self.at);
                    self.state = State::Text;
                }
                b'{' | b'[' => self.open(byte, data),
                b'}' | b']' => {
                    self.close(byte, data);
                    if self.state != State::Inside {
                        return;
                    }
                }
                b':' => self.expect = if self.expect == Expect::Colon { Expect::Value } else { Expect::Wrong },
                b',' => self.expect = self.behind_comma(),
                _ => self.state = State::Word,
            }
            if matches!(self.state, State::Broken(_)) {
                return;
            }
            self.at += 1;
            if self.state != State::Inside {
                return;
            }
        }
    }

    fn behind_comma(&self) -> Expect {
        match (self.expect, self.closers.last()) {
            (Expect::Next, Some(b'}')) => Expect::Key,
            (Expect::Next, _) => Expect::Value,
            _ => Expect::Wrong,
        }
    }

    /// Whether a text that stands here is a key of a page, or of what may be one.
    pub(super) fn is_key(&self) -> bool {
        self.expect == Expect::Key && self.closers.len() == 1 && (self.start.is_none() || !self.in_page)
    }

    /// An opening bracket at `at`.
    fn open(&mut self, byte: u8, data: &[u8]) {
        let may_wrap = self.closers.len() == 1 && (self.start.is_none() || !self.in_page);
        if byte == b'[' && may_wrap && self.wraps && self.expect == Expect::Value {
            self.enter_page(data);
            return;
        }
        let begins_another = byte == b'{' && self.expect != Expect::Value && self.is_at_line_of_record(data);
        if self.start.is_some() && (begins_another || self.closers.len() == MAX_DEPTH) {
            self.break_off(if begins_another { self.newline.unwrap_or(0) } else { 0 });
            return;
        }
        if self.closers.len() == MAX_DEPTH {
            // A page of which nothing more can be told.
            self.leave_page();
            return;
        }
        self.closers.push(if byte == b'{' { b'}' } else { b']' });
        if self.expect == Expect::Value {
            self.expect = if byte == b'{' { Expect::Key } else { Expect::Value };
        } else {
            self.expect = Expect::Wrong;
        }
    }

    /// The array of a page opens at `at`: the open record is none, its elements are.
    fn enter_page(&mut self, data: &[u8]) {
        self.settle_line(data);
        self.start = None;
        self.closers.clear();
        self.wraps = false;
        self.in_page = true;
        self.page_arrays = 1;
        self.state = if self.lost { State::Passed } else { State::Between };
    }

    fn leave_page(&mut self) {
        self.in_page = false;
        self.page_arrays = 0;
        self.closers.clear();
        self.state = State::Between;
    }

    /// A closing bracket at `at`; goes behind it.
    fn close(&mut self, byte: u8, data: &[u8]) {
        let fits = self.closers.pop() == Some(byte);
        if !fits && self.start.is_some() {
            self.break_off(0);
            return;
        }
        if self.closers.is_empty() {
            self.at += 1;
            self.complete(data);
        } else if self.expect != Expect::Wrong {
            self.expect = Expect::Next;
        }
    }

    /// Goes to the end of a text. False if the byte behind a backslash is not there yet.
    fn through_text(&mut self, data: &[u8]) -> bool {
        loop {
            let Some(length) = memchr3(b'"', b'\\', b'\n', &data[self.at..]) else {
                self.at = data.len();
                return true;
            };
            self.at += length;
            match data[self.at] {
                b'"' => {
                    self.at += 1;
                    self.end_text(data);
                    return true;
                }
                b'\\' if self.at + 1 == data.len() => return false,
                b'\\' => self.at += 2,
                _ if self.start.is_some() => {
                    self.break_off(0);
                    return true;
                }
                _ => {
                    self.text = None;
                    self.expect = Expect::Wrong;
                    self.state = State::Inside;
                    return true;
                }
            }
        }
    }

    /// A text ended before `at`.
    fn end_text(&mut self, data: &[u8]) {
        let key = self.is_key();
        let text = self.text.take().and_then(|begins| data.get(begins + 1..self.at - 1));
        if self.closers.is_empty() {
            self.complete(data);
            return;
        }
        if key {
            self.wraps = text.is_some_and(|text| self.wrappers.iter().any(|wrapper| wrapper.as_bytes() == text));
        }
        self.state = State::Inside;
        self.expect = match self.expect {
            Expect::Key => Expect::Colon,
            Expect::Value => Expect::Next,
            Expect::Colon | Expect::Next | Expect::Wrong => Expect::Wrong,
        };
    }

    /// Goes to the end of a word. One among brackets ends at what has a meaning there, one by itself at what may begin
    /// something else.
    fn through_word(&mut self, data: &[u8]) {
        let among = !self.closers.is_empty();
        let ends = |byte: &u8| match byte {
            b',' | b'[' | b']' | b'{' | b'"' | b'\n' => true,
            b'}' | b':' | b' ' | b'\t' | b'\r' => among,
            _ => false,
        };
        let Some(length) = data[self.at..].iter().position(ends) else {
            self.at = data.len();
            return;
        };
        self.at += length;
        if among {
            self.state = State::Inside;
            self.expect = if self.expect == Expect::Value { Expect::Next } else { Expect::Wrong };
        } else {
            self.complete(data);
        }
    }

    /// The value that is open ended before `at`: a record, or a page.
    fn complete(&mut self, data: &[u8]) {
        self.closers.clear();
        let Some(start) = self.start else {
            self.leave_page();
            return;
        };
        self.settle_line(data);
        self.start = None;
        if self.lost {
            self.state = State::Passed;
        } else {
            self.records.push((start as u32, self.at as u32));
            self.state = State::Between;
        }
    }

    /// The open record is broken; the line to go on at comes behind `from`, counted from the record's beginning if 0.
    fn break_off(&mut self, from: usize) {
        let start = if self.lost { 0 } else { self.start.unwrap_or(0) };
        self.state = State::Broken(from.max(start));
    }

    /// Takes white space outside of records into account.
    fn indent_by(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.indent.clear();
                self.blank = true;
            }
            b' ' | b'\t' if self.blank && self.indent.len() < MAX_INDENT_BYTES => self.indent.push(byte),
            b' ' | b'\t' => self.blank = false,
            _ => {}
        }
    }

    /// The line on which a record ended is no line of that record any more.
    fn settle_line(&mut self, data: &[u8]) {
        if let Some(newline) = self.newline.take() {
            let line = data.get(newline + 1..self.at).unwrap_or_default();
            let white = line.iter().take(MAX_INDENT_BYTES).take_while(|byte| matches!(byte, b' ' | b'\t'));
            self.indent.clear();
            self.indent.extend(white);
        }
        self.blank = false;
    }

    /// Whether `at` is the first place on its line that is not white, and has as much before it as the record's line.
    fn is_at_line_of_record(&self, data: &[u8]) -> bool {
        let before = self.newline.and_then(|newline| data.get(newline + 1..self.at));
        before.is_some_and(|before| before == self.indent)
    }
}
