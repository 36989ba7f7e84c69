//! The same events give the same facts, in however many ingests, in whatever order and format they arrive (rules E1, E2).

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};
use tapemeasure_tests::{Archive, Facts, Log, Oracle, Row, Rules, assert_same_rows, python, python_has, script, skip};

/// A log that visits every rule, and its facts by the oracle.
struct Known {
    log: Log,
    facts: Facts,
}

impl Known {
    fn new(seed: u64) -> Option<Known> {
        let oracle = Oracle::find()?;
        let log = oracle.random(seed, 150);
        let facts = oracle.facts(&log, &Rules::default(), None);
        Some(Known { log, facts })
    }

    /// The archive holds every event of the log once, and its facts.
    #[track_caller]
    fn assert_in(&self, archive: &Archive, how: &str) {
        self.facts.assert_same(how, &archive.facts(&[]));
        assert_eq!(archive.events(&[]).len(), self.log.identities(), "{how}: events in the archive");
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).expect("a log is short")
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory grows");
    encoder.finish().expect("memory grows")
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory grows")
}

/// Ingests one input file with this name and content.
#[track_caller]
fn archive_of_file(name: &str, bytes: &[u8]) -> Archive {
    let archive = Archive::new();
    let path = archive.write(name, bytes);
    archive.ingest(&[&path], &[]);
    archive
}

#[test]
fn one_ingest_accepts_each_identity_once_and_counts_the_repeats() {
    let Some(known) = Known::new(31) else { return };
    let archive = Archive::new();
    let summary = archive.ingest_log(&known.log, &[]);
    known.assert_in(&archive, "one ingest");
    let repeats = known.log.len() - known.log.identities();
    assert_eq!(summary.count("files"), 1);
    assert_eq!(summary.count("read"), count(known.log.len()));
    assert_eq!(summary.count("accepted"), count(known.log.identities()));
    assert_eq!(summary.count("duplicates"), count(repeats));
    let rest = ["replaced", "rejected", "ignored"].map(|field| summary.count(field));
    assert_eq!(rest, [0, 0, 0]);
}

#[test]
fn five_pieces_in_any_order_give_the_facts_of_one_ingest() {
    let Some(known) = Known::new(32) else { return };
    let pieces = known.log.cut(5);
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        for period in ["month", "day"] {
            let archive = Archive::new();
            for piece in order {
                archive.ingest_log(&pieces[piece], &["--period", period]);
            }
            known.assert_in(&archive, &format!("pieces {order:?}, periods of a {period}"));
        }
    }
}

#[test]
fn facts_asked_for_between_the_pieces_do_not_change_what_comes_after() {
    let Some(known) = Known::new(33) else { return };
    let archive = Archive::new();
    for piece in known.log.reversed().cut(5) {
        archive.ingest_log(&piece, &["--period", "day"]);
        archive.facts(&[]);
    }
    known.assert_in(&archive, "pieces with facts between them");
}

#[test]
fn several_files_of_one_command_land_in_one_version() {
    let Some(known) = Known::new(34) else { return };
    let archive = Archive::new();
    let pieces: Vec<PathBuf> = known
        .log
        .cut(3)
        .iter()
        .enumerate()
        .map(|(i, piece)| archive.write(&format!("piece-{i}.ndjson"), piece.ndjson()))
        .collect();
    let first = archive.ingest(&[&pieces[2], &pieces[0], &pieces[1]], &[]);
    assert_eq!(first.count("files"), 3);
    known.assert_in(&archive, "three files in one command");
    let one = Archive::of(&known.log);
    let versions = |archive: &Archive| archive.history().lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(versions(&archive), versions(&one), "three files in one command make as many versions as one file");
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let Some(known) = Known::new(35) else { return };
    let archive = Archive::of(&known.log);
    let numbers = archive.numbers();
    let again = archive.ingest_log(&known.log, &[]);
    assert_eq!([again.count("accepted"), again.count("replaced"), again.count("rejected")], [0, 0, 0]);
    known.assert_in(&archive, "the same file twice");
    assert_eq!(archive.numbers(), numbers);
}

