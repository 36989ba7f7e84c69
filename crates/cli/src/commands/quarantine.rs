//! `tape quarantine`: what was rejected, and the same once more.

mod again;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tapemeasure_archive::Archive;
use tapemeasure_ingest::{
    Rejected, Retried, is_part_of_reason, known_reasons, quarantine_file, quarantine_files, read_quarantine,
    retry_quarantine,
};
use tapemeasure_model::schema::instant_type;
use tapemeasure_report::quantity::count;

use super::ingest::{in_json, in_words, options_of, rejections};
use super::{note, print};
use crate::args::{Decoding, Global, Output, Quarantine, QuarantineVerb};
use crate::failure::{Done, Failure};
use crate::output::{BatchWriter, Format, Sink, write_batches};
use crate::watch::{self, IngestWatch};

/// The folder of quarantine files in an archive's directory. An ingest that failed has one without an archive.
const QUARANTINE: &str = "quarantine";

/// Records shown in a table when nobody says otherwise.
const SHOWN: u64 = 50;

/// Characters of a record that are shown in a table.
const SHOWN_CHARACTERS: usize = 160;

/// Records that are written at once.
const BATCH_RECORDS: usize = 1_024;

/// Lists, shows, or ingests again.
pub async fn run(global: &Global, verb: &Quarantine) -> Result<Done, Failure> {
    let dir = global.archive.join(QUARANTINE);
    if !dir.is_dir() {
        // A wrong name is said to be one.
        Archive::open(&global.archive).await?;
    }
    match &verb.verb {
        QuarantineVerb::List { output } => list(&dir, output),
        QuarantineVerb::Show { file, reason, limit, output } => {
            show(&dir, file.as_deref(), reason.as_deref(), *limit, output)
        }
        QuarantineVerb::Retry { files, decoding, alone, json } => {
            let paths: Vec<PathBuf> = files.iter().map(|name| quarantine_file(&dir, name)).collect::<Result<_, _>>()?;
            retry(global, &paths, decoding, *alone, *json).await
        }
    }
}

fn list(dir: &Path, output: &Output) -> Result<Done, Failure> {
    let files = quarantine_files(dir)?;
    let number = |name| Field::new(name, DataType::UInt64, false);
    let schema = Arc::new(Schema::new(vec![
        Field::new("file", DataType::Utf8, false),
        Field::new("written_at", instant_type(), true),
        number("records"),
        number("inputs"),
        number("bytes"),
        Field::new("reasons", DataType::Utf8, false),
    ]));
    let reasons = files.iter().map(|file| {
        let reasons: Vec<String> = file.reasons.iter().map(|(reason, n)| format!("{} {reason}", count(*n))).collect();
        reasons.join(", ")
    });
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(StringArray::from_iter_values(files.iter().map(|file| file.name.as_str()))),
            Arc::new(
                files.iter().map(|file| file.written_us).collect::<TimestampMicrosecondArray>().with_timezone("UTC"),
            ),
            Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.records))),
            Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.inputs))),
            Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.bytes))),
            Arc::new(StringArray::from_iter_values(reasons)),
        ],
    )
    .map_err(bug)?;
    let format = Format::choose(output)?;
    if files.is_empty() && format == Format::Table && output.output.is_none() {
        print("nothing is in quarantine\n")?;
    } else {
        write_batches(format, Sink::open(output.output.as_deref())?, schema, &[batch])?;
    }
    Ok(Done::Well)
}

fn show(
    dir: &Path,
    file: Option<&str>,
    reason: Option<&str>,
    limit: Option<u64>,
    output: &Output,
) -> Result<Done, Failure> {
    let path = match file {
        Some(name) => quarantine_file(dir, name)?,
        None => match quarantine_files(dir)?.pop() {
            Some(latest) => latest.path,
            None => {
                note("nothing is in quarantine");
                return Ok(Done::Well);
            }
        },
    };
    let format = Format::choose(output)?;
    if let Some(reason) = reason {
        let there = reasons_in(&path)?;
        if !there.iter().any(|known| known.contains(reason)) {
            note(&none_of(reason, &path, &there)?);
            if format == Format::Table && output.output.is_none() {
                return Ok(Done::Well);
            }
        }
    }
    let limit = limit.or((format == Format::Table).then_some(SHOWN)).unwrap_or(u64::MAX);
    let schema = Arc::new(Schema::new(vec![
        Field::new("file", DataType::Utf8, false),
        Field::new("line", DataType::UInt64, false),
        Field::new("byte", DataType::UInt64, true),
        Field::new("reason", DataType::Utf8, false),
        Field::new("record", DataType::Utf8, false),
    ]));
    let mut writer = BatchWriter::new(format, Sink::open(output.output.as_deref())?, Arc::clone(&schema))?;
    let (mut found, mut shown, mut cut) = (0_u64, 0_u64, 0_u64);
    let mut held: Vec<Rejected> = Vec::new();
    for rejected in read_quarantine(&path)? {
        let mut rejected = rejected?;
        if watch::interrupted() {
            return Err(Failure::Interrupted);
        }
        if reason.is_some_and(|reason| !rejected.reason.contains(reason)) {
            continue;
        }
        found += 1;
        if shown == limit {
            continue;
        }
        shown += 1;
        if format == Format::Table && shorten(&mut rejected.record) {
            cut += 1;
        }
        held.push(rejected);
        if held.len() == BATCH_RECORDS {
            writer.write(&batch_of(&schema, &held)?)?;
            held.clear();
        }
    }
    writer.write(&batch_of(&schema, &held)?)?;
    writer.finish()?;
    if shown < found {
        note(&format!("{} of {} records are shown; --limit N shows more", count(shown), count(found)));
    }
    if cut > 0 {
        note(&format!(
            "{} records are cut to {SHOWN_CHARACTERS} characters; --format vertical shows them whole",
            count(cut)
        ));
    }
    Ok(Done::Well)
}

