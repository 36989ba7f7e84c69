//! Records that are JSON values, from blocks.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{JsonAdapter, Out, Stop};
use crate::error::IngestError;
use crate::formats::{BlockDecoder, FormatSettings, Head, Opening, Sink};
use crate::inputs::{Block, Framing, begins_page};
use crate::quarantine::Reason;

/// Lines that are looked at for a whole record: the first may be broken.
const LINES_TRIED: usize = 8;

/// Reads the records of one input with an adapter.
#[derive(Debug)]
pub struct JsonRecords<A> {
    adapter: A,
    settings: FormatSettings,
    format: &'static str,
}

/// How an input of a JSON format is read. `wrappers` are the keys under which a page of the vendor's interface has its
/// records: `["conversations"]` for `{"type": "conversation.list", "conversations": [...], "pages": ...}`.
pub fn open(
    adapter: impl JsonAdapter,
    format: &'static str,
    head: &Head<'_>,
    settings: &FormatSettings,
    wrappers: &'static [&'static str],
) -> Opening {
    let decoder = JsonRecords { adapter, settings: settings.clone(), format };
    Opening::Blocks { framing: framing_of(head, wrappers), skip: 0, decoder: Arc::new(decoder) }
}

/// Lines where each record is a line, so that one broken record costs itself; else JSON values, which may go over many
/// lines, stand in arrays, and in pages under one of `wrappers`.
pub fn framing_of(head: &Head<'_>, wrappers: &'static [&'static str]) -> Framing {
    let begins_array = head.bytes.trim_ascii_start().first() == Some(&b'[');
    let in_page = lines_of(head).next().is_some_and(|line| opens_page(line, wrappers));
    // The second half of an array that was cut in two begins with records.
    let in_array = lines_of(head).take(LINES_TRIED).any(is_element);
    let has_records = lines_of(head).take(LINES_TRIED).any(|line| is_record(line, wrappers));
    let by_line = !begins_array && !in_page && !in_array && has_records;
    if by_line { Framing::Lines } else { Framing::Json(wrappers) }
}

/// Whether [`framing_of`] may say something else of a head that goes on to the end of the line that this one breaks off
/// in: nothing before that line tells how records are written, and it may be one.
pub fn is_undecided(head: &Head<'_>, wrappers: &'static [&'static str]) -> bool {
    if head.whole || head.bytes.ends_with(b"\n") || head.bytes.trim_ascii_start().first() == Some(&b'[') {
        return false;
    }
    let lines: Vec<&[u8]> = lines_of(head).take(LINES_TRIED + 1).collect();
    let Some((cut, before)) = lines.split_last() else { return false };
    let is_told = |line: &&[u8]| is_element(line) || is_record(line, wrappers);
    if before.len() == LINES_TRIED || before.iter().any(is_told) || opens_page(lines[0], wrappers) {
        return false;
    }
    // What begins with a value that ends is no line of one record.
    let ends = || matches!(serde_json::Deserializer::from_slice(cut).into_iter::<IgnoredAny>().next(), Some(Ok(_)));
    cut.first() == Some(&b'{') && !begins_page(cut, wrappers) && !ends()
}

/// The lines of a head that are not blank; the last one may be cut.
fn lines_of<'h>(head: &Head<'h>) -> impl Iterator<Item = &'h [u8]> + use<'h> {
    head.bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Whether a line is a whole object, and no page.
fn is_record(line: &[u8], wrappers: &[&str]) -> bool {
    line.first() == Some(&b'{')
        && serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line)
            .is_ok_and(|object| !wrappers.iter().any(|key| object.get(*key).is_some_and(|value| value.is_array())))
}

/// Whether a line is one of an array that goes over several.
fn is_element(line: &[u8]) -> bool {
    line.starts_with(b",") || line.starts_with(b"]") || line.ends_with(b"},")
}

/// Whether a line begins an object that is a page, with records on lines of their own.
fn opens_page(line: &[u8], wrappers: &'static [&'static str]) -> bool {
    line.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(line).is_err() && begins_page(line, wrappers)
}

