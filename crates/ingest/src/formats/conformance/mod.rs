//! What every format does, whatever its layout: one table over the list of formats and their fixtures.
//!
//! | module | is |
//! |---|---|
//! | [`layout`] | files written otherwise that say the same: line ends, marks, unknown fields, cuts |
//! | [`content`] | values out of the ordinary: far dates, long texts, bytes that are no text |
//! | [`ingest`] | whole ingests: files that are cut off, files that come twice |
//! | this file | the fixtures, and what is compared |
//!
//! Expectations are relative to the fixture as it stands, whose events were worked out by hand. Lists and zone of the
//! user are the same for all formats.

mod content;
mod ingest;
mod layout;

use std::fs;

use serde_json::Value;
use tapemeasure_model::zone::Zone;

use super::adapter::names::Names;
use super::testing::{Files, Kept, files_of, fixtures, read_files, recognised, settings};
use super::{FORMATS, Format, FormatSettings, Head, Opening};
use crate::error::IngestError;
use crate::inputs::Framing;
use crate::inputs::beginning::Beginning;

/// People who work here, in some fixtures; formats that need a list have one.
const AGENTS: [&str; 3] = ["example.com", "shop.test", "support"];

/// A fixture of a format.
struct Case {
    format: &'static dyn Format,
    name: &'static str,
    /// Folder below the fixtures.
    dir: String,
    files: Files,
}

/// What came of a fixture, but for places.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    events: Vec<Value>,
    /// `<file>: <reason>`
    rejects: Vec<String>,
    ignored: u64,
}

impl Case {
    /// Reads files in place of those of the fixture.
    fn kept(&self, files: &[(String, Vec<u8>)]) -> Kept {
        read_files(self.format, files, &user_settings(), 1 << 20)
            .unwrap_or_else(|error| panic!("{}: {error}", self.dir))
    }

    fn read(&self, files: &[(String, Vec<u8>)]) -> Found {
        let kept = self.kept(files);
        let rejects = kept.reject_files.iter().zip(&kept.rejects).map(|(file, reject)| format!("{file}: {}", reject.0));
        Found { events: kept.json(), rejects: rejects.collect(), ignored: kept.ignored }
    }

    fn as_it_stands(&self) -> Found {
        self.read(&self.files)
    }

    /// The files, each changed. `None` leaves a file as it is.
    fn changed(&self, change: impl Fn(&str, &[u8]) -> Option<Vec<u8>>) -> Files {
        let changed = |(name, content): &(String, Vec<u8>)| {
            (name.clone(), change(name, content).unwrap_or_else(|| content.clone()))
        };
        self.files.iter().map(changed).collect()
    }

    /// Where the records of a file end; `None` for what is no text, or blank.
    fn framing(&self, name: &str, content: &[u8]) -> Option<Framing> {
        if !is_text(content) {
            return None;
        }
        let failed = |source| IngestError::Read { input: name.to_owned(), byte: 0, source };
        let beginning = Beginning::read(&mut &content[..], failed, || Ok(())).unwrap()?;
        let head = Head { name, bytes: &beginning.bytes, whole: beginning.whole, file: None };
        match self.format.open(&head, &user_settings()) {
            Ok(Opening::Blocks { framing, .. }) => Some(framing),
            Ok(Opening::Parts { .. }) => None,
            Err(error) => panic!("{}/{name}: {error}", self.dir),
        }
    }
}

/// Every fixture of every format.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in FORMATS.iter().copied() {
        let name = format.info().name;
        let folder = fixtures().join(name);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name}: no fixtures: {error}"));
        let mut dirs: Vec<String> = entries
            .map(|entry| format!("{name}/{}", entry.unwrap().file_name().to_str().unwrap()))
            .filter(|dir| fixtures().join(dir).is_dir())
            .collect();
        dirs.sort();
        assert_ne!(dirs.len(), 0, "{name}: no fixture");
        cases.extend(dirs.into_iter().map(|dir| Case { format, name, files: files_of(&dir), dir }));
    }
    cases
}

fn user_settings() -> FormatSettings {
    FormatSettings { zone: Some(Zone::UTC), agents: Names::new(AGENTS), ..settings() }
}

/// Whether bytes are neither compressed nor Parquet.
fn is_text(content: &[u8]) -> bool {
    let magics = [&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1"];
    !magics.iter().any(|magic| content.starts_with(magic))
}

/// The text of an event's message.
fn body_of(event: &Value) -> Option<&str> {
    event.get("body").and_then(Value::as_str)
}

#[test]
fn every_file_is_recognised_as_of_its_format_and_no_other() {
    for case in cases() {
        for (name, content) in case.files.iter().filter(|(_, content)| !content.starts_with(b"PK\x03\x04")) {
            match recognised(name, content) {
                Ok(found) => assert!(found.is_none_or(|found| found == case.name), "{}/{name}: {found:?}", case.dir),
                Err(error) => panic!("{}/{name}: {error}", case.dir),
            }
        }
    }
}

#[test]
fn every_fixture_has_events() {
    for case in cases() {
        assert_ne!(case.as_it_stands().events.len(), 0, "{}", case.dir);
    }
}
