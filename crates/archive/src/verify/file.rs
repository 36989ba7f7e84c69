//! One file: there, whole, sorted, of its period, and as the log says.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::key::{contact_key, conversation_key};
use tapemeasure_model::schema::col;

use super::{Check, Finding, VerifyOptions};
use crate::archive::{Archive, size_of};
use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::run::{KeyRange, SortColumns, SortKey, Text, read_run};

const COLUMNS: [&str; 9] = [
    col::CONVERSATION_KEY,
    col::SOURCE,
    col::CONVERSATION_ID,
    col::CONTACT_ID,
    col::OCCURRED_AT,
    col::EVENT_TYPE,
    col::DIRECTION,
    col::AUTHOR,
    col::EVENT_ID,
];
const BATCH_ROWS: usize = 32_768;

/// Checks a file. `last` is the sort key of the last row of its run so far, and then that of its own last row. Gives
/// the number of rows read, and what is wrong.
pub(super) fn check(
    archive: &Archive,
    file: &EventFile,
    last: &mut Option<SortKey>,
    options: &VerifyOptions<'_>,
) -> Result<(u64, Vec<Finding>), ArchiveError> {
    let mut findings = Vec::new();
    let mut found = |check, detail| findings.push(Finding { check, file: Some(file.path.clone()), detail });
    let path = archive.file_path(file);
    match size_of(&path)? {
        None => {
            found(Check::Present, "the file is missing".to_owned());
            return Ok((0, findings));
        }
        Some(bytes) if bytes != file.bytes => {
            found(Check::Size, format!("the file has {bytes} bytes, the log says {}", file.bytes));
        }
        Some(_) => match digest_of(&path) {
            Ok(digest) if digest == file.digest => {}
            Ok(digest) => found(Check::Digest, format!("the bytes are other ones than were written, digest {digest}")),
            Err(e) => {
                found(Check::Readable, e.to_string());
                return Ok((0, findings));
            }
        },
    }
    let mut rows = Rows::new(file);
    for batch in read_run(archive, std::slice::from_ref(file), &COLUMNS, KeyRange::ALL, BATCH_ROWS)? {
        match batch {
            Ok(batch) => {
                rows.check(&batch, last)?;
                options.advanced(batch.num_rows())?;
            }
            Err(e) => {
                found(Check::Readable, with_causes(&e));
                return Ok((rows.seen, findings));
            }
        }
    }
    let seen = rows.seen;
    findings.extend(rows.into_findings());
    Ok((seen, findings))
}

fn digest_of(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Rows that fail one check: the first, and how many.
#[derive(Default)]
struct Tally {
    first: Option<String>,
    count: u64,
}

impl Tally {
    fn add(&mut self, row: u64, detail: impl FnOnce() -> String) {
        self.first.get_or_insert_with(|| format!("row {row}: {}", detail()));
        self.count += 1;
    }
}

/// What the rows of a file say so far.
struct Rows<'a> {
    file: &'a EventFile,
    seen: u64,
    min_key: i64,
    max_key: i64,
    min_time_us: i64,
    max_time_us: i64,
    deletions: u64,
    order: Tally,
    period: Tally,
    key: Tally,
    values: Tally,
}

impl<'a> Rows<'a> {
    fn new(file: &'a EventFile) -> Self {
        Self {
            file,
            seen: 0,
            min_key: i64::MAX,
            max_key: i64::MIN,
            min_time_us: i64::MAX,
            max_time_us: i64::MIN,
            deletions: 0,
            order: Tally::default(),
            period: Tally::default(),
            key: Tally::default(),
            values: Tally::default(),
        }
    }

    fn check(&mut self, batch: &RecordBatch, last: &mut Option<SortKey>) -> Result<(), ArchiveError> {
        let columns = SortColumns::try_new(batch)?;
        self.check_order(&columns, last);
        self.check_times(&columns);
        self.check_keys(batch, &columns)?;
        self.check_values(batch, &columns)?;
        self.seen += batch.num_rows() as u64;
        Ok(())
    }

    fn check_order(&mut self, columns: &SortColumns<'_>, last: &mut Option<SortKey>) {
        let first = columns.key_of(0);
        if let Some(last) = last.as_ref().filter(|last| **last >= first) {
            self.order.add(self.seen, || format!("{first} after {last}"));
        }
        for row_idx in columns.disorders() {
            let pair = || format!("{} after {}", columns.key_of(row_idx), columns.key_of(row_idx - 1));
            self.order.add(self.seen + row_idx as u64, pair);
        }
        *last = Some(columns.key_of(columns.keys().len() - 1));
    }

