//! Records that are JSON values, from blocks.

use std::sync::Arc;

use memchr::memmem;
use serde::Deserialize;

use super::{JsonAdapter, Out, Stop};
use crate::error::IngestError;
use crate::formats::{BlockDecoder, FormatSettings, Head, Opening, Sink};
use crate::inputs::{Block, Framing};
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
    let lines = head.bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let is_record = |line: &[u8]| {
        line.first() == Some(&b'{')
            && serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line)
                .is_ok_and(|object| !wrappers.iter().any(|key| object.get(*key).is_some_and(|value| value.is_array())))
    };
    let begins_array = head.bytes.trim_ascii_start().first() == Some(&b'[');
    let begins_page = lines.clone().next().is_some_and(|line| opens_page(line, wrappers));
    // The second half of an array that was cut in two begins with records.
    let in_array = lines.clone().take(LINES_TRIED).any(is_element);
    let has_records = lines.take(LINES_TRIED).any(is_record);
    let by_line = !begins_array && !begins_page && !in_array && has_records;
    if by_line { Framing::Lines } else { Framing::Json(wrappers) }
}

/// Whether a line is one of an array that goes over several.
fn is_element(line: &[u8]) -> bool {
    line.starts_with(b",") || line.starts_with(b"]") || line.ends_with(b"},")
}

/// Whether a line begins an object that is a page, with records on lines of their own.
fn opens_page(line: &[u8], wrappers: &[&str]) -> bool {
    let opens = |key: &str| {
        let quoted = format!("\"{key}\"");
        memmem::find_iter(line, &quoted).any(|place| {
            let rest = line[place + quoted.len()..].trim_ascii_start();
            rest.strip_prefix(b":").is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b'['))
        })
    };
    line.first() == Some(&b'{')
        && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err()
        && wrappers.iter().any(|key| opens(key))
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
    serde_json::from_slice(text).map_err(|error| match std::str::from_utf8(text) {
        Err(_) => Reason::InvalidUtf8,
        Ok(_) if error.is_data() => Reason::UnexpectedJson,
        Ok(_) => Reason::BrokenJson,
    })
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
            // What cannot be decoded is rejected in the second pass.
            if let Ok(typed) = self.adapter.decode(record) {
                self.adapter.survey(&typed, &self.settings.lookups);
            }
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
    }
}
