//! Canonical events as CSV with a header: RFC 4180, comma, double quotes, lines ended by LF, CRLF or CR.

use std::borrow::Cow;

use csv::ByteRecord;
use tapemeasure_model::schema::col;

use super::record::{FIELDS, NEEDED, Raw, RawEvent, interpret};
use crate::error::IngestError;
use crate::formats::adapter::csv::{COMMA, header, rows};
use crate::formats::{BlockDecoder, FormatSettings, Sink};
use crate::inputs::Block;
use crate::quarantine::Reason;

/// Reads rows. Blank lines are no records.
#[derive(Debug)]
pub struct RowDecoder {
    settings: FormatSettings,
    header: Header,
}

/// Which column is which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// For each of [`FIELDS`] its column, counted from 0.
    columns: Vec<Option<usize>>,
    width: usize,
    /// Bytes of the header in the input.
    pub bytes: usize,
}

impl Header {
    /// Reads the header from the beginning of an input, and checks nothing. `None` if the bytes are no CSV header:
    /// no text, or longer than what is given of the input.
    pub fn read(head: &[u8], whole: bool) -> Option<(Self, Vec<String>)> {
        let (names, bytes) = header(head, whole, COMMA)?;
        let columns = FIELDS.iter().map(|field| names.iter().position(|name| name == field)).collect();
        Some((Self { columns, width: names.len(), bytes }, names))
    }

    /// How many of the fields that every record needs have a column.
    pub fn needed(&self) -> usize {
        NEEDED.iter().filter(|field| self.column_of(field).is_some()).count()
    }

    /// # Errors
    /// [`IngestError::MissingColumn`], [`IngestError::DuplicateColumn`].
    pub fn check(&self, names: &[String], input: &str, settings: &FormatSettings) -> Result<(), IngestError> {
        for column in FIELDS {
            if names.iter().filter(|name| *name == column).count() > 1 {
                return Err(IngestError::DuplicateColumn { input: input.to_owned(), column });
            }
        }
        for column in NEEDED {
            let given = column == col::SOURCE && settings.source.is_some();
            if !given && self.column_of(column).is_none() {
                let advice = missing_advice(column);
                return Err(IngestError::MissingColumn { input: input.to_owned(), column, advice });
            }
        }
        Ok(())
    }

    fn column_of(&self, field: &str) -> Option<usize> {
        FIELDS.iter().zip(self.columns.iter().copied()).find(|(name, _)| **name == field).and_then(|(_, column)| column)
    }
}

/// What to do about a needed column that is not there.
pub fn missing_advice(column: &str) -> &'static str {
    if column == col::SOURCE { "add it, or name the source with --source" } else { "add it to the header and the rows" }
}

impl RowDecoder {
    /// A decoder for rows under a header.
    pub fn new(header: Header, settings: FormatSettings) -> Self {
        Self { settings, header }
    }

    fn raw<'a>(&self, record: &'a ByteRecord) -> Result<RawEvent<'a>, Reason> {
        if record.len() != self.header.width {
            return Err(Reason::ColumnCount);
        }
        let mut values = FIELDS.map(|_| Raw::Absent);
        for (value, column) in values.iter_mut().zip(self.header.columns.iter().copied()) {
            let Some(field) = column.and_then(|column| record.get(column)) else { continue };
            if !field.is_empty() {
                let text = std::str::from_utf8(field).map_err(|_| Reason::InvalidUtf8)?;
                *value = Raw::Text(Cow::Borrowed(text));
            }
        }
        let [
            source,
            event_id,
            occurred_at,
            event_type,
            conversation_id,
            contact_id,
            channel,
            direction,
            author,
            agent_id,
            team,
            topic,
            private,
            automated,
            target_event_id,
            body,
        ] = values;
        Ok(RawEvent {
            source,
            event_id,
            occurred_at,
            event_type,
            conversation_id,
            contact_id,
            channel,
            direction,
            author,
            agent_id,
            team,
            topic,
            private: flag(private),
            automated: flag(automated),
            target_event_id,
            body,
        })
    }
}

