//! `tape verify`: silent on a sound archive, exit code 3 where an invariant is broken.

use serde_json::Value;
use std::path::PathBuf;
use tapemeasure_tests::{Archive, Log, Oracle};

fn first_parquet_file(archive: &Archive) -> PathBuf {
    let files = archive.event_files();
    let found = files.iter().find(|(path, _)| path.ends_with(".parquet"));
    let (path, _) = found.unwrap_or_else(|| panic!("no Parquet file below events/: {files:?}"));
    archive.root().join("events").join(path)
}

#[test]
fn a_sound_archive_is_verified_whatever_way_it_came_about() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(97, 150);
    for period in ["month", "day"] {
        let archive = Archive::new();
        for piece in log.cut(3) {
            archive.ingest_log(&piece, &["--period", period]);
        }
        archive.run(&["verify"]).done();
        archive.facts(&[]);
        archive.run(&["verify"]).done();
    }
}

/// Rule E1: an event's time never changes. The second time lies in the same period, then in another one.
#[test]
fn a_repeat_with_another_time_is_found() {
    for time in ["2025-03-03T10:30:00Z", "2025-07-07T10:30:00Z"] {
        let log = Log::questions(10);
        let archive = Archive::of(&log);
        let mut event = log.events()[3].clone();
        event.insert("occurred_at".to_owned(), Value::from(time));
        let repeat = archive.write("repeat.ndjson", Log::new(vec![event]).ndjson());
        archive.try_ingest(&[&repeat], &[]);
        let found = archive.run(&["verify"]).exits(3);
        let said = format!("{}{}", found.text(), found.stderr);
        assert!(said.contains("q3"), "the event q3 is not named:\n{said}");
    }
}

#[test]
fn a_missing_file_is_found() {
    let archive = Archive::of(&Log::questions(10));
    let path = first_parquet_file(&archive);
    std::fs::remove_file(&path).expect("the file is there");
    let found = archive.run(&["verify"]).exits(3);
    let said = format!("{}{}", found.text(), found.stderr);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    assert!(said.contains(&*name), "{name} is not named:\n{said}");
}

#[test]
fn a_damaged_file_is_found() {
    let archive = Archive::of(&Log::questions(1_000));
    let path = first_parquet_file(&archive);
    let mut bytes = std::fs::read(&path).expect("the file is there");
    // The first page behind the magic number, not the footer: the file opens, its content does not.
    for byte in &mut bytes[4..132] {
        *byte = !*byte;
    }
    std::fs::write(&path, bytes).expect("the file can be written");
    archive.run(&["verify"]).exits(3);
}
