//! Collects rejects while an ingest reads, and writes them to a file of the archive's quarantine.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::line::{InputFacts, Rejected};
use super::read::NAMED_BY;
use super::{Position, Reason};
use crate::error::IngestError;
use crate::spill::{Scratch, failed};

/// Bytes of rejects that are held in memory before they go to scratch.
const HELD_BYTES: usize = 8 << 20;

/// Collects rejects. What is held in memory is written in order of the inputs; beyond [`HELD_BYTES`] the order holds
/// within each stretch of that length.
#[derive(Debug, Default)]
pub struct Quarantine {
    held: Vec<(u64, Vec<u8>)>,
    held_bytes: usize,
    overflow: Option<(PathBuf, BufWriter<File>)>,
    /// By name of the input.
    facts: HashMap<String, InputFacts>,
    reasons: HashMap<Reason, u64>,
    first: Option<(u64, String)>,
}

impl Quarantine {
    /// Notes how an input is read. To be called before the first of its records comes.
    pub fn describe(&mut self, input: &str, facts: InputFacts) {
        self.facts.insert(input.to_owned(), facts);
    }

    /// Takes a record. `order` as [`order_of`](crate::rows::codec::order_of) gives it.
    ///
    /// # Errors
    /// [`IngestError::Scratch`] if memory is full and the disk refuses.
    pub fn add(
        &mut self,
        input: &str,
        order: u64,
        at: Position,
        reason: Reason,
        record: &[u8],
        scratch: &Scratch,
    ) -> Result<(), IngestError> {
        *self.reasons.entry(reason).or_default() += 1;
        let facts = self.facts.get(input);
        let mut line = Rejected {
            file: input.to_owned(),
            line: at.line,
            byte: at.byte,
            reason: reason.to_string(),
            record: String::new(),
            record_base64: None,
            format: facts.map(|facts| facts.format.to_owned()),
            header: facts.and_then(|facts| facts.header.clone()),
            source: facts.and_then(|facts| facts.source.clone()),
        };
        line.keep(record);
        if self.first.as_ref().is_none_or(|(first, _)| order < *first) {
            self.first = Some((order, line.place()));
        }
        let mut text = Vec::new();
        // Writing numbers and texts to memory has no way to fail; an error would be the system's.
        serde_json::to_writer(&mut text, &line).map_err(|error| failed(Path::new("quarantine"), error.into()))?;
        text.push(b'\n');
        self.held_bytes += text.len();
        self.held.push((order, text));
        if self.held_bytes >= HELD_BYTES { self.flush(scratch) } else { Ok(()) }
    }

    /// Input, line, byte and reason of the first record; empty if there is none.
    pub fn example(&self) -> &str {
        self.first.as_ref().map_or("", |(_, text)| text.as_str())
    }

    /// Reasons with the number of records, most frequent first, then by name.
    pub fn by_reason(&self) -> Vec<(String, u64)> {
        let mut counts: Vec<_> = self.reasons.iter().map(|(reason, &count)| (reason.to_string(), count)).collect();
        counts.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        counts
    }

    /// Writes everything to `<utc timestamp>-<short digest>.ndjson` in a directory, synced. `None` if there is nothing.
    ///
    /// # Errors
    /// [`IngestError::Quarantine`] if the disk refuses.
    pub fn write(&mut self, dir: &Path, now: DateTime<Utc>, scratch: &Scratch) -> Result<Option<PathBuf>, IngestError> {
        if self.reasons.is_empty() {
            return Ok(None);
        }
        self.flush(scratch)?;
        let Some((scratch_path, writer)) = self.overflow.take() else {
            return Ok(None);
        };
        let placed = place(&scratch_path, writer, dir, now);
        let path = placed.map_err(|source| IngestError::Quarantine { path: dir.to_owned(), source })?;
        Ok(Some(path))
    }

    fn flush(&mut self, scratch: &Scratch) -> Result<(), IngestError> {
        if self.overflow.is_none() {
            let path = scratch.path_of("quarantine.ndjson")?;
            let file = File::options()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
                .map_err(|source| failed(&path, source))?;
            self.overflow = Some((path, BufWriter::new(file)));
        }
        self.held.sort_unstable_by_key(|held| held.0);
        self.held_bytes = 0;
        if let Some((path, writer)) = &mut self.overflow {
            for (_, line) in self.held.drain(..) {
                writer.write_all(&line).map_err(|source| failed(path, source))?;
            }
        }
        Ok(())
    }
}