/// The reasons of the records in a file.
fn reasons_in(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut reasons = BTreeSet::new();
    for rejected in read_quarantine(path)? {
        if watch::interrupted() {
            return Err(Failure::Interrupted);
        }
        reasons.insert(rejected?.reason);
    }
    Ok(reasons)
}

/// What is said where none of the reasons of a file holds a text.
///
/// # Errors
/// The text is no part of any reason.
fn none_of(text: &str, path: &Path, there: &BTreeSet<String>) -> Result<String, Failure> {
    let all = known_reasons();
    let mut known: Vec<&str> = there.iter().map(String::as_str).collect();
    if is_part_of_reason(text) {
        return Ok(format!(
            "no record of {} has a reason with {text:?}; it has {}",
            path.display(),
            if known.is_empty() { "none at all".to_owned() } else { known.join(", ") }
        ));
    }
    known.extend(all.iter().map(String::as_str).filter(|reason| !there.contains(*reason)));
    Err(Failure::word("--reason", text, &known))
}

fn batch_of(schema: &SchemaRef, records: &[Rejected]) -> Result<RecordBatch, Failure> {
    let texts = |of: fn(&Rejected) -> &str| -> Arc<StringArray> {
        Arc::new(records.iter().map(|record| Some(of(record))).collect())
    };
    RecordBatch::try_new(
        Arc::clone(schema),
        vec![
            texts(|record| &record.file),
            Arc::new(UInt64Array::from_iter_values(records.iter().map(|record| record.line))),
            Arc::new(records.iter().map(|record| record.byte).collect::<UInt64Array>()),
            texts(|record| &record.reason),
            texts(|record| &record.record),
        ],
    )
    .map_err(bug)
}

/// Puts a record on one line and cuts it. Whether it was cut.
fn shorten(record: &mut String) -> bool {
    let line = record.replace(['\n', '\r'], " ");
    let end = line.char_indices().nth(SHOWN_CHARACTERS).map(|(end, _)| end);
    *record = match end {
        Some(end) => format!("{}…", &line[..end]),
        None => line,
    };
    end.is_some()
}

async fn retry(
    global: &Global,
    files: &[PathBuf],
    decoding: &Decoding,
    alone: bool,
    json: bool,
) -> Result<Done, Failure> {
    let options = options_of(global, decoding)?;
    let watch = IngestWatch::new();
    watch::end_soon_after_interrupt();
    let retried = retry_quarantine(&global.archive, files, &options, alone, &watch).await?;
    watch.finish();
    let Retried { summary, removed, left, exports } = &retried;
    if json {
        print(&in_json(summary)?)?;
    } else if summary.read > 0 {
        print(&in_words(summary))?;
    } else if left.is_empty() {
        print("nothing is in quarantine\n")?;
    }
    for text in &summary.notes {
        note(text);
    }
    if !removed.is_empty() {
        let noun = if removed.len() == 1 { "file" } else { "files" };
        note(&format!("{} quarantine {noun} done with and removed", count(removed.len() as u64)));
    }
    for (why, n) in left {
        note(&format!("{} left in quarantine: {why}", count(*n)));
    }
    for export in exports {
        note(&again::with_export(&global.archive, decoding, export));
    }
    if !exports.is_empty() {
        // What was left of files that are gone is in a new one, which is among all.
        let named: &[PathBuf] = if removed.is_empty() { files } else { &[] };
        note(&again::alone(&global.archive, decoding, named));
    }
    if summary.rejected > 0 {
        note(&rejections(summary));
    }
    Ok(if summary.rejected == 0 && left.is_empty() { Done::Well } else { Done::WithFindings })
}

fn bug(error: arrow::error::ArrowError) -> Failure {
    Failure::failed("the records do not form a table; report this as a bug", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_known_or_refused() {
        let there: BTreeSet<String> = ["broken JSON", "source is missing"].map(str::to_owned).into();
        let said = |text: &str| none_of(text, Path::new("q/1.ndjson"), &there);
        assert_eq!(
            said("topic is missing").unwrap(),
            "no record of q/1.ndjson has a reason with \"topic is missing\"; it has broken JSON, source is missing"
        );
        let refused = said("brokn JSON").unwrap_err();
        let line = "--reason cannot be \"brokn JSON\"; did you mean broken JSON? known are broken JSON, source is \
                    missing, not a JSON object, ";
        assert!(refused.line().starts_with(line), "{}", refused.line());
        assert_eq!(refused.line().matches("broken JSON,").count(), 1);
        assert!(matches!(refused, Failure::Usage { .. }));
    }

    #[test]
    fn long_records_are_cut_between_characters() {
        let mut record = "ä\n".repeat(SHOWN_CHARACTERS);
        assert!(shorten(&mut record));
        assert_eq!(record, "ä ".repeat(SHOWN_CHARACTERS / 2) + "…");
        let mut record = "a".repeat(SHOWN_CHARACTERS);
        assert!(!shorten(&mut record));
        assert_eq!(record.len(), SHOWN_CHARACTERS);
    }
}