    fn check_times(&mut self, columns: &SortColumns<'_>) {
        let inside = self.file.period.start_us()..self.file.period.end_us();
        for (row_idx, &time_us) in columns.times_us().iter().enumerate() {
            self.min_time_us = self.min_time_us.min(time_us);
            self.max_time_us = self.max_time_us.max(time_us);
            if !inside.contains(&time_us) {
                self.period.add(self.seen + row_idx as u64, || format!("happened at {}", format_instant(time_us)));
            }
        }
    }

    fn check_keys(&mut self, batch: &RecordBatch, columns: &SortColumns<'_>) -> Result<(), ArchiveError> {
        let source = Text::of_column(batch, col::SOURCE)?;
        let conversation_id = Text::of_column(batch, col::CONVERSATION_ID)?;
        let contact_id = Text::of_column(batch, col::CONTACT_ID)?;
        let mut expected = None;
        for (row_idx, &key) in columns.keys().iter().enumerate() {
            self.min_key = self.min_key.min(key);
            self.max_key = self.max_key.max(key);
            let parts = [source, conversation_id, contact_id];
            if row_idx == 0 || !parts.iter().all(|part| part.same(row_idx - 1, row_idx)) {
                let source = source.get(row_idx).unwrap_or_default();
                expected = match (conversation_id.get(row_idx), contact_id.get(row_idx)) {
                    (Some(conversation_id), _) => Some(conversation_key(source, conversation_id)),
                    (None, Some(contact_id)) => Some(contact_key(source, contact_id)),
                    (None, None) => None,
                };
            }
            if expected != Some(key) {
                self.key.add(self.seen + row_idx as u64, || match expected {
                    Some(expected) => format!("has the key {key} instead of {expected}"),
                    None => "has neither a conversation nor a contact".to_owned(),
                });
            }
        }
        Ok(())
    }

    fn check_values(&mut self, batch: &RecordBatch, columns: &SortColumns<'_>) -> Result<(), ArchiveError> {
        let event_type = Text::of_column(batch, col::EVENT_TYPE)?;
        let direction = Text::of_column(batch, col::DIRECTION)?;
        let author = Text::of_column(batch, col::AUTHOR)?;
        for row_idx in 0..batch.num_rows() {
            let mut strange = |column: &str, text: Text<'_>| {
                let value = || format!("{column} is `{}`", text.get(row_idx).unwrap_or_default());
                self.values.add(self.seen + row_idx as u64, value);
            };
            match columns.event_type(row_idx) {
                Some(EventType::Deleted) => self.deletions += 1,
                Some(_) => {}
                None => strange(col::EVENT_TYPE, event_type),
            }
            if direction.get(row_idx).is_some_and(|name| Direction::from_name(name).is_none()) {
                strange(col::DIRECTION, direction);
            }
            if author.get(row_idx).is_some_and(|name| Author::from_name(name).is_none()) {
                strange(col::AUTHOR, author);
            }
        }
        Ok(())
    }

    fn into_findings(self) -> Vec<Finding> {
        let file = self.file;
        let untrue = |what: &str, said: &dyn ToString, is: &dyn ToString| {
            let (said, is) = (said.to_string(), is.to_string());
            (said != is).then(|| format!("{what} is {is}, the log says {said}"))
        };
        let claims = [
            untrue("the number of rows", &file.rows, &self.seen),
            untrue("the smallest key", &file.min_key, &self.min_key),
            untrue("the largest key", &file.max_key, &self.max_key),
            untrue("the earliest time", &format_instant(file.min_time_us), &format_instant(self.min_time_us)),
            untrue("the latest time", &format_instant(file.max_time_us), &format_instant(self.max_time_us)),
            untrue("the number of deletions", &file.deletions, &self.deletions),
        ];
        let claims: Vec<String> = claims.into_iter().flatten().collect();
        let statistics = Tally { first: (!claims.is_empty()).then(|| claims.join("; ")), count: 1 };
        let tallies = [
            (Check::Order, self.order),
            (Check::Period, self.period),
            (Check::Key, self.key),
            (Check::Values, self.values),
            (Check::Statistics, statistics),
        ];
        let findings = tallies.into_iter().filter_map(|(check, tally)| {
            let detail = match (tally.first?, tally.count) {
                (first, 0 | 1) => first,
                (first, count) => format!("{first}; and {} more rows", count - 1),
            };
            Some(Finding { check, file: Some(file.path.clone()), detail })
        });
        findings.collect()
    }
}
