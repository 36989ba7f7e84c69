//! `tape formats`: the input formats.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use tapemeasure_ingest::{FormatInfo, known_formats};

use super::print;
use crate::args::Formats;
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink, write_batches};

/// Columns of a description where there is no terminal, and at most.
const WIDTH: usize = 100;

/// Columns before a text.
const INDENT: usize = 17;

/// Lists the formats: described on a terminal, as rows elsewhere.
pub fn run(verb: &Formats) -> Result<Done, Failure> {
    let format = Format::choose(&verb.output)?;
    let formats = known_formats();
    if format == Format::Table && verb.output.output.is_none() {
        let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).min(WIDTH));
        let described: Vec<String> = formats.iter().map(|format| description(format, width)).collect();
        print(&described.join("\n"))?;
        return Ok(Done::Well);
    }
    let text = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![
        text("name"),
        text("about"),
        text("recognised_by"),
        text("cannot_tell"),
        Field::new("has_closes", DataType::Boolean, false),
    ]));
    let texts = |of: fn(&FormatInfo) -> &'static str| -> Arc<StringArray> {
        Arc::new(StringArray::from_iter_values(formats.iter().map(of)))
    };
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            texts(|format| format.name),
            texts(|format| format.about),
            texts(|format| format.recognised_by),
            texts(|format| format.cannot_tell),
            Arc::new(formats.iter().map(|format| Some(format.has_closes)).collect::<BooleanArray>()),
        ],
    )
    .map_err(|e| Failure::failed("the formats do not form a table; report this as a bug", e))?;
    write_batches(format, Sink::open(verb.output.output.as_deref())?, schema, &[batch])?;
    Ok(Done::Well)
}

/// A format in some lines of at most `width` columns.
fn description(format: &FormatInfo, width: usize) -> String {
    let closes = if format.has_closes {
        "yes"
    } else {
        "no; sessions end by silence: the first ingest sets session_gap and abandon_after for its source"
    };
    let mut text = format!("{}\n", format.name);
    for (label, words) in [
        ("", format.about),
        ("recognised by", format.recognised_by),
        ("cannot tell", format.cannot_tell),
        ("has closes", closes),
    ] {
        let indent = if label.is_empty() { 2 } else { INDENT };
        let mut before = format!("  {label}");
        for line in wrapped(words, width.saturating_sub(indent)) {
            text.push_str(&format!("{before:indent$}{line}\n"));
            before.clear();
        }
    }
    text
}

/// Words in lines of at most `width` characters; a longer word has a line of its own.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_as_wide_as_it_may_be() {
        let format = FormatInfo {
            name: "tin",
            about: "cans and string",
            recognised_by: "a long string between two cans",
            cannot_tell: "who",
            has_closes: true,
        };
        let expected = "\
tin
  cans and string
  recognised by  a long string
                 between two
                 cans
  cannot tell    who
  has closes     yes
";
        assert_eq!(description(&format, 30), expected);
        assert_eq!(wrapped("abc de f", 2), ["abc", "de", "f"]);
    }
}