/// Parses the text of a record. A value that has another type than the record says is broken like one that is no JSON:
/// give fields whose type varies the type `serde_json::Value` or `Option<..>` with a tolerant reader.
///
/// # Errors
/// [`Reason::NotAnObject`], [`Reason::InvalidUtf8`], [`Reason::UnexpectedJson`], [`Reason::BrokenJson`].
pub fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Reason> {
    if text.first() != Some(&b'{') {
        return Err(Reason::NotAnObject);
    }
    match std::str::from_utf8(text) {
        // One check for the record in place of one for each of its keys and texts.
        Ok(text) => serde_json::from_str(text).map_err(|error| match error.is_data() {
            true => Reason::UnexpectedJson,
            false => Reason::BrokenJson,
        }),
        // What is no UTF-8 may stand where it is passed over.
        Err(_) => serde_json::from_slice(text).map_err(|_| Reason::InvalidUtf8),
    }
}

impl<A: JsonAdapter> BlockDecoder for JsonRecords<A> {
    fn decode(&self, block: &Block, sink: &mut dyn Sink) -> Result<(), IngestError> {
        for (record, at) in block.records() {
            let mut out = Out::new(&mut *sink, &self.settings, self.format, at, record);
            let given = match self.adapter.decode(record) {
                Ok(typed) => self.adapter.to_events(&typed, &mut out),
                Err(reason) => Err(Stop::Rejected(reason)),
            };
            match given {
                Ok(()) => {}
                Err(Stop::Rejected(reason)) => out.reject(reason)?,
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn survey(&self, block: &Block) {
        for (record, _) in block.records() {
            self.adapter.survey(record, &self.settings.lookups);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(text: &str) -> Framing {
        framing_of(&Head { name: "x", bytes: text.as_bytes(), whole: false, file: None }, &["items"])
    }

    #[test]
    fn records_are_read_by_line_only_where_each_is_a_line() {
        for text in ["{\"id\":1}\n{\"id\":2}\n", "rubbish\n{\"id\":1}\n", "{\"items\":3}\n"] {
            assert_eq!(framing(text), Framing::Lines, "{text}");
        }
        for text in [
            "{\"id\":1",
            "[{\"id\":1}]",
            "[\n{\"id\":1}\n]",
            "{\n\"id\":1\n}",
            "{\"items\":[{\"id\":1}]}\n",
            "{\"items\":[\n{\"id\":1}\n]}",
            // Second halves of arrays.
            "{\"id\":2},\n{\"id\":3}\n]",
            "{\"id\":3}\n]",
            ",\n{\"id\":2}\n",
        ] {
            assert_eq!(framing(text), Framing::Json(&["items"]), "{text}");
        }
        // A key of a page that lies deeper, in a first line that is broken, makes no page.
        assert_eq!(framing("{\"a\":{\"items\":[1]}\n{\"id\":1}\n"), Framing::Lines);
    }

    #[test]
    fn only_a_line_that_may_be_a_record_is_worth_its_rest() {
        let undecided = |text: &str, whole| {
            is_undecided(&Head { name: "x", bytes: text.as_bytes(), whole, file: None }, &["items"])
        };
        for text in [
            "{\"id\":1,\"text\":\"aa",
            "rubbish\n{\"id\":1",
            "{\"id\":\n{\"id\":1,\"text\":\"aa",
            "{\"a\":{\"items\":[{\"id\":1",
        ] {
            assert!(undecided(text, false), "{text}");
            assert!(!undecided(text, true), "{text}");
        }
        for text in [
            "",
            // Told by a line before it, or broken off nowhere.
            "{\"id\":1}\n{\"id\":2",
            "{\"id\":1\n",
            "{\"id\":1},\n{\"id\":2",
            // No object, and objects one behind the other.
            "[{\"id\":1",
            "a,b\n1,2",
            "{\"id\":1}{\"id\":2",
            // Pages.
            "{\"items\":[{\"id\":1",
            "{\"items\":[\n{\"id\":1",
            "rubbish\n{\"items\":[{\"id\":1",
            // Objects over many lines.
            "{\n\"a\":1,\n\"b\":2,\n\"c\":3,\n\"d\":4,\n\"e\":5,\n\"f\":6,\n\"g\":\n{\"h\"",
        ] {
            assert!(!undecided(text, false), "{text}");
        }
    }
}
