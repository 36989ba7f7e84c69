//! Canonical events: one record an event, with the names of kpi-rules section 1.
//!
//! | module | is |
//! |---|---|
//! | [`record`] | what the fields mean, and why a record is no event |
//! | [`ndjson`], [`csv`], [`parquet`] | the layouts: how the fields are written |
//! | this file | which layout an input has |

pub mod csv;
pub mod ndjson;
pub mod parquet;
pub mod record;

use std::sync::Arc;

use memchr::memmem;
use tapemeasure_model::schema::col;

use self::csv::{Header, RowDecoder};
use self::ndjson::LineDecoder;
use self::parquet::RowGroupDecoder;
use self::record::FIELDS;
use super::adapter::shape::Shape;
use super::{Format, FormatInfo, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::inputs::Framing;

/// The format `events`.
#[derive(Debug, Clone, Copy)]
pub struct CanonicalEvents;

/// How canonical events are written.
enum Layout {
    /// JSON objects: one a line, over many lines, or in a list.
    Lines,
    Csv(Header, Vec<String>),
    Parquet,
}

impl Format for CanonicalEvents {
    fn info(&self) -> FormatInfo {
        FormatInfo {
            name: "events",
            about: "canonical events: JSON lines, CSV or Parquet with the fields of the documentation",
            recognised_by: "fields or columns named source, event_id, occurred_at, event_type (two of them suffice)",
            cannot_tell: "nothing: what is not given is not there",
            has_closes: true,
        }
    }

    fn recognises(&self, head: &Head<'_>) -> bool {
        match layout_of(head) {
            Layout::Lines => looks_like_lines(head),
            Layout::Csv(header, _) => header.needed() >= 2,
            Layout::Parquet => head.file.is_some_and(parquet::recognises),
        }
    }

    fn open(&self, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
        match layout_of(head) {
            Layout::Lines => Ok(Opening::Blocks {
                framing: framing_of(head),
                skip: 0,
                decoder: Arc::new(LineDecoder::new(settings.clone())),
            }),
            Layout::Csv(header, names) => {
                header.check(&names, head.name, settings)?;
                Ok(Opening::Blocks {
                    framing: Framing::CsvRecords { delimiter: b',' },
                    skip: header.bytes,
                    decoder: Arc::new(RowDecoder::new(header, settings.clone())),
                })
            }
            Layout::Parquet => {
                let path = head.file.ok_or_else(|| IngestError::Unrecognised {
                    input: head.name.to_owned(),
                    known: self.info().name.to_owned(),
                })?;
                let decoder = RowGroupDecoder::open(path, head.name, settings.clone())?;
                Ok(Opening::Parts { count: decoder.parts(), decoder: Arc::new(decoder) })
            }
        }
    }
}

/// The layout, by the first bytes: Parquet has its magic, JSON a brace at the beginning of some line (the first may be
/// broken) or a bracket at its own, and what has neither can only be CSV.
fn layout_of(head: &Head<'_>) -> Layout {
    if head.bytes.starts_with(parquet::MAGIC) {
        return Layout::Parquet;
    }
    let has_objects = framing_of(head) != Framing::Lines || lines(head.bytes).any(|line| line.starts_with(b"{"));
    match Header::read(head.bytes, head.whole) {
        Some((header, names)) if header.needed() >= 2 || !has_objects => Layout::Csv(header, names),
        _ => Layout::Lines,
    }
}

/// Lists, and objects over many lines, are read value by value; all else line by line.
fn framing_of(head: &Head<'_>) -> Framing {
    let first = lines(head.bytes).find(|line| !line.is_empty()).unwrap_or_default();
    let opens_list = |rest: &[u8]| rest.trim_ascii_start().first().is_none_or(|&byte| byte == b'{');
    if first == b"{" || first.strip_prefix(b"[").is_some_and(opens_list) { Framing::Json(&[]) } else { Framing::Lines }
}

/// Objects, of which some line has names of ours, or those of a list; or one so long that most of its names are out of
/// sight, and those in sight are ours.
fn looks_like_lines(head: &Head<'_>) -> bool {
    let named = |line: &[u8]| {
        [col::EVENT_ID, col::OCCURRED_AT, col::EVENT_TYPE]
            .iter()
            .filter(|name| memmem::find(line, format!("\"{name}\"").as_bytes()).is_some())
            .count()
            >= 2
    };
    let is_list_of_ours = || {
        let shape = Shape::of(head, &[]);
        [col::EVENT_ID, col::OCCURRED_AT, col::EVENT_TYPE].iter().filter(|name| shape.has(name)).count() >= 2
    };
    let is_cut = !head.whole && head.bytes.starts_with(b"{") && memchr::memchr(b'\n', head.bytes).is_none();
    let is_ours = || {
        let shape = Shape::of(head, &[]);
        shape.keys().next().is_some() && shape.keys().all(|key| FIELDS.contains(&key))
    };
    (framing_of(head) != Framing::Lines && is_list_of_ours())
        || (is_cut && is_ours())
        || lines(head.bytes).any(|line| line.starts_with(b"{") && named(line))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{check_fixture, settings};
    use crate::formats::{AUTO, choose, known_formats};

    fn chosen(text: &[u8], whole: bool) -> Result<&'static str, String> {
        let head = Head { name: "x", bytes: text, whole, file: None };
        match choose(AUTO, &head) {
            Ok(format) => Ok(format.info().name),
            Err(error) => Err(error.to_string()),
        }
    }

    fn opened(text: &[u8]) -> &'static str {
        let head = Head { name: "x", bytes: text, whole: true, file: None };
        let settings = FormatSettings { source: Some("s".to_owned()), ..FormatSettings::default() };
        match CanonicalEvents.open(&head, &settings).unwrap() {
            Opening::Blocks { framing: Framing::Lines, skip: 0, .. } => "lines",
            Opening::Blocks { framing: Framing::Json(_), skip: 0, .. } => "values",
            Opening::Blocks { framing: Framing::CsvRecords { .. }, .. } => "csv",
            _ => "other",
        }
    }

    #[test]
    fn fixtures_give_the_events_that_were_worked_out() {
        check_fixture(&CanonicalEvents, "events/lines", &settings(), 0);
        check_fixture(&CanonicalEvents, "events/csv", &settings(), 0);
    }

    #[test]
    fn canonical_events_are_recognised_by_their_names() {
        let line = br#"{"event_id":"e","occurred_at":"t"}"#;
        let broken_first = [b"rubbish\n".as_slice(), line].concat();
        let header = b"topic,event_id,event_type,occurred_at\n";
        for (text, layout) in [(&line[..], "lines"), (&broken_first[..], "lines"), (&header[..], "csv")] {
            assert_eq!(chosen(text, true), Ok("events"));
            assert_eq!(opened(text), layout);
        }
        let list = &b"[{\"event_id\":\"e\",\"event_type\":\"t\"}]"[..];
        for text in [list, b"{\n \"event_id\":\"e\",\n \"occurred_at\":\"t\"\n}"] {
            assert_eq!(chosen(text, true), Ok("events"));
            assert_eq!(opened(text), "values");
        }
        // Names that lie beyond the head cannot be asked for.
        assert_eq!(chosen(br#"{"source":"s","body":"aaaaaaaaa"#, false), Ok("events"));
        let other = Head { name: "x", bytes: br#"{"source":"s","kind":"aaaaaaaaa"#, whole: false, file: None };
        assert!(!CanonicalEvents.recognises(&other));
    }

    #[test]
    fn a_header_is_no_longer_than_a_beginning() {
        let header = |bytes: usize| "event_id,occurred_at".to_owned() + &",".repeat(bytes - 21) + "\n";
        let most = crate::inputs::source::HEAD_BYTES;
        let columns = |text: &str, whole| Header::read(text.as_bytes(), whole).map(|(_, names)| names.len());
        // Two names, and one behind each of the commas that follow them.
        assert_eq!(columns(&header(most), true), Some(2 + most - 21));
        assert_eq!(columns(&header(most), false), None);
        assert_eq!(columns(&header(most + 1), true), None);
    }

    #[test]
    fn other_content_is_named_as_such() {
        let known = known_formats().iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
        let unknown = format!(
            "x: content fits no known format ({known}); name the format (--format, see `tape formats`), or say what is \
             what in a mapping file (--mapping)"
        );
        for text in [&br#"{"id":1,"happened":"yes"}"#[..], b"time,number\n1,2\n", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(chosen(text, true), Err(unknown.clone()));
        }
        let head = Head { name: "x", bytes: b"{}", whole: true, file: None };
        let error = choose("zip", &head).err().unwrap();
        assert_eq!(error.to_string(), format!("no format is named \"zip\"; known: auto, {known}"));
    }
}
