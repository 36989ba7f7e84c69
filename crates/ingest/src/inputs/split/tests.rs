//! Blocks put together are the stream, wherever they are cut.

mod json;
mod mbox;

use super::*;

/// Gives at most some bytes at once.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = out.len().min(self.0.len()).min(self.1);
        out[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// The pieces of a stream, with all positions checked against the stream itself.
fn pieces(text: &[u8], framing: Framing, block_bytes: usize, step: usize, max_record_bytes: usize) -> Vec<Piece> {
    let mut splitter = Splitter::new(Trickle(text, step), framing, block_bytes, 100, 7);
    splitter.max_record_bytes = max_record_bytes;
    let mut pieces = Vec::new();
    // The memory that comes back is dirty.
    while let Some(piece) = splitter.next(vec![b'\n'; 3]).unwrap() {
        let (offset, line) = match &piece {
            Piece::Block(block) => (block.offset, block.line),
            Piece::Broken { at, .. } => (at.ordinal, at.line),
        };
        let before = &text[..(offset - 100) as usize];
        assert_eq!(line, 7 + before.iter().filter(|&&byte| byte == b'\n').count() as u64);
        pieces.push(piece);
    }
    assert_eq!(splitter.offset, 100 + text.len() as u64);
    pieces
}

fn blocks(text: &[u8], framing: Framing, block_bytes: usize, step: usize) -> Vec<Vec<u8>> {
    let pieces = pieces(text, framing, block_bytes, step, MAX_RECORD_BYTES);
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Block(block) => block.bytes().to_vec(),
            Piece::Broken { reason, .. } => format!("broken: {reason}").into_bytes(),
        })
        .collect()
}

#[test]
fn lines_stay_whole_at_every_size_of_block_and_read() {
    for text in [&b""[..], b"\n", b"a", b"ab\ncd\n", b"\r\n\n\nlong line here\nx\nlast without end"] {
        for block_bytes in 1..40 {
            for step in [1, 2, 1_000] {
                let blocks = blocks(text, Framing::Lines, block_bytes, step);
                assert_eq!(blocks.concat(), text);
                let whole = &blocks[..blocks.len().saturating_sub(1)];
                assert!(whole.iter().all(|block| block.ends_with(b"\n")), "{block_bytes} {step} {blocks:?}");
            }
        }
    }
}

#[test]
fn csv_records_stay_whole_whatever_is_quoted() {
    // Every record of the text, with its end; quotes within an open field are plain characters.
    let records: [&[u8]; 9] = [
        b"a,b\n",
        b"\"x\ny\",\"\"\"\n\"\r\n",
        b"\n",
        b"mid\"dle,\"\"\n",
        b"\"closed\"then\"open,\n",
        b"cr,\r",
        b"\"a,\r\n,b\",c\n",
        b",,\n",
        b"last,\"with\nout end\"",
    ];
    let text = records.concat();
    let mut ends = vec![0];
    for record in records {
        ends.push(ends[ends.len() - 1] + record.len());
    }
    for block_bytes in 1..text.len() + 2 {
        for step in [1, 3, 1_000] {
            let blocks = blocks(&text, Framing::CsvRecords { delimiter: b',' }, block_bytes, step);
            assert_eq!(blocks.concat(), text);
            let mut end = 0;
            for block in &blocks {
                end += block.len();
                assert!(ends.contains(&end), "{block_bytes} {step}: cut at {end} of {ends:?}");
            }
        }
    }
}

fn described(text: &[u8], framing: Framing, block_bytes: usize, max_record_bytes: usize) -> Vec<String> {
    pieces(text, framing, block_bytes, 1_000, max_record_bytes)
        .into_iter()
        .map(|piece| match piece {
            Piece::Block(block) => String::from_utf8_lossy(block.bytes()).into_owned(),
            Piece::Broken { reason, at, record } => {
                format!("{reason} at {}: {}", at.line, String::from_utf8_lossy(&record))
            }
        })
        .collect()
}

#[test]
fn a_record_over_the_limit_is_given_up_alone() {
    let text = b"one\n0123456789abcdef\ntwo\n";
    for block_bytes in [1, 4] {
        for framing in [Framing::Lines, Framing::CsvRecords { delimiter: b',' }] {
            let found = described(text, framing, block_bytes, 10);
            assert_eq!(found, ["one\n", "longer than 64 MiB at 8: 0123456789abcdef", "two\n"]);
        }
    }
    let found = described(b"0123456789abcdef", Framing::Lines, 4, 10);
    assert_eq!(found, ["longer than 64 MiB at 7: 0123456789abcdef"]);
    // A record of just the limit is read.
    assert_eq!(described(b"0123456789\nx", Framing::Lines, 4, 10), ["0123456789\n", "x"]);
}

#[test]
fn of_a_record_over_the_limit_only_the_beginning_is_held() {
    let text = [&vec![b'x'; 10 * KEPT_BYTES][..], b"\nnext\n"].concat();
    let found = pieces(&text, Framing::Lines, 1, 1_000, 100);
    let [Piece::Broken { record, .. }, Piece::Block(next)] = &found[..] else { panic!("{} pieces", found.len()) };
    assert!(record.len() == KEPT_BYTES && text.starts_with(record));
    assert_eq!((next.bytes(), next.line), (&b"next\n"[..], 8));
}

#[test]
fn quoted_line_ends_do_not_end_a_row_over_the_limit() {
    let text = b"a,b\n\"0123\n4567\n89\",x\nc,d\n";
    // Within the limit nothing tells that the quote is closed.
    let found = described(text, Framing::CsvRecords { delimiter: b',' }, 4, 12).concat();
    assert_eq!(found, "a,b\nquote is not closed at 8: \"01234567\n89\",x\nc,d\n");
    let found = described(b"a,b\n\"012345678901\",\"x\ny\"\nc,d\n", Framing::CsvRecords { delimiter: b',' }, 4, 12);
    assert_eq!(found, ["a,b\n", "longer than 64 MiB at 8: \"012345678901\",\"x\ny\"", "c,d\n"]);
}

#[test]
fn lines_are_told_apart_with_their_places() {
    let block = Block::of(b"one\r\n\n \t\n  two \nthree", 5, 100);
    let records: Vec<_> = block.records().map(|(record, at)| (record, at.line, at.byte)).collect();
    assert_eq!(records, [(&b"one"[..], 5, Some(100)), (&b"two"[..], 8, Some(109)), (&b"three"[..], 9, Some(116))]);
}

#[test]
fn a_quote_without_end_gives_up_its_line() {
    let text = b"a,b\n\"open,x\r\nnext,y\nlast,z";
    for block_bytes in [1, 8, 100] {
        let found = described(text, Framing::CsvRecords { delimiter: b',' }, block_bytes, 1_000).concat();
        assert_eq!(found, "a,b\nquote is not closed at 8: \"open,xnext,y\nlast,z");
        // The limit is reached before the end of the stream.
        let found = described(text, Framing::CsvRecords { delimiter: b',' }, block_bytes, 15).concat();
        assert_eq!(found, "a,b\nquote is not closed at 8: \"open,xnext,y\nlast,z");
    }
    assert_eq!(
        described(b"\"open", Framing::CsvRecords { delimiter: b',' }, 4, 100),
        ["quote is not closed at 7: \"open"]
    );
}
