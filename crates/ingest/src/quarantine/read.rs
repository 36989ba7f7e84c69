//! The quarantine files of an archive: which there are, and the records in one.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use super::error::QuarantineError;
use super::line::Rejected;

/// The ending of quarantine files.
const ENDING: &str = "ndjson";

/// The beginning of their names: when the ingest ended, in UTC.
pub(super) const NAMED_BY: &str = "%Y%m%dT%H%M%SZ";

/// Bytes of [`NAMED_BY`].
const NAMED_BY_BYTES: usize = "20250303T110640Z".len();

/// Files named in a message before it only counts.
const NAMED: usize = 5;

/// A quarantine file: what one ingest rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineFile {
    /// Its name in the directory.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// When it was written, microseconds since 1970 UTC, to the second; none if its name does not say.
    pub written_us: Option<i64>,
    /// Its size.
    pub bytes: u64,
    /// Records in it.
    pub records: u64,
    /// Inputs that they come from.
    pub inputs: u64,
    /// Reasons with the number of records, most frequent first, then by name.
    pub reasons: Vec<(String, u64)>,
}

/// The quarantine files in a directory, in the order of their names, which is that of time. None if there is no
/// directory.
///
/// # Errors
/// [`QuarantineError::Read`], [`QuarantineError::NotARecord`].
pub fn quarantine_files(dir: &Path) -> Result<Vec<QuarantineFile>, QuarantineError> {
    names(dir)?.into_iter().map(|name| file_of(dir, name)).collect()
}

/// The path of a quarantine file that is named by its name in the directory, with or without its ending, or by a path.
///
/// # Errors
/// [`QuarantineError::NoFile`], and [`QuarantineError::Read`] if the directory cannot be listed.
pub fn quarantine_file(dir: &Path, name: &str) -> Result<PathBuf, QuarantineError> {
    let candidates = [dir.join(name), dir.join(format!("{name}.{ENDING}")), PathBuf::from(name)];
    if let Some(found) = candidates.into_iter().find(|path| path.is_file()) {
        return Ok(found);
    }
    let names = names(dir)?;
    let known = match names.len() {
        0 => "there is none".to_owned(),
        n if n <= NAMED => format!("there are {}", names.join(", ")),
        n => format!("there are {n}, the latest {}", names[n - NAMED..].join(", ")),
    };
    Err(QuarantineError::NoFile { name: name.to_owned(), known })
}

/// Reads the records of a quarantine file in their order.
///
/// # Errors
/// [`QuarantineError::Read`].
pub fn read_quarantine(path: &Path) -> Result<RejectedRecords, QuarantineError> {
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    Ok(RejectedRecords { path: path.to_owned(), from: BufReader::new(file), text: Vec::new(), line: 0 })
}

/// The records of a quarantine file, one after the other. After an error there is nothing more to be had.
#[derive(Debug)]
pub struct RejectedRecords {
    path: PathBuf,
    from: BufReader<File>,
    text: Vec<u8>,
    line: u64,
}

impl Iterator for RejectedRecords {
    type Item = Result<Rejected, QuarantineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.text.clear();
            match self.from.read_until(b'\n', &mut self.text) {
                Ok(0) => return None,
                Ok(_) => self.line += 1,
                Err(source) => return Some(Err(unreadable(&self.path, source))),
            }
            if self.text.trim_ascii().is_empty() {
                continue;
            }
            return Some(serde_json::from_slice(&self.text).map_err(|source| QuarantineError::NotARecord {
                path: self.path.clone(),
                line: self.line,
                source,
            }));
        }
    }
}

/// Counts reasons: most frequent first, then by name.
pub(super) fn counted(reasons: HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    reasons
}

/// Names of the quarantine files in a directory, sorted.
fn names(dir: &Path) -> Result<Vec<String>, QuarantineError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(unreadable(dir, source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|source| unreadable(dir, source))?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && Path::new(&name).extension().is_some_and(|ending| ending == ENDING) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn file_of(dir: &Path, name: String) -> Result<QuarantineFile, QuarantineError> {
    let path = dir.join(&name);
    let bytes = std::fs::metadata(&path).map_err(|source| unreadable(&path, source))?.len();
    let mut reasons: HashMap<String, u64> = HashMap::new();
    let mut inputs = HashSet::new();
    let mut records = 0;
    for rejected in read_quarantine(&path)? {
        let rejected = rejected?;
        records += 1;
        *reasons.entry(rejected.reason).or_default() += 1;
        inputs.insert(rejected.file);
    }
    let written_us = written_us(&name);
    let (inputs, reasons) = (inputs.len() as u64, counted(reasons));
    Ok(QuarantineFile { name, path, written_us, bytes, records, inputs, reasons })
}

fn written_us(name: &str) -> Option<i64> {
    let time = NaiveDateTime::parse_from_str(name.get(..NAMED_BY_BYTES)?, NAMED_BY).ok()?;
    Some(time.and_utc().timestamp_micros())
}

fn unreadable(path: &Path, source: io::Error) -> QuarantineError {
    QuarantineError::Read { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(file: &str, line: u64, reason: &str) -> String {
        format!(r#"{{"file":"{file}","line":{line},"byte":null,"reason":"{reason}","record":"{{}}"}}"#) + "\n"
    }

    #[test]
    fn files_are_listed_with_their_reasons() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("quarantine");
        assert!(quarantine_files(&dir).unwrap().is_empty());
        std::fs::create_dir(&dir).unwrap();
        let text = line("a", 1, "x") + "\n" + &line("a", 2, "y") + &line("b", 1, "y");
        std::fs::write(dir.join("20250303T110640Z-abc.ndjson"), &text).unwrap();
        std::fs::write(dir.join("20250101T000000Z-abc.ndjson"), line("c", 7, "z")).unwrap();
        std::fs::write(dir.join("note.txt"), "mine").unwrap();
        let files = quarantine_files(&dir).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["20250101T000000Z-abc.ndjson", "20250303T110640Z-abc.ndjson"]);
        let last = &files[1];
        assert_eq!((last.records, last.inputs, last.bytes), (3, 2, text.len() as u64));
        assert_eq!(last.written_us, Some(1_741_000_000_000_000));
        assert_eq!(last.reasons, [("y".to_owned(), 2), ("x".to_owned(), 1)]);

        let found = quarantine_file(&dir, "20250303T110640Z-abc").unwrap();
        assert_eq!(found, dir.join("20250303T110640Z-abc.ndjson"));
        let error = quarantine_file(&dir, "none").unwrap_err().to_string();
        assert_eq!(
            error,
            "no quarantine file is named \"none\"; there are 20250101T000000Z-abc.ndjson, 20250303T110640Z-abc.ndjson"
        );
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("q.ndjson");
        std::fs::write(&path, line("a", 1, "x") + "{\n").unwrap();
        let read: Vec<_> = read_quarantine(&path).unwrap().collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].as_ref().unwrap().record, "{}");
        assert!(matches!(read[1], Err(QuarantineError::NotARecord { line: 2, .. })));
    }
}