/// CSV has no booleans: `true`, `false`, `1`, `0` in any case stand for them.
fn flag(raw: Raw<'_>) -> Raw<'_> {
    let flag = match &raw {
        Raw::Text(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
        Raw::Text(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
        _ => None,
    };
    flag.map_or(raw, Raw::Flag)
}

impl BlockDecoder for RowDecoder {
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError> {
        rows(block, COMMA, |record, at, text| {
            let raw = self.raw(record);
            match raw.as_ref().map_err(|reason| *reason).and_then(|raw| interpret(raw, &self.settings)) {
                Ok(event) => sink.event(&event, at),
                Err(reason) => sink.reject(reason, at, text),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Kept;
    use crate::inputs::{Framing, Piece, Splitter};

    const HEADER: &str = "event_type,source,event_id,note,occurred_at,conversation_id,direction,author,private,body\n";

    /// Splits and decodes as the pipeline does.
    fn decode(text: &str, block_bytes: usize) -> Kept {
        let settings = FormatSettings { keep_body: true, ..FormatSettings::default() };
        let (header, names) = Header::read(text.as_bytes(), true).unwrap();
        header.check(&names, "x.csv", &settings).unwrap();
        let skip = header.bytes;
        let line = 1 + text[..skip].matches('\n').count() as u64;
        let mut splitter = Splitter::new(
            &text.as_bytes()[skip..],
            Framing::CsvRecords { delimiter: b',' },
            block_bytes,
            skip as u64,
            line,
        );
        let decoder = RowDecoder::new(header, settings);
        let mut kept = Kept::default();
        while let Some(piece) = splitter.next(Vec::new()).unwrap() {
            match piece {
                Piece::Block(block) => decoder.decode(&block, &mut kept).unwrap(),
                Piece::Broken { reason, at, record } => kept.reject(reason, at, &record).unwrap(),
            }
        }
        kept
    }

    #[test]
    fn quotes_newlines_and_flags_are_read() {
        let text = format!(
            "{HEADER}message,s,\"e,1\",,2025-03-03T10:00:00+01:00,c,inbound,,TRUE,\"two\r\nlines and \"\"quotes\"\"\"\r\n\
             closed,s,e2,,2025-03-03T10:00:00+01:00,c,,,0,\n"
        );
        for block_bytes in [1, 7, 100, 1 << 20] {
            let kept = decode(&text, block_bytes);
            let events = kept.events();
            assert_eq!(kept.rejects.len(), 0);
            assert_eq!(events.len(), 2);
            assert_eq!((events[0].event_id, events[0].private), (&b"e,1"[..], Some(true)));
            assert_eq!(events[0].body, Some(&b"two\r\nlines and \"quotes\""[..]));
            assert_eq!(events[0].time_us, 1_740_992_400_000_000);
            assert_eq!((events[1].private, events[1].body), (Some(false), None));
            let lines: Vec<_> = kept.rows.iter().map(|(at, _)| at.line).collect();
            assert_eq!(lines, [2, 4]);
        }
    }

    #[test]
    fn rejects_have_their_line_and_byte() {
        let good = "closed,s,e,,2025-03-03T09:00:00Z,c,,,,\n";
        let text = format!("{HEADER}{good}\n \r\nclosed,s\n{good}closed,s,e,,2025-03-03T09:00:00Z,c,,,yes,\n");
        let start = (HEADER.len() + good.len()) as u64;
        let short = ("wrong number of columns", 5, Some(start + 4));
        let flag = ("private has the wrong type", 7, Some(start + 13 + good.len() as u64));
        for block_bytes in [1, 50, 1 << 20] {
            let kept = decode(&text, block_bytes);
            assert_eq!(kept.reasons(), [short, flag], "{block_bytes}");
            assert_eq!(kept.rejects[0].2, b"closed,s");
            assert_eq!(kept.rows.len(), 2);
            assert_eq!(kept.rows[1].0.line, 6);
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_line() {
        let good = "closed,s,e,,2025-03-03T09:00:00Z,c,,,,\n";
        let text = format!("{HEADER}{good}closed,s,\"e,,2025\n{good}{good}");
        for block_bytes in [1, 60, 1 << 20] {
            let kept = decode(&text, block_bytes);
            assert_eq!(kept.reasons(), [("quote is not closed", 3, Some((HEADER.len() + good.len()) as u64))]);
            assert_eq!(kept.rejects[0].2, b"closed,s,\"e,,2025");
            assert_eq!(kept.rows.iter().map(|(at, _)| at.line).collect::<Vec<_>>(), [2, 4, 5]);
        }
    }

    #[test]
    fn a_last_line_may_have_no_end_and_lines_may_end_in_cr() {
        let text = "source,event_id,occurred_at,event_type,conversation_id\rs,1,2025-03-03T09:00:00Z,closed,c\r\
                    s,2,2025-03-03T09:00:00Z,closed,c";
        for block_bytes in [1, 1 << 20] {
            let kept = decode(text, block_bytes);
            assert_eq!(kept.events().iter().map(|e| e.event_id).collect::<Vec<_>>(), [b"1", b"2"]);
        }
    }

    #[test]
    fn headers_are_checked_before_anything_is_read() {
        let settings = FormatSettings::default();
        let check = |text: &str, settings: &FormatSettings| {
            let (header, names) = Header::read(text.as_bytes(), true).unwrap();
            header.check(&names, "x.csv", settings).map_err(|error| error.to_string())
        };
        let missing = |column: &str, advice: &str| -> Result<(), String> {
            Err(format!("x.csv: column \"{column}\" is missing; {advice}"))
        };
        let header = "event_id,occurred_at,event_type\n";
        assert_eq!(check(header, &settings), missing("source", "add it, or name the source with --source"));
        let named = FormatSettings { source: Some("s".to_owned()), ..FormatSettings::default() };
        assert_eq!(check(header, &named), Ok(()));
        assert_eq!(
            check("source,event_id,event_type\n", &settings),
            missing("occurred_at", "add it to the header and the rows")
        );
        assert_eq!(
            check("source,event_id,event_type,occurred_at,topic, topic\n", &settings),
            Err("x.csv: column \"topic\" is there twice; keep one".to_owned())
        );
        assert_eq!(Header::read(b"a,b", false), None);
    }
}
