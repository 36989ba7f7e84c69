//! The events are a Delta table that another implementation reads (the Python package `deltalake`).

use serde_json::Value;
use tapemeasure_tests::{Archive, Log, Oracle, Row, assert_same_rows, python, python_has, script};

/// The rows of a version of the archive's table as `deltalake` reads them, in order of source and event id; with a column
/// and a value in `wanted` those that have it.
#[track_caller]
fn read_by_deltalake(archive: &Archive, version: i64, wanted: &[&str]) -> Vec<Row> {
    assert!(
        python_has(&["deltalake", "pyarrow"]),
        "python3 cannot import deltalake and pyarrow: `python3 -m pip install deltalake pyarrow`"
    );
    let mut command = python();
    command.arg(script("read_delta.py")).arg(archive.root().join("events")).arg(version.to_string()).args(wanted);
    let output = command.output().expect("python3 can be started");
    assert!(output.status.success(), "read_delta.py failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("Python writes UTF-8");
    let mut rows = Log::from_ndjson(&text).events().to_vec();
    rows.sort_by_key(|row| (row["source"].as_str().map(str::to_owned), row["event_id"].as_str().map(str::to_owned)));
    rows
}

/// Takes the partition off each row and asserts that it is the UTC month or day of the event's time.
fn without_period(mut rows: Vec<Row>, period_len: usize) -> Vec<Row> {
    for row in &mut rows {
        let period = row.remove("period").unwrap_or(Value::Null);
        let time = row["occurred_at"].as_str().unwrap_or_default();
        assert_eq!(period, time[..period_len], "the period of {row:?}");
        row.retain(|field, _| Log::FIELDS.contains(&field.as_str()) && field != "body");
    }
    rows
}

#[test]
fn another_reader_of_delta_sees_the_same_rows_at_every_version() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(51, 150);
    for (period, period_len) in [("month", "2025-03".len()), ("day", "2025-03-04".len())] {
        let archive = Archive::new();
        for piece in log.cut(3) {
            let version = archive.ingest_log(&piece, &["--period", period]).version();
            let theirs = without_period(read_by_deltalake(&archive, version, &[]), period_len);
            assert_same_rows(&format!("version {version}, by {period}"), &archive.events(&[]), &theirs);
        }
        assert_eq!(archive.events(&[]).len(), log.identities());
    }
}

/// A reader that takes a column without statistics for one that is null throughout would find nothing.
#[test]
fn another_reader_that_filters_finds_what_is_there() {
    let archive = Archive::of(&Log::questions(10));
    let version = archive.ingest_log(&Log::questions(20), &[]).version();
    for (column, value, rows) in [("event_type", "message", 20), ("event_type", "closed", 0), ("event_id", "q3", 1)] {
        assert_eq!(read_by_deltalake(&archive, version, &[column, value]).len(), rows, "{column} = {value}");
    }
}