/// Another file with the same events: its bytes are new, so that nothing but identity makes it harmless.
#[test]
fn the_same_events_in_another_file_are_all_duplicates() {
    let Some(known) = Known::new(36) else { return };
    let archive = Archive::of(&known.log);
    let again = archive.ingest_log(&known.log.reversed(), &[]);
    assert_eq!([again.count("accepted"), again.count("replaced")], [0, 0]);
    assert_eq!(again.count("duplicates"), count(known.log.len()));
    known.assert_in(&archive, "the same events backwards");
}

#[test]
fn a_repeat_with_other_content_replaces_the_earlier_one_and_is_counted() {
    let Some(oracle) = Oracle::find() else { return };
    let first = oracle.random(37, 60);
    // The first message of the log gets a topic that no other has.
    let mut events = first.events().to_vec();
    let changed = events.iter().position(|event| event["event_type"] == "message").expect("a log has messages");
    events[changed].insert("topic".to_owned(), "replaced".into());
    let id = events[changed]["event_id"].clone();
    let same_event = |event: &&Row| event["event_id"] == id;
    let one = Log::new(events.iter().filter(same_event).take(1).cloned().collect());
    assert_eq!(one.len(), 1);
    let both = Log::new(first.events().iter().chain(one.events()).cloned().collect());
    let want = oracle.facts(&both, &Rules::default(), None);

    let in_two_ingests = Archive::of(&first);
    let second = in_two_ingests.ingest_log(&one, &[]);
    assert_eq!([second.count("read"), second.count("replaced"), second.count("accepted")], [1, 1, 0]);
    want.assert_same("in two ingests", &in_two_ingests.facts(&[]));

    let in_one_file = Archive::new();
    let summary = in_one_file.ingest_log(&both, &[]);
    assert_eq!(summary.count("replaced"), 1);
    want.assert_same("in one file", &in_one_file.facts(&[]));

    let in_one_command = Archive::new();
    let files =
        [in_one_command.write("first.ndjson", first.ndjson()), in_one_command.write("then.ndjson", one.ndjson())];
    in_one_command.ingest(&[&files[0], &files[1]], &[]);
    want.assert_same("in two files of one command, in the order given", &in_one_command.facts(&[]));
}

#[test]
fn ndjson_and_csv_plain_and_compressed_give_the_same_facts() {
    let Some(known) = Known::new(38) else { return };
    let ndjson = known.log.ndjson().into_bytes();
    let csv = known.log.csv().into_bytes();
    let halves = known.log.cut(2);
    let two_members = [gzipped(halves[0].ndjson().as_bytes()), gzipped(halves[1].ndjson().as_bytes())].concat();
    for (name, bytes) in [
        ("events.ndjson", ndjson.clone()),
        ("events.ndjson.gz", gzipped(&ndjson)),
        ("events.ndjson.zst", zstandard(&ndjson)),
        ("events.csv", csv.clone()),
        ("events.csv.gz", gzipped(&csv)),
        ("events.csv.zst", zstandard(&csv)),
        ("two-members.ndjson.gz", two_members),
        // What a file is, its content says.
        ("csv-by-content.ndjson", csv),
        ("gzip-by-content.dat", gzipped(&ndjson)),
    ] {
        known.assert_in(&archive_of_file(name, &bytes), name);
    }
}

#[test]
fn line_ends_a_byte_order_mark_and_unknown_fields_do_not_matter() {
    let Some(known) = Known::new(39) else { return };
    let ndjson = known.log.ndjson();
    let csv = known.log.csv();
    let with_unknown = ndjson.replace("{\"", "{\"unknown\":{\"deep\":[1,null]},\"");
    for (name, text) in [
        ("crlf.ndjson", ndjson.replace('\n', "\r\n")),
        ("mark.ndjson", format!("\u{feff}{ndjson}")),
        ("no-last-newline.ndjson", ndjson.trim_end().to_owned()),
        ("empty-lines.ndjson", ndjson.replace('\n', "\n\n")),
        ("unknown.ndjson", with_unknown),
        ("crlf.csv", csv.replace('\n', "\r\n")),
        ("mark.csv", format!("\u{feff}{csv}")),
        ("no-last-newline.csv", csv.trim_end_matches('\n').to_owned()),
    ] {
        known.assert_in(&archive_of_file(name, text.as_bytes()), name);
    }
}

