//! Rejected records back to inputs that an ingest reads: one for each input that they came from.
//!
//! ```text
//! a.csv line 7, line 9      ──►  spill/…/retry-0/a.csv   header, row, row
//! chat.ndjson line 12       ──►  spill/…/retry-1/chat.ndjson   object
//! ```
//! An input keeps the last two parts of its name, because there are formats that read meaning in them. Which record
//! stands on which line is kept, so that what is rejected again is named by the place that it came from.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};

use super::Reason;
use super::error::QuarantineError;
use super::line::Rejected;
use crate::formats::choice::MAPPING;
use crate::formats::{AUTO, by_name};
use crate::spill::Scratch;

/// Why records are left that cannot be understood by themselves.
const NEEDS_OTHERS: &str = "this format needs other records of the export";

/// Bytes of one input that are held in memory before they are written.
const HELD_BYTES: usize = 1 << 20;

/// What an ingest is started with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Batch {
    /// Name of the format, or `auto`.
    pub format: String,
    /// Whether it is read by the mapping file of the user.
    pub mapped: bool,
    /// The source that the user gave.
    pub source: Option<String>,
}

/// An input of a batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    batch: Batch,
    file: String,
    header: Option<String>,
    /// Counts from 1 the records that need an input of their own; 0 is all others.
    own: u64,
}

/// Where a record stands now, and where it stood.
#[derive(Debug)]
struct Place {
    line_now: u64,
    line: u64,
    byte: Option<u64>,
}

/// An input that is being written.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    held: Vec<u8>,
    /// The line, from 1, that comes next.
    line: u64,
    /// In order of `line_now`.
    places: Vec<Place>,
}

/// How a record can be read again.
enum Way {
    /// With others, on a line or lines of its own.
    Together,
    /// By itself: beside others it would take them in, or be taken in.
    Alone,
    /// Not at all: why.
    No(&'static str),
}

/// What the user says of the records; it goes before what was noted with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The format, or `auto`.
    pub format: &'a str,
    /// The source.
    pub source: Option<&'a str>,
    /// Whether there is a mapping file.
    pub has_mapping: bool,
    /// Whether records that need others of their export are read without them, and not left.
    pub alone: bool,
}

/// Rejected records as inputs.
#[derive(Debug)]
pub(super) struct Inputs<'a> {
    scratch: &'a Scratch,
    asked: Asked<'a>,
    parts: BTreeMap<Key, Part>,
    /// Known once all is written.
    by_path: HashMap<String, Key>,
    /// Inputs of one record.
    own: u64,
    last: Option<Rejected>,
    /// Records that cannot be read again, with the reasons for that.
    pub left: Vec<(&'static str, Rejected)>,
}

impl<'a> Inputs<'a> {
    /// No record yet.
    pub fn new(scratch: &'a Scratch, asked: Asked<'a>) -> Self {
        Self { scratch, asked, parts: BTreeMap::new(), by_path: HashMap::new(), own: 0, last: None, left: Vec::new() }
    }

    /// Takes the next record of the quarantine file at `path`.
    ///
    /// # Errors
    /// The record cannot be decoded, or scratch space failed.
    pub fn add(&mut self, rejected: Rejected, path: &Path) -> Result<(), QuarantineError> {
        if self.last.as_ref().is_some_and(|last| last.is_of(&rejected)) {
            return Ok(());
        }
        let bytes = rejected.bytes().map_err(|source| QuarantineError::NotBase64 {
            path: path.to_owned(),
            place: rejected.place(),
            source,
        })?;
        let Asked { format, has_mapping, alone, .. } = self.asked;
        let (format, mapped) = match (format, rejected.format.as_deref()) {
            (MAPPING, _) | (AUTO, Some(MAPPING)) => (AUTO, true),
            (AUTO, Some(format)) => (format, false),
            (AUTO, None) => (AUTO, has_mapping),
            (format, _) => (format, false),
        };
        let way = match by_name(format) {
            Ok(format) if format.surveys() && !alone => Way::No(NEEDS_OTHERS),
            _ if mapped && !has_mapping => Way::No("a mapping file read these records; name it with --mapping"),
            _ if mapped && rejected.byte.is_none() => {
                Way::No("rows of Parquet cannot be mapped again by themselves; ingest the file again")
            }
            _ => way_of(&rejected, &bytes),
        };
        let format = format.to_owned();
        let own = match way {
            Way::Together => 0,
            Way::Alone => {
                self.own += 1;
                self.own
            }
            Way::No(why) => {
                drop(bytes);
                self.left.push((why, rejected));
                return Ok(());
            }
        };
        let source = self.asked.source.map(str::to_owned).or_else(|| rejected.source.clone());
        let key = Key {
            batch: Batch { format, mapped, source },
            file: rejected.file.clone(),
            header: rejected.header.clone(),
            own,
        };
        let count = self.parts.len();
        let part = match self.parts.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let part = Part::create(self.scratch, count, entry.key())?;
                entry.insert(part)
            }
        };
        part.add(&rejected, &bytes)?;
        drop(bytes);
        self.last = Some(rejected);
        Ok(())
    }

    /// Writes what is held. To be called after the last record.
    ///
    /// # Errors
    /// Scratch space failed.
    pub fn finish(&mut self) -> Result<(), QuarantineError> {
        for (key, part) in &mut self.parts {
            part.flush()?;
            self.by_path.insert(part.path.display().to_string(), key.clone());
        }
        Ok(())
    }

    /// The inputs by what an ingest of them is started with.
    pub fn batches(&self) -> BTreeMap<Batch, Vec<String>> {
        let mut batches: BTreeMap<Batch, Vec<String>> = BTreeMap::new();
        for (key, part) in &self.parts {
            batches.entry(key.batch.clone()).or_default().push(part.path.display().to_string());
        }
        batches
    }

    /// Files and zip archives of which records are left because they need others, by the source that goes with them.
    pub fn exports(&self) -> BTreeMap<Option<String>, BTreeSet<String>> {
        let mut exports: BTreeMap<Option<String>, BTreeSet<String>> = BTreeMap::new();
        for (_, rejected) in self.left.iter().filter(|(why, _)| *why == NEEDS_OTHERS) {
            let source = self.asked.source.map(str::to_owned).or_else(|| rejected.source.clone());
            exports.entry(source).or_default().insert(file_of(&rejected.file).to_owned());
        }
        exports
    }

    /// Gives a record that was rejected again the place that it came from.
    pub fn relocate(&self, mut rejected: Rejected) -> Rejected {
        let found = self.by_path.get(&rejected.file).and_then(|key| Some((key, self.parts.get(key)?)));
        if let Some((key, part)) = found {
            let after = part.places.partition_point(|place| place.line_now <= rejected.line);
            if let Some(place) = part.places.get(after.saturating_sub(1)) {
                rejected.line = place.line;
                rejected.byte = place.byte;
            }
            rejected.file.clone_from(&key.file);
            rejected.header.clone_from(&key.header);
            rejected.source.clone_from(&key.batch.source);
        }
        rejected
    }
}

