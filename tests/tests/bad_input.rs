//! What the world can do to an ingest: one clear line, the right exit code, and nothing committed that should not be.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use tapemeasure_tests::{Archive, KPIS, Log, Mount, Query, Run, Summary, run, skip, write_incompressible};

/// The line (from 1) at which the bad records of these tests stand.
const BAD_LINE: usize = 17;

/// An archive with some events, so that there is something to be left as it is.
fn archive_with_events() -> Archive {
    Archive::of(&Log::questions(10))
}

/// `n` well-formed lines that no other log holds.
fn good_lines(n: usize) -> Vec<String> {
    let log = Log::questions(n).ndjson().replace("\"event_id\":\"q", "\"event_id\":\"good-");
    log.lines().map(str::to_owned).collect()
}

/// The lines with `bad` put in as line `BAD_LINE`, and the byte at which it begins.
fn with_bad_line(mut lines: Vec<String>, bad: &str) -> (String, usize) {
    lines.insert(BAD_LINE - 1, bad.to_owned());
    let byte = lines[..BAD_LINE - 1].iter().map(|line| line.len() + 1).sum::<usize>();
    (lines.join("\n") + "\n", byte)
}

/// Whether a text names a line: the number, not as a part of another one.
fn names_line(text: &str, line: usize) -> bool {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    numbers.any(|digits| digits.parse::<usize>() == Ok(line))
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory grows");
    encoder.finish().expect("memory grows")
}

/// The error of a run that failed: one line with the name of the file, and the archive as it was.
#[track_caller]
fn assert_fails_on(archive: &Archive, path: &Path, options: &[&str]) -> String {
    let before = archive.state();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let failed = archive.try_ingest(&[path], options).fails(1, &[&name]);
    archive.assert_unchanged(&before);
    failed.error_line().to_owned()
}