#[test]
fn parquet_of_another_writer_gives_the_same_facts() {
    let Some(known) = Known::new(40) else { return };
    if !python_has(&["pyarrow", "pyarrow.parquet"]) {
        return skip("python3 cannot import pyarrow: `python3 -m pip install pyarrow`");
    }
    let archive = Archive::new();
    let (ndjson, parquet) = (archive.write("events.ndjson", known.log.ndjson()), archive.input("events.parquet"));
    let written = python().arg(script("write_parquet.py")).args([&ndjson, &parquet]).output();
    let written = written.expect("python3 can be started");
    assert!(written.status.success(), "write_parquet.py failed:\n{}", String::from_utf8_lossy(&written.stderr));
    archive.ingest(&[&parquet], &[]);
    known.assert_in(&archive, "Parquet by pyarrow");
}

#[test]
fn parquet_and_csv_written_by_tape_itself_are_read_back_as_the_same_events() {
    let Some(known) = Known::new(41) else { return };
    let first = Archive::of(&known.log);
    for name in ["events.parquet", "events.csv", "events.ndjson"] {
        let out = first.input(name);
        let query = format!("select {} from events", Log::FIELDS.join(", "));
        first.run(&["sql", &query, "-o", &out.to_string_lossy()]).done();
        let second = Archive::new();
        second.ingest(&[&out], &[]);
        known.assert_in(&second, name);
        assert_same_rows(name, &first.events(&[]), &second.events(&[]));
    }
}

#[test]
fn standard_input_a_directory_and_a_pattern_give_the_same_facts() {
    let Some(known) = Known::new(42) else { return };
    let ndjson = known.log.ndjson().into_bytes();
    for (how, bytes) in [
        ("NDJSON from a pipe", ndjson.clone()),
        ("gzip from a pipe", gzipped(&ndjson)),
        ("zstd from a pipe", zstandard(&ndjson)),
        ("CSV from a pipe", known.log.csv().into_bytes()),
    ] {
        let archive = Archive::new();
        archive.ingest_input(&bytes);
        known.assert_in(&archive, how);
    }

    let archive = Archive::new();
    let folder = archive.input("exports");
    std::fs::create_dir(&folder).expect("a folder can be made");
    for (i, piece) in known.log.cut(3).iter().enumerate() {
        let path = folder.join(format!("part-{i}.ndjson"));
        std::fs::write(&path, piece.ndjson()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let summary = archive.ingest(&[&folder], &[]);
    assert_eq!(summary.count("files"), 3);
    known.assert_in(&archive, "a directory");

    let by_pattern = Archive::new();
    let summary = by_pattern.ingest(&[Path::new(&folder.join("part-*.ndjson"))], &[]);
    assert_eq!(summary.count("files"), 3);
    known.assert_in(&by_pattern, "a pattern");
}

#[test]
fn a_source_that_the_file_leaves_out_is_given_on_the_command_line() {
    let log = Log::questions(20);
    let without = log.ndjson().replace("\"source\":\"s\"", "\"extra\":1");
    let archive = Archive::new();
    let path = archive.write("events.ndjson", without);
    archive.ingest(&[&path], &["--source", "s"]);
    assert_same_rows("given source", &Archive::of(&log).events(&[]), &archive.events(&[]));
}

#[test]
fn a_body_is_dropped_unless_it_is_asked_for() {
    let mut events = Log::questions(1).events().to_vec();
    events[0].insert("body".to_owned(), "Where is my parcel?".into());
    let log = Log::new(events);
    for (options, kept) in [(&[][..], 0), (&["--body", "drop"][..], 0), (&["--body", "keep"][..], 1)] {
        let archive = Archive::new();
        archive.ingest_log(&log, options);
        let found = archive.sql("select count(*) as n from events where body = 'Where is my parcel?'", &[]);
        assert_eq!(found[0]["n"], kept, "with {options:?}");
    }
}