impl Part {
    /// An input with its header.
    fn create(scratch: &Scratch, number: usize, key: &Key) -> Result<Self, QuarantineError> {
        let path = scratch.path_of(&format!("retry-{number}"))?.join(tail_of(&key.file));
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        let mut part = Self { path, held: Vec::new(), line: 1, places: Vec::new() };
        if let Some(header) = &key.header {
            part.push(header.as_bytes());
        }
        Ok(part)
    }

    fn add(&mut self, rejected: &Rejected, record: &[u8]) -> Result<(), QuarantineError> {
        self.places.push(Place { line_now: self.line, line: rejected.line, byte: rejected.byte });
        if rejected.header.is_none() && is_object(record) {
            // Line breaks in JSON stand between values only; without them a record is one line.
            let line: Vec<u8> =
                record.iter().map(|&byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }).collect();
            self.push(&line);
        } else {
            self.push(record);
        }
        if self.held.len() >= HELD_BYTES { self.flush() } else { Ok(()) }
    }

    fn push(&mut self, text: &[u8]) {
        self.held.extend_from_slice(text);
        self.held.push(b'\n');
        self.line += 1 + memchr::memchr_iter(b'\n', text).count() as u64;
    }

    fn flush(&mut self) -> Result<(), QuarantineError> {
        let opened = File::options().create(true).append(true).open(&self.path);
        opened.and_then(|mut file| file.write_all(&self.held)).map_err(|source| unwritable(&self.path, source))?;
        self.held.clear();
        Ok(())
    }
}

fn way_of(rejected: &Rejected, record: &[u8]) -> Way {
    if rejected.reason == Reason::TooLong.to_string() {
        return Way::No("only the beginning of the record is kept");
    }
    if rejected.header.is_some() {
        return if is_closed(record) { Way::Together } else { Way::Alone };
    }
    if is_object(record) {
        return match serde_json::from_slice::<serde::de::IgnoredAny>(record) {
            Ok(_) => Way::Together,
            Err(_) => Way::No("broken JSON"),
        };
    }
    // A mail goes over several lines; a single line that is no object is nothing that any format reads.
    if memchr::memchr(b'\n', record).is_some() { Way::Alone } else { Way::No("not a JSON object") }
}

fn is_object(record: &[u8]) -> bool {
    record.trim_ascii_start().first() == Some(&b'{')
}

/// Whether a row of CSV ends where it ends, whatever separator it has: a quote that is open takes in the next row.
fn is_closed(record: &[u8]) -> bool {
    if memchr::memchr(b'"', record).is_none() {
        return true;
    }
    let probed = [record, b"\nx\n"].concat();
    [b',', b';', b'\t', b'|'].into_iter().all(|separator| {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(&probed[..]);
        let mut row = ByteRecord::new();
        let mut ends = false;
        // Rows of memory that may have any width cannot fail to be read.
        while reader.read_byte_record(&mut row).unwrap_or(false) {
            ends = row.len() == 1 && row.get(0) == Some(&b"x"[..]);
        }
        ends
    })
}

/// The file that an input is, or the zip archive that it is in: `export.zip` of `export.zip!users.json`.
fn file_of(name: &str) -> &str {
    let is_file = |name: &&str| Path::new(*name).is_file();
    if is_file(&name) {
        return name;
    }
    name.match_indices('!').map(|(end, _)| &name[..end]).find(is_file).unwrap_or(name)
}

/// The last two parts of an input's name, as a path that stays below the directory that it is joined to.
fn tail_of(name: &str) -> PathBuf {
    let parts: Vec<&str> = name
        .split(['/', '\\', '!'])
        .filter(|part| !matches!(part.trim(), "" | "." | "..") && !part.ends_with(':'))
        .collect();
    match &parts[parts.len().saturating_sub(2)..] {
        [] => PathBuf::from("input"),
        tail => tail.iter().collect(),
    }
}

fn unwritable(path: &Path, source: io::Error) -> QuarantineError {
    QuarantineError::Write { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
