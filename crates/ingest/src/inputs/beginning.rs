//! The first bytes of an input, by which it is recognised.

use std::io::{self, Read};

use memchr::{memchr_iter, memrchr2};

use super::source::{HEAD_BYTES, fill};
use crate::error::IngestError;

/// Mark at the beginning of some UTF-8 texts.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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

    /// Takes bytes off the front and moves the position over them.
    pub fn skip(&mut self, length: usize) {
        self.offset += length as u64;
        self.line += memchr_iter(b'\n', &self.bytes[..length]).count() as u64;
        self.bytes.drain(..length);
    }

    fn fill(&mut self, source: &mut impl Read) -> io::Result<()> {
        if !self.whole {
            self.whole = fill(source, &mut self.bytes, HEAD_BYTES)?;
        }
        Ok(())
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
}
