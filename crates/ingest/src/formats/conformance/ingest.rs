//! Whole ingests of the fixtures.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tapemeasure_archive::Archive;

use super::*;
use crate::{IngestError, IngestOptions, Unwatched, ingest};

/// Options that say what [`user_settings`] does.
fn options(case: &Case) -> IngestOptions {
    IngestOptions {
        format: case.name.to_owned(),
        keep_body: true,
        threads: 2,
        max_rejected_share: 1.0,
        zone: Some(Zone::UTC),
        agents: AGENTS.map(str::to_owned).to_vec(),
        ..IngestOptions::default()
    }
}

/// Writes files into a new folder; gives it as a name of inputs.
fn written(home: &Path, files: &[(String, Vec<u8>)]) -> Vec<String> {
    let folder = home.join("inputs");
    for (name, content) in files {
        let path: PathBuf = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    vec![folder.display().to_string()]
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_file_that_is_cut_off_commits_nothing() {
    for case in cases() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("archive");
        let mut files = case.files.clone();
        let last = files.last_mut().unwrap();
        let packed = gzip(&last.1);
        last.1 = packed[..packed.len() - 9].to_vec();
        let error = ingest(&root, &written(home.path(), &files), &options(&case), &Unwatched).await.unwrap_err();
        assert!(matches!(error, IngestError::Truncated { .. }), "{}: {error}", case.dir);
        assert!(!Archive::exists(&root), "{}", case.dir);
        assert!(!root.join("spill").exists(), "{}", case.dir);
    }
}

#[test]
fn compressed_files_are_the_same_files() {
    for case in cases() {
        let files = case.changed(|_, content| is_text(content).then(|| gzip(content)));
        assert_eq!(case.read(&files), case.as_it_stands(), "{}", case.dir);
    }
}

#[tokio::test]
async fn the_same_files_twice_are_all_duplicates() {
    for case in cases() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("archive");
        let inputs = written(home.path(), &case.files);
        let expected = case.as_it_stands();
        let first = ingest(&root, &inputs, &options(&case), &Unwatched).await.unwrap();
        let counts = (expected.events.len() as u64, expected.rejects.len() as u64, expected.ignored);
        assert_eq!(
            (first.read - first.rejected - first.ignored, first.rejected, first.ignored),
            counts,
            "{}",
            case.dir
        );

        let again = IngestOptions { force: true, ..options(&case) };
        let second = ingest(&root, &inputs, &again, &Unwatched).await.unwrap();
        assert_eq!((second.accepted, second.rejected, second.ignored), (0, counts.1, counts.2), "{}", case.dir);
        assert_eq!(second.replaced + second.duplicates, counts.0, "{}", case.dir);
        // An event that a fixture says in two ways replaces itself every time.
        if !says_two_things(&expected.events) {
            assert_eq!((second.replaced, second.version), (0, first.version), "{}", case.dir);
        }
        // Without force the files are not even read.
        let third = ingest(&root, &inputs, &options(&case), &Unwatched).await.unwrap();
        assert_eq!((third.skipped_files, third.duplicates), (third.files, counts.0), "{}", case.dir);
    }
}

/// Whether an identity comes with two contents.
fn says_two_things(events: &[Value]) -> bool {
    let mut known: HashMap<[String; 3], &Value> = HashMap::new();
    events.iter().any(|event| {
        let identity = ["source", "event_id", "occurred_at"].map(|field| event[field].to_string());
        *known.entry(identity).or_insert(event) != event
    })
}
