//! Values out of the ordinary.

use chrono::{DateTime, Utc};
use csv::{ByteRecord, ReaderBuilder};
use memchr::memmem;
use tapemeasure_model::instant::parse_instant;

use super::*;
use crate::inputs::{Piece, Splitter};

/// Formats without a fixture that has the time of an event in a form of [`RENDERINGS`].
const WITHOUT_TIMES: &[&str] = &[];

/// Formats without a fixture that has the text of a message as it stands in the event.
const WITHOUT_TEXTS: &[&str] = &[];

/// Ways to write a time but for what may stand behind it.
const RENDERINGS: [fn(&DateTime<Utc>) -> String; 8] = [
    |time| time.format("%Y-%m-%dT%H:%M:%S").to_string(),
    |time| time.format("%Y-%m-%d %H:%M:%S").to_string(),
    |time| time.format("%a, %d %b %Y %H:%M:%S").to_string(),
    |time| time.format("%a, %-d %b %Y %H:%M:%S").to_string(),
    |time| time.format("%d %b %Y %H:%M:%S").to_string(),
    |time| time.format("%a %b %d %H:%M:%S %z %Y").to_string(),
    |time| time.timestamp().to_string(),
    |time| time.timestamp_millis().to_string(),
];

/// Times far away: the first of the epoch, and one of the last year.
const FAR: [&str; 2] = ["1970-01-01T00:00:00", "9999-06-30T12:00:00"];

/// Length of the text of a message that is long.
const LONG_BYTES: usize = 16 << 20;

/// Places at which a file is damaged.
const DAMAGES: usize = 24;

fn time_of(text: &str) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(parse_instant(text).unwrap()).unwrap()
}

#[test]
fn times_may_be_far_away() {
    let mut without: Vec<&str> = cases().iter().map(|case| case.name).collect();
    for case in cases() {
        let expected = case.as_it_stands();
        for far in FAR {
            let Some(files) = with_time_moved(&case, &expected, &time_of(&format!("{far}Z"))) else { continue };
            let moved = case.read(&files);
            assert_eq!(moved.events.len(), expected.events.len(), "{}: events at {far}", case.dir);
            assert_eq!((&moved.rejects, moved.ignored), (&expected.rejects, expected.ignored), "{} {far}", case.dir);
            let is_far = |event: &&Value| event["occurred_at"].as_str().is_some_and(|time| time.starts_with(far));
            assert_ne!(moved.events.iter().filter(is_far).count(), 0, "{}: no event at {far}", case.dir);
            without.retain(|name| *name != case.name);
        }
    }
    without.dedup();
    assert_eq!(without, WITHOUT_TIMES, "formats whose times are not found in their fixtures");
}

/// The files with the time of one event written as another time, wherever it stands.
fn with_time_moved(case: &Case, expected: &Found, far: &DateTime<Utc>) -> Option<Files> {
    for event in &expected.events {
        let time = time_of(event["occurred_at"].as_str()?);
        for rendering in RENDERINGS {
            let (near, far) = (rendering(&time), rendering(far));
            let is_there = |(_, content): &(String, Vec<u8>)| !places_of(content, &near).is_empty();
            if case.files.iter().any(is_there) {
                return Some(case.changed(|_, content| Some(replaced(content, &near, &far))));
            }
        }
    }
    None
}

/// Where a text stands that is no part of a longer number.
fn places_of(content: &[u8], text: &str) -> Vec<usize> {
    if !is_text(content) {
        return Vec::new();
    }
    let is_digit = |place: Option<usize>| place.and_then(|at| content.get(at)).is_some_and(u8::is_ascii_digit);
    memmem::find_iter(content, text)
        .filter(|&place| !is_digit(place.checked_sub(1)) && !is_digit(Some(place + text.len())))
        .collect()
}

fn replaced(content: &[u8], text: &str, by: &str) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut at = 0;
    for place in places_of(content, text) {
        replaced.extend_from_slice(&content[at..place]);
        replaced.extend_from_slice(by.as_bytes());
        at = place + text.len();
    }
    replaced.extend_from_slice(&content[at..]);
    replaced
}

#[test]
fn a_line_may_be_long() {
    let mut without: Vec<&str> = cases().iter().map(|case| case.name).collect();
    for case in cases() {
        let mut expected = case.as_it_stands();
        let found = expected.events.iter().find_map(|event| plain_text(&case, &expected, event));
        let Some(body) = found else { continue };
        let long = format!("{body}{}", "x".repeat(LONG_BYTES));
        let read = case.read(&case.changed(|_, content| Some(replaced(content, &body, &long))));
        for event in expected.events.iter_mut().filter(|event| body_of(event) == Some(body.as_str())) {
            event["body"] = Value::from(long.clone());
        }
        // Not compared by an assertion that would print it.
        assert!(read == expected, "{}: a text of 16 MiB is read otherwise", case.dir);
        without.retain(|name| *name != case.name);
    }
    without.dedup();
    assert_eq!(without, WITHOUT_TEXTS, "formats whose texts are not found in their fixtures");
}