/// Gives a finished scratch file its name in a directory, synced, and tells the whole path, without links. Copied where
/// the two are on different file systems.
pub(super) fn place(
    scratch_path: &Path,
    writer: BufWriter<File>,
    dir: &Path,
    now: DateTime<Utc>,
) -> io::Result<PathBuf> {
    let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    drop(file);
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(scratch_path)?, &mut hasher)?;
    let digest = hasher.finalize().to_hex();
    std::fs::create_dir_all(dir)?;
    let path = std::fs::canonicalize(dir)?.join(format!("{}-{}.ndjson", now.format(NAMED_BY), &digest[..8]));
    if std::fs::rename(scratch_path, &path).is_err() {
        std::fs::copy(scratch_path, &path)?;
        File::open(&path)?.sync_all()?;
    }
    sync_dir(dir)?;
    Ok(path)
}

/// Makes a new name in a directory durable.
#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Directories cannot be opened here; the system writes names through.
#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_are_written_in_order_with_their_places() {
        let home = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(&home.path().join("scratch"), Vec::new());
        let mut quarantine = Quarantine::default();
        let now = DateTime::from_timestamp(1_741_000_000, 0).unwrap();
        assert_eq!(quarantine.write(home.path(), now, &scratch).unwrap(), None);

        let mut add = |order, at, reason, record: &[u8]| {
            quarantine.add("a.csv", order, at, reason, record, &scratch).unwrap();
        };
        add(7, Position::of_row(4), Reason::Missing("source"), b"\xff\"");
        add(2, Position::in_text(3, 90), Reason::BrokenJson, b"{");
        add(3, Position::in_text(4, 92), Reason::BrokenJson, b"[");
        assert_eq!(quarantine.example(), "a.csv, line 3, byte 90: broken JSON");
        assert_eq!(quarantine.by_reason(), [("broken JSON".to_owned(), 2), ("source is missing".to_owned(), 1)]);

        let path = quarantine.write(&home.path().join("q"), now, &scratch).unwrap().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("20250303T110640Z-") && name.ends_with(".ndjson"), "{name}");
        let expected = concat!(
            r#"{"file":"a.csv","line":3,"byte":90,"reason":"broken JSON","record":"{"}"#,
            "\n",
            r#"{"file":"a.csv","line":4,"byte":92,"reason":"broken JSON","record":"["}"#,
            "\n",
            r#"{"file":"a.csv","line":5,"byte":null,"reason":"source is missing","record":"�\"","record_base64":"/yI="}"#,
            "\n",
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }

    #[test]
    fn what_a_retry_needs_is_kept_with_the_record() {
        let home = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(&home.path().join("scratch"), Vec::new());
        let mut quarantine = Quarantine::default();
        let facts =
            InputFacts { format: "twilio", header: Some("From,To".to_owned()), source: Some("shop".to_owned()) };
        quarantine.describe("a.csv", facts);
        for (order, input) in [(0, "a.csv"), (1, "b")] {
            quarantine.add(input, order, Position::in_text(2, 8), Reason::ColumnCount, b"x", &scratch).unwrap();
        }
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let path = quarantine.write(home.path(), now, &scratch).unwrap().unwrap();
        let expected = concat!(
            r#"{"file":"a.csv","line":2,"byte":8,"reason":"wrong number of columns","record":"x","format":"twilio","#,
            r#""header":"From,To","source":"shop"}"#,
            "\n",
            r#"{"file":"b","line":2,"byte":8,"reason":"wrong number of columns","record":"x"}"#,
            "\n",
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_one_path_whatever_way_leads_there() {
        let home = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(&home.path().join("scratch"), Vec::new());
        std::fs::create_dir(home.path().join("archive")).unwrap();
        std::os::unix::fs::symlink("archive", home.path().join("link")).unwrap();
        let mut quarantine = Quarantine::default();
        quarantine.add("a", 0, Position::in_text(1, 0), Reason::BrokenJson, b"{", &scratch).unwrap();
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let path = quarantine.write(&home.path().join("link/quarantine"), now, &scratch).unwrap().unwrap();
        assert_eq!(path.parent().unwrap(), std::fs::canonicalize(home.path()).unwrap().join("archive/quarantine"));
    }

    #[test]
    fn more_than_memory_holds_goes_to_scratch() {
        let home = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(&home.path().join("scratch"), Vec::new());
        let mut quarantine = Quarantine::default();
        let record = vec![b'x'; 3 << 20];
        for n in 0..10 {
            quarantine.add("a", n, Position::in_text(n, n), Reason::TooLong, &record, &scratch).unwrap();
        }
        assert!(quarantine.held_bytes < HELD_BYTES);
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let path = quarantine.write(home.path(), now, &scratch).unwrap().unwrap();
        let lines: Vec<u64> = std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["line"].as_u64().unwrap())
            .collect();
        assert_eq!(lines, (0..10).collect::<Vec<u64>>());
    }
}
