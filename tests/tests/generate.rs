//! `tape generate`: always the same for a seed, and input that `tape ingest` takes whole.

use std::path::Path;
use tapemeasure_tests::{Archive, Log, Oracle, Query, Rules};

/// Generates into a file beside the archive and returns its bytes.
fn generated(archive: &Archive, seed: &str, name: &str) -> Vec<u8> {
    let out = archive.input(name);
    let path = out.to_string_lossy();
    archive.run(&["generate", "--conversations", "300", "--months", "3", "--seed", seed, "-o", &*path]).done();
    read(&out)
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let archive = Archive::new();
    let first = generated(&archive, "7", "first.ndjson");
    let threads = archive.input("threads.ndjson");
    let path = threads.to_string_lossy();
    let arguments =
        ["generate", "--conversations", "300", "--months", "3", "--seed", "7", "--threads", "1", "-o", &*path];
    archive.run(&arguments).done();
    assert!(first == generated(&archive, "7", "again.ndjson"), "the same seed gives other bytes");
    assert!(first == read(&threads), "the number of threads changes the bytes");
    assert!(first != generated(&archive, "8", "other.ndjson"), "another seed gives the same bytes");
}

#[test]
fn every_line_is_read_and_accepted_and_the_archive_is_sound() {
    let archive = Archive::new();
    let bytes = generated(&archive, "9", "events.ndjson");
    let text = String::from_utf8(bytes).expect("events are UTF-8");
    let log = Log::from_ndjson(&text);
    let conversations: std::collections::BTreeSet<&str> =
        log.events().iter().filter_map(|event| event.get("conversation_id")?.as_str()).collect();
    assert_eq!(conversations.len(), 300);
    let summary = archive.ingest(&[&archive.input("events.ndjson")], &[]);
    let counts = ["read", "accepted", "rejected", "ignored"].map(|field| summary.count(field));
    let lines = u64::try_from(log.len()).expect("a log is short");
    let identities = u64::try_from(log.identities()).expect("a log is short");
    assert_eq!(counts, [lines, identities, 0, 0]);
    archive.run(&["verify"]).done();
}

#[test]
fn facts_and_kpis_of_generated_events_are_those_of_the_oracle() {
    let Some(oracle) = Oracle::find() else { return };
    let archive = Archive::new();
    let text = String::from_utf8(generated(&archive, "10", "events.ndjson")).expect("events are UTF-8");
    let log = Log::from_ndjson(&text);
    archive.ingest(&[&archive.input("events.ndjson")], &[]);
    let rules = Rules::default();
    oracle.assert_facts("generated", &log, &rules, &archive);
    let by_hour = Query { by: "channel".to_owned(), zone: "Europe/Berlin".to_owned(), ..Query::grain("hour") };
    for query in [Query::default(), by_hour] {
        oracle.assert_kpis("generated", &log, &rules, &query, &archive);
    }
}