#[test]
fn what_lies_beside_exports_is_left_out_named_and_told_by_exit_code() {
    let archive = Archive::new();
    let folder = archive.input("exports");
    std::fs::create_dir(&folder).expect("a folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    };
    let log = Log::questions(10).ndjson();
    write("part.ndjson", &log);
    let readme = write("README.txt", "What these files are.\n");
    write(".DS_Store", "\0\0\0\u{1}Bud1");
    let run = archive.try_ingest(&[&folder], &[]).exits(3);
    run.says(&["README.txt", "no known format"]);
    let summary = Summary::of(&run);
    assert_eq!(["files", "left_out", "unread"].map(|field| summary.count(field)), [1, 1, 1]);
    assert_eq!(summary.value("left_out_names"), &serde_json::json!([readme.display().to_string()]));
    assert_eq!(summary.count("accepted"), log.lines().count() as u64);
    // What is named itself is meant.
    assert_fails_on(&archive, &readme, &[]);
}

/// A record that should be an event and is none, and what must be said of it (alternatives divided by `|`).
struct Bad {
    record: &'static str,
    says: &'static str,
}

/// Every kind of record that is rejected. Each is otherwise a good question of source `s`.
static BAD_RECORDS: [Bad; 9] = [
    // A broken line, and one that is JSON but no object.
    Bad { record: r#"{"source":"s","event_id":"bad","occurred_at":"2025-03-"#, says: "" },
    Bad { record: r#"["source","s"]"#, says: "" },
    // Missing fields.
    Bad {
        record: r#"{"event_id":"bad","occurred_at":"2025-03-03T09:00:00Z","event_type":"message","conversation_id":"c1","direction":"inbound"}"#,
        says: "source",
    },
    Bad {
        record: r#"{"source":"s","occurred_at":"2025-03-03T09:00:00Z","event_type":"message","conversation_id":"c1","direction":"inbound"}"#,
        says: "event_id",
    },
    Bad {
        record: r#"{"source":"s","event_id":"bad","event_type":"message","conversation_id":"c1","direction":"inbound"}"#,
        says: "occurred_at",
    },
    Bad {
        record: r#"{"source":"s","event_id":"bad","occurred_at":"2025-03-03T09:00:00Z","event_type":"message","direction":"inbound"}"#,
        says: "conversation_id",
    },
    // A time without offset, and a day that does not exist.
    Bad {
        record: r#"{"source":"s","event_id":"bad","occurred_at":"2025-03-03T09:00:00","event_type":"message","conversation_id":"c1","direction":"inbound"}"#,
        says: "offset",
    },
    Bad {
        record: r#"{"source":"s","event_id":"bad","occurred_at":"2025-02-30T09:00:00Z","event_type":"message","conversation_id":"c1","direction":"inbound"}"#,
        says: "occurred_at|2025-02-30|time",
    },
    // An event type that nobody knows.
    Bad {
        record: r#"{"source":"s","event_id":"bad","occurred_at":"2025-03-03T09:00:00Z","event_type":"exploded","conversation_id":"c1","direction":"inbound"}"#,
        says: "event_type|event type",
    },
];

/// Asserts what one rejected record at `BAD_LINE` of a file leaves behind: exit code 3, one line, a record in the
/// quarantine, and everything else accepted.
#[track_caller]
fn assert_one_rejected(
    archive: &Archive,
    run: Run,
    name: &str,
    accepted: u64,
    bytes: std::ops::RangeInclusive<usize>,
    says: &str,
) {
    let run = run.exits(3);
    let summary = Summary::of(&run);
    let counts = ["read", "accepted", "rejected"].map(|field| summary.count(field));
    assert_eq!(counts, [accepted + 1, accepted, 1], "of {name}");
    run.says(&[name, says]);
    assert!(names_line(run.error_line(), BAD_LINE), "no line {BAD_LINE} in: {}", run.error_line());

    let quarantined = archive.quarantined();
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    let record = &quarantined[0];
    assert!(record["file"].as_str().is_some_and(|file| file.ends_with(name)), "{record:?}");
    assert_eq!(record["line"], BAD_LINE, "{record:?}");
    let byte = record["byte"].as_u64().and_then(|byte| usize::try_from(byte).ok());
    assert!(byte.is_some_and(|byte| bytes.contains(&byte)), "byte outside {bytes:?}: {record:?}");
    let reason = record["reason"].as_str().unwrap_or_default();
    assert!(!reason.is_empty() && says.split('|').any(|one| reason.contains(one)), "{reason} does not say {says:?}");
}

#[test]
fn a_bad_record_is_quarantined_with_file_line_byte_and_reason_and_the_rest_is_accepted() {
    for bad in &BAD_RECORDS {
        let archive = archive_with_events();
        let (text, byte) = with_bad_line(good_lines(40), bad.record);
        let path = archive.write("bad.ndjson", text);
        let run = archive.try_ingest(&[&path], &[]);
        assert_one_rejected(&archive, run, "bad.ndjson", 40, byte..=byte + bad.record.len(), bad.says);
        let stored = archive.sql("select count(*) as n from events where event_id like 'good-%'", &[]);
        assert_eq!(stored[0]["n"], 40);
    }
}

#[test]
fn a_bad_record_inside_a_compressed_file_has_the_line_of_the_text() {
    let archive = archive_with_events();
    let bad = &BAD_RECORDS[3];
    let (text, byte) = with_bad_line(good_lines(40), bad.record);
    let path = archive.write("bad.ndjson.gz", gzipped(&text));
    let run = archive.try_ingest(&[&path], &[]);
    assert_one_rejected(&archive, run, "bad.ndjson.gz", 40, byte..=byte + bad.record.len(), bad.says);
}

#[test]
fn a_row_of_a_csv_file_without_its_event_id_has_the_line_of_the_file() {
    let archive = archive_with_events();
    let csv = Log::questions(40).csv().replace("s,q", "s,good-");
    let mut lines: Vec<String> = csv.lines().map(str::to_owned).collect();
    let whole = lines[BAD_LINE - 1].clone();
    let (_, after) = whole.split_once("good-").expect("the row has its event id");
    let (_, fields) = after.split_once(',').expect("the row has more fields");
    lines[BAD_LINE - 1] = format!("s,,{fields}");
    let byte = lines[..BAD_LINE - 1].iter().map(|line| line.len() + 1).sum::<usize>();
    let path = archive.write("bad.csv", lines.join("\n") + "\n");
    let run = archive.try_ingest(&[&path], &[]);
    assert_one_rejected(&archive, run, "bad.csv", 39, byte..=byte + lines[BAD_LINE - 1].len(), "event_id");
}

#[test]
fn lines_and_bytes_hold_in_a_file_that_is_large_enough_to_be_cut() {
    let archive = archive_with_events();
    let mut lines = good_lines(120_000);
    let bad = BAD_RECORDS[3].record;
    let bad_lines: [usize; 3] = [3, 60_001, 119_999];
    for line in bad_lines {
        lines[line - 1] = bad.to_owned();
    }
    let begins = bad_lines.map(|line| lines[..line - 1].iter().map(|line| line.len() + 1).sum::<usize>());
    let path = archive.write("large.ndjson", lines.join("\n") + "\n");
    let run = archive.try_ingest(&[&path], &[]).exits(3);
    let summary = Summary::of(&run);
    assert_eq!([summary.count("accepted"), summary.count("rejected")], [119_997, 3]);
    let quarantined = archive.quarantined();
    let found: Vec<&Value> = quarantined.iter().map(|record| &record["line"]).collect();
    assert_eq!(found, bad_lines);
    for (record, begin) in quarantined.iter().zip(begins) {
        let byte = record["byte"].as_u64().and_then(|byte| usize::try_from(byte).ok());
        assert!(byte.is_some_and(|byte| (begin..=begin + bad.len()).contains(&byte)), "not at {begin}: {record:?}");
    }
}

#[test]
fn a_reason_is_shown_or_has_no_records_or_is_none() {
    let archive = archive_with_events();
    let (text, _) = with_bad_line(good_lines(40), "{");
    let path = archive.write("bad.ndjson", text);
    archive.try_ingest(&[&path], &[]).exits(3);
    let show = |reason: &str| archive.run(&["quarantine", "show", "--reason", reason]);
    // A header, and the one record.
    assert_eq!(show("broken").done().text().lines().count(), 2);
    let none = show("source is missing").done();
    none.says(&["has a reason with \"source is missing\"; it has broken JSON"]);
    assert_eq!(none.text().lines().count(), 1);
    show("zzz").fails(2, &["--reason cannot be \"zzz\"; known are broken JSON, not a JSON object, "]);
}

#[test]
fn a_file_that_is_one_bad_record_of_two_fails_and_commits_nothing() {
    for bad in &BAD_RECORDS {
        let archive = archive_with_events();
        let mut lines = good_lines(1);
        lines.push(bad.record.to_owned());
        let path = archive.write("half-bad.ndjson", lines.join("\n") + "\n");
        let error = assert_fails_on(&archive, &path, &[]);
        assert!(names_line(&error, 2), "no line 2 in: {error}");
    }
}

#[test]
fn five_rejected_of_a_hundred_are_borne_and_six_fail_the_whole_ingest() {
    for (bad, code) in [(5, 3), (6, 1)] {
        let archive = archive_with_events();
        let before = archive.state();
        let mut lines = good_lines(100);
        for line in lines.iter_mut().skip(40).take(bad) {
            *line = BAD_RECORDS[3].record.to_owned();
        }
        let path = archive.write("share.ndjson", lines.join("\n") + "\n");
        let run = archive.try_ingest(&[&path], &[]).exits(code);
        run.says(&["share.ndjson"]);
        if code == 3 {
            assert_eq!(Summary::of(&run).count("accepted"), 95);
        } else {
            archive.assert_unchanged(&before);
        }
    }
}

#[test]
fn one_bad_file_among_good_ones_commits_none_of_them() {
    let archive = archive_with_events();
    let before = archive.state();
    let good = archive.write("good.ndjson", good_lines(40).join("\n") + "\n");
    let text = Log::questions(2_000).ndjson();
    let cut = gzipped(&text);
    let bad = archive.write("cut.ndjson.gz", &cut[..cut.len() / 2]);
    archive.try_ingest(&[&good, &bad], &[]).fails(1, &["cut.ndjson.gz"]);
    archive.assert_unchanged(&before);
}

#[test]
fn a_compressed_file_that_is_cut_in_the_middle_fails_and_commits_nothing() {
    let text = Log::questions(2_000).ndjson();
    let gzip = gzipped(&text);
    let zstd = zstd::encode_all(text.as_bytes(), 3).expect("memory grows");
    for (name, bytes) in [
        ("cut.ndjson.gz", &gzip[..gzip.len() / 2]),
        // Everything but the checksum at the end: the events are all there, the file is not.
        ("no-checksum.ndjson.gz", &gzip[..gzip.len() - 8]),
        ("cut.ndjson.zst", &zstd[..zstd.len() / 2]),
    ] {
        let archive = archive_with_events();
        let path = archive.write(name, bytes);
        assert_fails_on(&archive, &path, &[]);
    }
}

#[test]
fn a_parquet_file_that_is_cut_in_the_middle_fails_and_commits_nothing() {
    let archive = archive_with_events();
    let whole = archive.input("whole.parquet");
    archive.run(&["sql", "select * from events", "-o", &whole.to_string_lossy()]).done();
    let bytes = std::fs::read(&whole).expect("the file was written");
    let cut = archive.write("cut.parquet", &bytes[..bytes.len() / 2]);
    assert_fails_on(&archive, &cut, &[]);
}

#[test]
fn a_first_ingest_that_fails_leaves_an_archive_that_takes_the_next_one() {
    let archive = Archive::new();
    let bad = archive.write("bad.ndjson", "{\n");
    archive.try_ingest(&[&bad], &[]).fails(1, &["bad.ndjson"]);
    archive.ingest_log(&Log::questions(10), &[]);
    assert_eq!(archive.numbers(), archive_with_events().numbers());
}

#[test]
fn a_directory_that_is_no_archive_is_named_and_left_alone() {
    let beside = Archive::new();
    let folder = beside.input("holiday");
    std::fs::create_dir(&folder).expect("a folder can be made");
    std::fs::write(folder.join("photo.jpg"), "no archive").expect("a file can be written");
    let log = beside.write("events.ndjson", Log::questions(3).ndjson());

    let archive = Archive::at(&folder);
    archive.kpi_run(&[], &Query::default()).fails(1, &["holiday"]);
    archive.run(&["sql", "select 1 from events"]).fails(1, &["holiday"]);
    archive.run(&["info"]).fails(1, &["holiday"]);
    archive.try_ingest(&[&log], &[]).fails(1, &["holiday"]);
    let left: Vec<_> = std::fs::read_dir(&folder).expect("the folder is there").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn an_archive_that_does_not_exist_is_named_and_not_made_by_a_reader() {
    let archive = Archive::new();
    archive.kpi_run(&[], &Query::default()).fails(1, &["archive"]);
    assert!(!archive.root().exists(), "reading made {}", archive.root().display());
}

#[test]
fn an_archive_of_a_newer_format_version_is_neither_read_nor_written() {
    let archive = archive_with_events();
    let files = archive.event_files();
    let path = archive.root().join("archive.toml");
    let text = std::fs::read_to_string(&path).expect("an archive has its archive.toml");
    let newer: Vec<String> = text
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("format_version") { "format_version = 999" } else { line }.to_owned()
        })
        .collect();
    assert!(newer.iter().any(|line| line == "format_version = 999"), "no format_version in archive.toml:\n{text}");
    std::fs::write(&path, newer.join("\n")).expect("archive.toml can be written");

    archive.kpi_run(&[], &Query::default()).fails(1, &["999"]);
    archive.run(&["info"]).fails(1, &["999"]);
    let log = archive.write("more.ndjson", good_lines(40).join("\n") + "\n");
    archive.try_ingest(&[&log], &[]).fails(1, &["999"]);
    assert_eq!(archive.event_files(), files);
}

#[test]
fn a_full_disk_fails_the_ingest_and_leaves_the_archive_as_it_was() {
    let beside = Archive::new();
    let disk = beside.input("disk");
    std::fs::create_dir(&disk).expect("a folder can be made");
    let _mounted = match Mount::tmpfs(&disk, "4m") {
        Ok(mounted) => mounted,
        Err(reason) => return skip(&reason),
    };
    let archive = Archive::at(&disk.join("archive"));
    archive.ingest_log(&Log::questions(10), &["--period", "month"]);
    let before = archive.state();
    let large = beside.input("large.ndjson");
    write_incompressible(&large, 120_000, 1);
    archive.try_ingest(&[&large], &[]).fails(1, &["space"]);
    archive.assert_unchanged(&before);
}

/// The stand-in for a full disk where nothing may be mounted: no file of the process may grow beyond a megabyte or two
/// (`ulimit -f` counts blocks of 512 or 1,024 bytes), and the write that would fails instead of ending the process.
#[test]
fn a_write_that_fails_midway_fails_the_ingest_and_leaves_the_archive_as_it_was() {
    let archive = Archive::new();
    archive.ingest_log(&Log::questions(10), &["--period", "month"]);
    let before = archive.state();
    let large = archive.input("large.ndjson");
    write_incompressible(&large, 120_000, 1);

    let inner = archive.ingest_command(&[&large], &[]);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ && ulimit -f 2048 && exec "$0" "$@""#]).arg(inner.get_program());
    limited.args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.stdin(std::process::Stdio::null());
    let failed = run(limited).exits(1);
    failed.error_line();
    archive.assert_unchanged(&before);

    let accepted = archive.ingest(&[&large], &[]).count("accepted");
    assert_eq!(accepted, 120_000, "without the limit the same file is taken");
}

#[test]
fn a_read_only_archive_refuses_an_ingest_and_still_answers() {
    let archive = archive_with_events();
    let log = archive.write("more.ndjson", good_lines(40).join("\n") + "\n");
    let before = archive.state();
    {
        let _mounted = match Mount::read_only(archive.root()) {
            Ok(mounted) => mounted,
            Err(reason) => return skip(&reason),
        };
        archive.try_ingest(&[&log], &[]).fails(1, &["read-only|Read-only|permission|Permission"]);
        // The facts were derived before: to read them writes nothing.
        archive.assert_unchanged(&before);
    }
    archive.assert_unchanged(&before);
    archive.ingest(&[&log], &[]);
}

#[test]
fn an_unknown_name_is_wrong_usage_and_the_nearest_known_one_is_said() {
    let archive = archive_with_events();
    archive.run(&["kpi", "first_respons_time"]).fails(2, &["first_respons_time", "first_response_time"]);
    archive.run(&["kpi", "--by", "chanel"]).fails(2, &["chanel", "channel"]);
    archive.run(&["settings", "sesion_gap", "24h"]).fails(2, &["sesion_gap", "session_gap"]);
    archive.run(&["kpi", "--tz", "Europe/Berlino"]).fails(2, &["Europe/Berlino"]);
    archive.run(&["kpi", "--since", "yesteryear"]).fails(2, &["yesteryear"]);
    archive.run(&["settings", "bots", "perhaps"]).fails(2, &["perhaps"]);
    archive.run(&["settings", "session_gap", "soon"]).fails(2, &["soon"]);
}

#[test]
fn a_missing_input_file_is_named_and_nothing_is_committed() {
    let archive = archive_with_events();
    let missing: PathBuf = archive.input("missing.ndjson");
    assert_fails_on(&archive, &missing, &[]);
}

#[test]
fn an_archive_without_events_answers_with_counts_0_and_times_null() {
    let archive = Archive::new();
    let empty = archive.write("empty.ndjson", "");
    let summary = archive.ingest(&[&empty], &[]);
    assert_eq!(summary.count("read"), 0);
    let lines = archive.kpi(&[], &Query::default());
    for kpi in &KPIS {
        for row in lines.rows(kpi.name) {
            assert!(kpi.is_empty(row), "{}: {row:?}", kpi.name);
        }
    }
    for table in ["events", "messages", "waits", "sessions", "subscriptions"] {
        let counted = archive.sql(&format!("select count(*) as n from {table}"), &[]);
        assert_eq!(counted[0]["n"], 0, "rows of {table}");
    }
    archive.run(&["report"]).done();
    archive.run(&["verify"]).done();
}
