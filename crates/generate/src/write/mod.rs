//! Formats: from plain events to bytes. `ndjson` and `csv` write one event each; `digits` writes numbers and instants.

mod csv;
pub(crate) mod digits;
mod ndjson;

use std::fmt;

use crate::event::Event;

/// The formats of a generated archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Ndjson, Self::Csv];

    /// The name on the command line, which is also the ending of a file name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    /// The format of a name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }

    /// What stands before the first event.
    pub fn header(self) -> &'static [u8] {
        match self {
            Self::Ndjson => b"",
            Self::Csv => csv::HEADER,
        }
    }

    /// Appends the line of an event, with its line break.
    pub fn append(self, event: &Event, out: &mut Vec<u8>) {
        match self {
            Self::Ndjson => ndjson::append(event, out),
            Self::Csv => csv::append(event, out),
        }
    }
}

/// Shows what `append` writes, so that an id has the same text in a message as in a file.
pub(crate) fn show(f: &mut fmt::Formatter<'_>, append: impl FnOnce(&mut Vec<u8>)) -> fmt::Result {
    let mut text = Vec::with_capacity(64);
    append(&mut text);
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests;
