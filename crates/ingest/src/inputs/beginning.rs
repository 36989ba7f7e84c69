//! The first bytes of an input, by which it is recognised.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr2};

use super::source::{HEAD_BYTES, fill};
use super::split::MAX_RECORD_BYTES;
use crate::error::IngestError;

/// Mark at the beginning of some UTF-8 texts.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes that are read at once to the end of a long line.
const STEP_BYTES: usize = 1 << 20;

/// The beginning of an input without byte order mark and leading blank lines.
#[derive(Debug)]
pub struct Beginning {
    /// The first bytes, never none.
    pub bytes: Vec<u8>,
    /// Whether they are all there is.
    pub whole: bool,
    /// Byte of the decompressed stream at which they begin.
    pub offset: u64,
    /// Line, from 1, on which they begin.
    pub line: u64,
}

impl Beginning {
    /// Reads it. `None` if the whole input is blank. `go_on` is asked once for every stretch of blank lines.
    ///
    /// # Errors
    /// Those of the stream, as `failed` calls them, and those of `go_on`.
    pub fn read(
        source: &mut impl Read,
        failed: impl Fn(io::Error) -> IngestError,
        go_on: impl Fn() -> Result<(), IngestError>,
    ) -> Result<Option<Self>, IngestError> {
        let mut beginning = Self { bytes: Vec::new(), whole: false, offset: 0, line: 1 };
        beginning.fill(source).map_err(&failed)?;
        if beginning.bytes.starts_with(BYTE_ORDER_MARK) {
            beginning.skip(BYTE_ORDER_MARK.len());
        }
        loop {
            match beginning.bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(text) => {
                    // The white space before the first text belongs to its line.
                    let lines = memrchr2(b'\n', b'\r', &beginning.bytes[..text]).map_or(0, |end| end + 1);
                    beginning.skip(lines);
                    beginning.fill(source).map_err(&failed)?;
                    return Ok(Some(beginning));
                }
                None if beginning.whole => return Ok(None),
                None => beginning.skip(beginning.bytes.len()),
            }
            go_on()?;
            beginning.fill(source).map_err(&failed)?;
        }
    }

    /// Reads on to the end of the line that the bytes break off in, and as much of what follows it as a beginning has.
    /// False if there are as many bytes already as a record may have. `go_on` is asked as reading goes on.
    ///
    /// # Errors
    /// Those of the stream, as `failed` calls them, and those of `go_on`.
    pub fn read_line(
        &mut self,
        source: &mut impl Read,
        failed: impl Fn(io::Error) -> IngestError,
        go_on: impl Fn() -> Result<(), IngestError>,
    ) -> Result<bool, IngestError> {
        let mut seen = self.bytes.len();
        while !self.whole {
            if seen >= MAX_RECORD_BYTES {
                return Ok(false);
            }
            self.fill_to(source, seen + STEP_BYTES).map_err(&failed)?;
            if let Some(length) = memchr(b'\n', &self.bytes[seen..]) {
                self.fill_to(source, seen + length + 1 + HEAD_BYTES).map_err(&failed)?;
                break;
            }
            seen = self.bytes.len();
            go_on()?;
        }
        Ok(true)
    }

    /// Takes bytes off the front and moves the position over them.
    pub fn skip(&mut self, length: usize) {
        self.offset += length as u64;
        self.line += memchr_iter(b'\n', &self.bytes[..length]).count() as u64;
        self.bytes.drain(..length);
    }

    fn fill(&mut self, source: &mut impl Read) -> io::Result<()> {
        self.fill_to(source, HEAD_BYTES)
    }

    fn fill_to(&mut self, source: &mut impl Read, most: usize) -> io::Result<()> {
        if !self.whole {
            self.whole = fill(source, &mut self.bytes, most)?;
        }
        Ok(())
    }
}

/// Gives bytes out once, and does not hold them longer: a long line is nothing to keep while its input is read.
#[derive(Debug)]
pub struct ReadAhead {
    bytes: Vec<u8>,
    at: usize,
}

