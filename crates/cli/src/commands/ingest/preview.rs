//! `tape ingest --dry-run`: the events that would come of an ingest.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use serde_json::Value;
use tapemeasure_ingest::{IngestOptions, Preview, preview};
use tapemeasure_model::schema::events_schema;
use tapemeasure_report::quantity::count;

use super::rejected_in_words;
use crate::args::Ingest;
use crate::commands::{note, print};
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink, write_batches};
use crate::watch;

/// Events that are shown when nobody says otherwise.
const SHOWN: usize = 20;

/// Reads until there are enough events, prints them, and says what was read. The archive is neither read nor written.
pub async fn run(verb: &Ingest, options: &IngestOptions) -> Result<Done, Failure> {
    watch::end_soon_after_interrupt();
    let found = preview(&verb.files, options, verb.limit.unwrap_or(SHOWN)).await?;
    if verb.json {
        let line = serde_json::to_string(&found)
            .map_err(|e| Failure::failed("the preview is no JSON; report this as a bug", e))?;
        print(&(line + "\n"))?;
    } else if std::io::stdout().is_terminal() {
        if !found.events.is_empty() {
            let batch = table_of(&found.events)?;
            write_batches(Format::Table, Sink::open(None)?, batch.schema(), &[batch])?;
        }
    } else {
        lines(&found.events)?;
    }
    for text in &found.notes {
        note(text);
    }
    note(&in_words(&found));
    if found.rejected > 0 {
        note(&rejected_in_words(found.rejected, &found.rejected_by_reason, found.first_rejected.as_deref(), None));
    }
    Ok(if found.rejected == 0 && found.left_out == 0 { Done::Well } else { Done::WithFindings })
}

fn in_words(found: &Preview) -> String {
    let events = found.read.saturating_sub(found.rejected + found.ignored);
    let mut text = format!(
        "dry run, nothing is taken in: {} read, {} of them events, {} rejected, {} ignored",
        count(found.read),
        count(events),
        count(found.rejected),
        count(found.ignored)
    );
    for (files, what) in [(found.left_out, "left out"), (found.unread, "unread")] {
        if files > 0 {
            text.push_str(&format!("; {} {} {what}", count(files), if files == 1 { "file" } else { "files" }));
        }
    }
    let shown = found.events.len() as u64;
    if shown < events {
        text.push_str(&format!("; {} events are shown", count(shown)));
    }
    if found.stopped {
        text.push_str("; what comes after them was not read (--limit N shows more)");
    }
    text
}

fn lines(events: &[Value]) -> Result<(), Failure> {
    let mut sink = Sink::open(None)?;
    for event in events {
        writeln!(sink, "{event}").map_err(|e| Failure::output("standard output", e))?;
    }
    sink.finish()
}

/// The events as texts, with the columns that any of them has, in the order of the documentation.
fn table_of(events: &[Value]) -> Result<RecordBatch, Failure> {
    let schema = events_schema();
    let given = schema.fields().iter().map(|field| field.name()).filter(|name| {
        let name: &str = name;
        events.iter().any(|event| event.get(name).is_some_and(|value| !value.is_null()))
    });
    let names: Vec<&String> = given.collect();
    let columns: Vec<ArrayRef> = names
        .iter()
        .map(|name| {
            let texts: StringArray = events.iter().map(|event| event.get(name.as_str()).and_then(text_of)).collect();
            Arc::new(texts) as ArrayRef
        })
        .collect();
    let fields: Vec<Field> = names.iter().map(|name| Field::new(name.as_str(), DataType::Utf8, true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|e| Failure::failed("the events do not form a table; report this as a bug", e))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_the_columns_that_are_there() {
        let events = [
            json!({"event_id": "e1", "source": "s", "private": true, "topic": null}),
            json!({"source": "s", "event_id": "e2", "channel": "sms"}),
        ];
        let batch = table_of(&events).unwrap();
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["source", "event_id", "channel", "private"]);
        let flags: Vec<Option<String>> = (0..2)
            .map(|row| {
                let column = batch.column(3).as_any().downcast_ref::<StringArray>()?;
                arrow::array::Array::is_valid(column, row).then(|| column.value(row).to_owned())
            })
            .collect();
        assert_eq!(flags, [Some("true".to_owned()), None]);
    }
}
