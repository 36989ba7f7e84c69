//! Finds mails in an mbox (RFC 4155), or takes an input that is none for one mail.

use memchr::memmem;

use super::Resumption;

/// What a mailbox, and every mail in it, begins with.
const FROM: &[u8] = b"From ";

/// The border of two mails, but for the blank line before it.
const NEXT_FROM: &[u8] = b"\nFrom ";

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
    /// Mails behind their `From ` lines.
    Mailbox,
    /// One mail, as it was sent.
    Mail,
}

impl Mails {
    /// Bytes that whole mails end with.
    pub fn cut(&mut self, data: &[u8], ended: bool) -> usize {
        if self.kind == Kind::Unknown && (ended || data.len() >= FROM.len()) {
            self.kind = if data.starts_with(FROM) { Kind::Mailbox } else { Kind::Mail };
        }
        while let Some(border) = self.border(data) {
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
        match self.border(data) {
            Some(border) => Resumption::At(border),
            None if ended => Resumption::NotBefore(data.len()),
            None => Resumption::NotBefore(data.len().saturating_sub(UNDECIDED_BYTES)),
        }
    }

    /// Begins anew with a mail at the front.
    pub fn resume(&mut self) {
        (self.at, self.start) = (0, 0);
    }

    /// Where the next mail begins, if that is known.
    fn border(&mut self, data: &[u8]) -> Option<usize> {
        if self.kind != Kind::Mailbox {
            return None;
        }
        while let Some(length) = memmem::find(&data[self.at..], NEXT_FROM) {
            let line_end = self.at + length;
            self.at = line_end + 1;
            let before = &data[..line_end];
            if before.ends_with(b"\n") || before.ends_with(b"\n\r") {
                return Some(line_end + 1);
            }
        }
        self.at = self.at.max(data.len().saturating_sub(NEXT_FROM.len() - 1));
        None
    }
}