impl ReadAhead {
    /// From the first byte on.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0 }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = &self.bytes[self.at..];
        let length = left.len().min(out.len());
        out[..length].copy_from_slice(&left[..length]);
        self.at += length;
        if self.at == self.bytes.len() {
            (self.bytes, self.at) = (Vec::new(), 0);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(text: &[u8]) -> Option<Beginning> {
        let failed = |source| IngestError::Read { input: "x".to_owned(), byte: 0, source };
        Beginning::read(&mut &text[..], failed, || Ok(())).unwrap()
    }

    #[test]
    fn marks_and_blank_lines_are_passed_over_and_counted() {
        for (text, bytes, offset, line) in [
            ("a,b\n", "a,b\n", 0, 1),
            ("\u{feff}a", "a", 3, 1),
            ("\u{feff}\r\n \t\n  a\n\nb", "  a\n\nb", 8, 3),
            ("\r\ra", "a", 2, 1),
        ] {
            let begun = begun(text.as_bytes()).unwrap();
            assert_eq!((&begun.bytes[..], begun.offset, begun.line), (bytes.as_bytes(), offset, line), "{text:?}");
            assert!(begun.whole);
        }
        for blank in ["", "\u{feff}", " \r\n\n", &" \n".repeat(HEAD_BYTES)] {
            assert!(begun(blank.as_bytes()).is_none());
        }
    }

    #[test]
    fn the_beginning_of_more_is_full_whatever_is_before_it() {
        for blank in [0, 5, HEAD_BYTES - 1, 3 * HEAD_BYTES] {
            let text = "\n".repeat(blank) + &"x".repeat(2 * HEAD_BYTES);
            let begun = begun(text.as_bytes()).unwrap();
            assert_eq!((begun.offset, begun.line, begun.whole), (blank as u64, blank as u64 + 1, false));
            assert_eq!(begun.bytes.len(), HEAD_BYTES);
        }
    }

    #[test]
    fn a_long_line_is_read_to_its_end() {
        let never = |source| IngestError::Read { input: "x".to_owned(), byte: 0, source };
        // Behind the line there is as much more as a beginning has, or what one step brought.
        for (line, behind, whole, length) in [
            (HEAD_BYTES + 1, 0, true, HEAD_BYTES + 1),
            (HEAD_BYTES, 10, true, HEAD_BYTES + 11),
            (3 * STEP_BYTES, 2 * STEP_BYTES, false, HEAD_BYTES + 3 * STEP_BYTES + 1),
            (HEAD_BYTES + STEP_BYTES - 1, HEAD_BYTES + 1, false, 2 * HEAD_BYTES + STEP_BYTES),
        ] {
            let end = if behind == 0 { String::new() } else { "\n".to_owned() + &"y".repeat(behind) };
            let text = "x".repeat(line) + &end;
            let mut source = text.as_bytes();
            let mut begun = Beginning::read(&mut source, never, || Ok(())).unwrap().unwrap();
            assert_eq!((begun.bytes.len(), begun.whole), (HEAD_BYTES, false));
            assert!(begun.read_line(&mut source, never, || Ok(())).unwrap());
            assert_eq!((begun.bytes.len(), begun.whole), (length, whole), "a line of {line} bytes");
            let mut all = Vec::new();
            ReadAhead::new(begun.bytes).chain(source).read_to_end(&mut all).unwrap();
            assert!(all == text.as_bytes(), "a line of {line} bytes");
        }
    }

    #[test]
    fn a_line_longer_than_any_record_is_given_up() {
        let never = |source| IngestError::Read { input: "x".to_owned(), byte: 0, source };
        let mut source = io::repeat(b'x');
        let mut begun = Beginning::read(&mut source, never, || Ok(())).unwrap().unwrap();
        assert!(!begun.read_line(&mut source, never, || Ok(())).unwrap());
        assert_eq!((begun.bytes.len(), begun.whole), (HEAD_BYTES + MAX_RECORD_BYTES, false));
    }
}