/// The text of an event, if the files have it as it is, and no other text has it in it.
fn plain_text(case: &Case, expected: &Found, event: &Value) -> Option<String> {
    let body = body_of(event)?;
    let is_plain = body.len() >= 8 && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .,?!".contains(&byte));
    // Where a record says it several times over, it would become longer than any record may be.
    let is_there = case
        .files
        .iter()
        .any(|(_, content)| is_text(content) && (1..=2).contains(&memmem::find_iter(content, body.as_bytes()).count()));
    let is_part = expected.events.iter().filter_map(body_of).any(|other| other != body && other.contains(body));
    (is_plain && is_there && !is_part).then(|| body.to_owned())
}

#[test]
fn bytes_that_are_no_text_cost_no_more_than_their_record() {
    for case in cases() {
        let kept = case.kept(&case.files);
        let events = kept.json();
        let framings: Vec<Option<Framing>> =
            case.files.iter().map(|(name, content)| case.framing(name, content)).collect();
        for (file_idx, (name, content)) in case.files.iter().enumerate() {
            let (Some(framing), Some(first)) = (framings[file_idx], starts_of(&kept, name).first().copied()) else {
                continue;
            };
            for n in 0..DAMAGES {
                let place = first + (content.len() - first) * n / DAMAGES;
                // Between quotes, and behind a backslash, a byte changes what the others mean.
                if content[place] == b'"' || matches!(content[..place].last(), Some(b'"' | b'\\')) {
                    continue;
                }
                let (before, behind) = content.split_at(place);
                let mut files = case.files.clone();
                files[file_idx].1 = [before, b"\xff\xfe", behind].concat();
                let found = case.kept(&files);
                let (read, rejected, ignored) = found.counts();
                let records: u64 =
                    files.iter().zip(&framings).map(|((_, content), framing)| records_of(*framing, content)).sum();
                assert!(read + rejected + ignored >= records, "{}/{name}, byte {place}: a record is lost", case.dir);
                let Some(touched) = record_at(place, &kept, name, content, framing) else { continue };
                if case.format.surveys() {
                    continue;
                }
                // The events of all other records are the same.
                let mut left = found.json();
                for (event, ((at, _), file)) in events.iter().zip(kept.rows.iter().zip(&kept.row_files)) {
                    if file == name && at.byte == Some(touched as u64) {
                        continue;
                    }
                    let same = left.iter().position(|other| other == event);
                    let same = same.unwrap_or_else(|| panic!("{}/{name}, byte {place}: lost {event}", case.dir));
                    left.swap_remove(same);
                }
            }
        }
    }
}

/// Where the records of a file begin that gave an event or a reject.
fn starts_of(kept: &Kept, name: &str) -> Vec<usize> {
    let rows = kept.rows.iter().zip(&kept.row_files).map(|((at, _), file)| (at, file));
    let rejects = kept.rejects.iter().zip(&kept.reject_files).map(|((_, at, _), file)| (at, file));
    let own = rows.chain(rejects).filter(|(_, file)| *file == name);
    let mut starts: Vec<usize> = own.filter_map(|(at, _)| at.byte).map(|byte| byte as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Where the record begins that has a byte; `None` if no record has it, or other records may need it too.
fn record_at(place: usize, kept: &Kept, name: &str, content: &[u8], framing: Framing) -> Option<usize> {
    match framing {
        Framing::CsvRecords { .. } => starts_of(kept, name).into_iter().rfind(|&start| start <= place),
        // A border of mails that is lost makes one of two.
        Framing::Mbox => None,
        _ if content.starts_with(b"\xef\xbb\xbf") => None,
        Framing::Lines | Framing::Json(_) => {
            let mut splitter = Splitter::new(content, framing, 1 << 20, 0, 1);
            let mut found = None;
            while let Some(piece) = splitter.next(Vec::new()).unwrap() {
                if let Piece::Block(block) = piece {
                    let spans = block.records().map(|(record, at)| (at.ordinal as usize, record.len()));
                    found = found.or(spans.filter(|&(start, length)| (start..start + length).contains(&place)).last());
                }
            }
            found.map(|(start, _)| start)
        }
    }
}

/// How many records there are, whatever they say; 0 for what is no text.
fn records_of(framing: Option<Framing>, content: &[u8]) -> u64 {
    let Some(framing) = framing else { return 0 };
    if let Framing::CsvRecords { delimiter } = framing {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(content);
        let mut row = ByteRecord::new();
        let mut rows: u64 = 0;
        while reader.read_byte_record(&mut row).unwrap() {
            rows += u64::from(row.len() > 1 || row.iter().any(|field| !field.trim_ascii().is_empty()));
        }
        // The header is none.
        return rows.saturating_sub(1);
    }
    let mut splitter = Splitter::new(content, framing, 1 << 20, 0, 1);
    let mut records = 0;
    while let Some(piece) = splitter.next(Vec::new()).unwrap() {
        records += match piece {
            Piece::Block(block) => block.records().count() as u64,
            Piece::Broken { .. } => 1,
        };
    }
    records
}
