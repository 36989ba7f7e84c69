//! Finds mails in an mbox (RFC 4155), or takes an input that is none for one mail.
//!
//! Where the first `From ` line has a time, so do the others: that tells them from sentences that begin with the word, and
//! finds them where a writer left the blank line before them out. Else the blank line tells.

use memchr::{memchr, memmem};

use super::Resumption;

/// What a mailbox, and every mail in it, begins with.
const FROM: &[u8] = b"From ";

/// The border of two mails, but for the blank line before it.
const NEXT_FROM: &[u8] = b"\nFrom ";

/// A time of day and a year as `From ` lines have them, with `0` for any digit.
const CLOCK: &[u8] = b"00:00";
const YEAR: &[u8] = b"0000";

/// Whether a line parts the mails of an mbox: `From ` and, among the rest, a time of day and a year. A sentence that
/// begins with that word hardly has both: `From 10:30 on we are there`.
pub fn is_separator(line: &[u8]) -> bool {
    line.starts_with(FROM) && has_clock(line) && has_digits(line, YEAR)
}

/// Whether a line has a time of day.
pub fn has_clock(line: &[u8]) -> bool {
    has_digits(line, CLOCK)
}

fn has_digits(line: &[u8], pattern: &[u8]) -> bool {
    line.windows(pattern.len()).any(|window| {
        window.iter().zip(pattern).all(|(byte, sign)| if *sign == b'0' { byte.is_ascii_digit() } else { byte == sign })
    })
}

/// Bytes behind which a border may begin that more bytes would complete: all of it but its last, and the line end of
/// the blank line.
const UNDECIDED_BYTES: usize = NEXT_FROM.len() + 2;

/// Where the mails of a stream are.
#[derive(Debug, Default)]
pub struct Mails {
    kind: Kind,
    /// Bytes that were looked at, but for what may yet become a border.
    at: usize,
    /// Where the open mail begins.
    start: usize,
    records: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// Too little was seen.
    #[default]
    Unknown,
    /// Mails behind `From ` lines with a time.
    Dated,
    /// Mails behind `From ` lines, each behind a blank one.
    Parted,
    /// One mail, as it was sent.
    Mail,
}

impl Mails {
    /// Bytes that whole mails end with.
    pub fn cut(&mut self, data: &[u8], ended: bool) -> usize {
        if self.kind == Kind::Unknown {
            self.kind = kind_of(data, ended);
        }
        while let Some(border) = self.border(data, ended) {
            self.records.push((self.start as u32, border as u32));
            self.start = border;
        }
        if !ended {
            return self.start;
        }
        if self.start < data.len() {
            self.records.push((self.start as u32, data.len() as u32));
            self.start = data.len();
        }
        data.len()
    }

    /// The mails that were found, in order.
    pub fn take_records(&mut self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.records)
    }

    /// Bytes were taken off the front.
    pub fn shift(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
        self.start = self.start.saturating_sub(bytes);
    }

    /// Where to go on behind a mail that is given up.
    pub fn resumption(&mut self, data: &[u8], ended: bool) -> Resumption {
        match self.border(data, ended) {
            Some(border) => Resumption::At(border),
            None if ended => Resumption::NotBefore(data.len()),
            None => Resumption::NotBefore(data.len().saturating_sub(UNDECIDED_BYTES).min(self.at)),
        }
    }

    /// Begins anew with a mail at the front.
    pub fn resume(&mut self) {
        (self.at, self.start) = (0, 0);
    }

    /// Where the next mail begins, if that is known.
    fn border(&mut self, data: &[u8], ended: bool) -> Option<usize> {
        if !matches!(self.kind, Kind::Dated | Kind::Parted) {
            return None;
        }
        while let Some(length) = memmem::find(&data[self.at..], NEXT_FROM) {
            let line_end = self.at + length;
            let (before, line) = (&data[..line_end], &data[line_end + 1..]);
            let is_border = match (self.kind, memchr(b'\n', line)) {
                (Kind::Dated, Some(end)) => is_separator(&line[..end]),
                (Kind::Dated, None) if ended => is_separator(line),
                (Kind::Dated, None) => {
                    // The rest of the line decides.
                    self.at = line_end;
                    return None;
                }
                _ => before.ends_with(b"\n") || before.ends_with(b"\n\r"),
            };
            self.at = line_end + 1;
            if is_border {
                return Some(line_end + 1);
            }
        }
        self.at = self.at.max(data.len().saturating_sub(NEXT_FROM.len() - 1));
        None
    }
}

/// What an input is that begins so.
fn kind_of(data: &[u8], ended: bool) -> Kind {
    let seen = data.len().min(FROM.len());
    if data[..seen] != FROM[..seen] || (ended && seen < FROM.len()) {
        return Kind::Mail;
    }
    match memchr(b'\n', data) {
        Some(end) if is_separator(&data[..end]) => Kind::Dated,
        Some(_) => Kind::Parted,
        None if ended => Kind::Parted,
        None => Kind::Unknown,
    }
}
