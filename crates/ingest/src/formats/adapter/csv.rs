//! Records that are rows of CSV under a header: RFC 4180, double quotes, lines ended by LF, CRLF or CR. Fields are parted
//! by commas, or by what a mapping says.

use std::sync::Arc;

use ::csv::{ByteRecord, ReaderBuilder};

use super::{CsvAdapter, Out, Stop};
use crate::error::IngestError;
use crate::formats::{BlockDecoder, FormatSettings, Head, Opening, Sink};
use crate::inputs::source::HEAD_BYTES;
use crate::inputs::{Block, Framing};
use crate::quarantine::{Position, Reason};

/// The header of a CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    names: Vec<String>,
    /// Bytes of the header in the input.
    bytes: usize,
    /// What stands between two fields.
    delimiter: u8,
}

/// What stands between two fields where nothing else is said.
pub const COMMA: u8 = b',';

impl Columns {
    /// Reads the header from the beginning of an input. `None` if the bytes are no header: no text, or longer than what
    /// is given of the input.
    pub fn of(head: &Head<'_>) -> Option<Self> {
        Self::separated(head, COMMA)
    }

    /// As [`of`](Self::of), with fields parted by another byte.
    pub fn separated(head: &Head<'_>, delimiter: u8) -> Option<Self> {
        let (names, bytes) = header(head.bytes, head.whole, delimiter)?;
        Some(Self { names, bytes, delimiter })
    }

    /// The columns of an input without a header.
    pub fn named(names: Vec<String>, delimiter: u8) -> Self {
        Self { names, bytes: 0, delimiter }
    }

    /// The names, as they are written, without spaces around them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The column of that name, counted from 0; upper and lower case are the same.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether there is a column of every name.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.find(name).is_some())
    }

    /// The column of a name that every record needs.
    ///
    /// # Errors
    /// [`IngestError::MissingColumn`].
    pub fn needed(&self, name: &'static str, input: &str) -> Result<usize, IngestError> {
        self.find(name).ok_or_else(|| IngestError::MissingColumn {
            input: input.to_owned(),
            column: name,
            advice: "export the file again with this column",
        })
    }
}

/// The names in the first row of an input, without spaces around them, and the bytes of that row. `head` is the beginning
/// of the input, or all of it. `None` if the bytes are no header: no text, or longer than what is given of the input.
pub fn header(head: &[u8], is_whole: bool, delimiter: u8) -> Option<(Vec<String>, usize)> {
    // A beginning is longer where a line of JSON is: its commas are no columns.
    let seen = &head[..head.len().min(HEAD_BYTES)];
    let mut reader = rows_of(seen, delimiter);
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).ok()? {
        return None;
    }
    let bytes = position_of(&reader);
    if bytes == seen.len() && !(is_whole && bytes == head.len()) {
        return None;
    }
    let names = record
        .iter()
        .map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()))
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    Some((names, bytes))
}

/// One row, as wide as the header.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    record: &'r ByteRecord,
    /// All fields one behind the other, if all of them together are UTF-8: one check a row in place of one a field.
    text: Option<&'r str>,
}

impl<'r> Row<'r> {
    fn new(record: &'r ByteRecord) -> Self {
        Self { record, text: std::str::from_utf8(record.as_slice()).ok() }
    }

    /// The text of a column, trimmed of spaces at both ends; `None` if the column is not there or the field is empty.
    ///
    /// # Errors
    /// [`Reason::InvalidUtf8`].
    pub fn text(&self, column: Option<usize>) -> Result<Option<&'r str>, Reason> {
        Ok(self.raw(column)?.map(trimmed).filter(|text| !text.is_empty()))
    }

    /// The text of a column as it stands.
    ///
    /// # Errors
    /// [`Reason::InvalidUtf8`].
    pub fn raw(&self, column: Option<usize>) -> Result<Option<&'r str>, Reason> {
        let Some(range) = column.and_then(|column| self.record.range(column)) else { return Ok(None) };
        // Two fields that are no text each can be one together: then the border between them is inside a character.
        if let Some(field) = self.text.and_then(|text| text.get(range.clone())) {
            return Ok(Some(field));
        }
        std::str::from_utf8(&self.record.as_slice()[range]).map(Some).map_err(|_| Reason::InvalidUtf8)
    }
}

/// A text without spaces at its ends. Nearly every field begins and ends with what is surely none.
#[inline]
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Reads the rows of one input with an adapter.
#[derive(Debug)]
struct CsvRows<A> {
    adapter: A,
    settings: FormatSettings,
    format: &'static str,
    width: usize,
    delimiter: u8,
}

/// How an input of a CSV format is read, once the adapter has found its columns.
pub fn open(adapter: impl CsvAdapter, format: &'static str, columns: &Columns, settings: &FormatSettings) -> Opening {
    let (width, delimiter) = (columns.names.len(), columns.delimiter);
    let decoder = CsvRows { adapter, settings: settings.clone(), format, width, delimiter };
    Opening::Blocks { framing: Framing::CsvRecords { delimiter }, skip: columns.bytes, decoder: Arc::new(decoder) }
}

impl<A: CsvAdapter> CsvRows<A> {
    fn typed<'a>(&self, row: &'a Row<'_>) -> Result<A::Record<'a>, Reason> {
        if row.record.len() == self.width { self.adapter.decode(row) } else { Err(Reason::ColumnCount) }
    }
}

impl<A: CsvAdapter> BlockDecoder for CsvRows<A> {
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError> {
        rows(block, self.delimiter, |record, at, text| {
            let row = Row::new(record);
            let mut out = Out::new(&mut *sink, &self.settings, self.format, at, text);
            let given = match self.typed(&row) {
                Ok(typed) => self.adapter.to_events(&typed, &mut out),
                Err(reason) => Err(Stop::Rejected(reason)),
            };
            match given {
                Ok(()) => Ok(()),
                Err(Stop::Rejected(reason)) => out.reject(reason),
                Err(Stop::Failed(error)) => Err(error),
            }
        })
    }

    fn survey(&self, block: &Block) {
        let Ok(()) = rows(block, self.delimiter, |record, _, _| {
            let row = Row::new(record);
            // What cannot be decoded is rejected in the second pass.
            if let Ok(typed) = self.typed(&row) {
                self.adapter.survey(&typed, &self.settings.lookups);
            }
            Ok::<(), std::convert::Infallible>(())
        });
    }
}

/// Calls `each` with every row of a block that is not blank, of whatever width, with its position and its text.
///
/// # Errors
/// The first of `each`.
pub fn rows<E>(
    block: &Block,
    delimiter: u8,
    mut each: impl FnMut(&ByteRecord, Position, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = block.bytes();
    let mut reader = rows_of(bytes, delimiter);
    let mut record = ByteRecord::new();
    loop {
        let (mut start, mut line) = (position_of(&reader), reader.position().line());
        // Rows of memory that may have any width cannot fail to be read.
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            return Ok(());
        }
        // The reader stands before line ends that belong to no record.
        while let Some(b'\n' | b'\r') = bytes.get(start) {
            line += u64::from(bytes[start] == b'\n');
            start += 1;
        }
        if record.len() == 1 && record.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        let at = Position::in_text(block.line + line - 1, block.offset + start as u64);
        each(&record, at, bytes[start..position_of(&reader)].trim_ascii_end())?;
    }
}

/// Reads rows of whatever width.
fn rows_of(bytes: &[u8], delimiter: u8) -> ::csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes)
}

/// Where a reader of memory stands; never beyond the memory, so the number fits.
fn position_of(reader: &::csv::Reader<&[u8]>) -> usize {
    reader.position().byte() as usize
}
