//! Business hours: lengths and KPIs as a script has them that asks every minute whether the calendar is open.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;
use tapemeasure_tests::{Archive, Log, Row, python, same, script};

/// Random spans of the gate. A span is up to four days of minutes.
const SPANS: &str = "400";

const ZONE: &str = "Europe/Berlin";

/// The KPIs that measure spans.
const TIMED: [&str; 4] = ["first_response_time", "average_response_time", "longest_wait_time", "resolution_time"];

/// What the script prints.
fn said(arguments: &[&str]) -> String {
    let output = python().arg(script("business_hours.py")).args(arguments).output().expect("python3 can be started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the script prints UTF-8")
}

fn rows_said(arguments: &[&str]) -> Vec<Row> {
    let row = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("no row: {line}: {error}"));
    said(arguments).lines().map(row).collect()
}

/// An archive with the calendars of the script.
fn archive(log: &Log) -> Archive {
    let archive = Archive::of(log);
    std::fs::write(archive.root().join("settings.toml"), said(&["settings"])).unwrap();
    archive
}

fn text(row: &Row, field: &str) -> String {
    row[field].as_str().unwrap_or_else(|| panic!("{field} is no text: {row:?}")).to_owned()
}

/// An instant as SQL reads it.
fn instant(row: &Row, field: &str) -> String {
    let us = row[field].as_i64().unwrap_or_else(|| panic!("{field} is no instant: {row:?}"));
    DateTime::from_timestamp_micros(us).expect("the script stays within its years").to_rfc3339()
}

#[test]
fn random_spans_are_as_long_as_the_sum_of_their_open_minutes() {
    let archive = archive(&Log::questions(1));
    let expected = rows_said(&["spans", "20250330", SPANS]);
    let values: Vec<String> = expected
        .iter()
        .map(|row| {
            let (from, to) = (instant(row, "from_us"), instant(row, "to_us"));
            format!("({}, '{from}', '{to}', '{}')", row["row"], text(row, "calendar"))
        })
        .collect();
    let spans = format!("(values {}) as spans (n, a, b, calendar)", values.join(", "));
    let found = archive.sql(
        &format!(
            "select n, business_us(instant(a), instant(b), calendar) as us,
               business_us(instant(b), instant(a), calendar) as back_us,
               business_seconds(instant(a), instant(b), calendar) as s
             from {spans} order by n"
        ),
        &[],
    );
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        let us = expected["us"].as_i64().expect("a length");
        assert_eq!(found["us"].as_i64(), Some(us), "{expected:?}");
        assert_eq!(found["back_us"].as_i64(), Some(-us), "{expected:?}");
        assert!(same(&Value::from(us as f64 / 1e6), &found["s"]), "{expected:?} {found:?}");
    }
    // By the name of one calendar for all rows.
    for calendar in ["support", "night", "howe", "kathmandu", "always"] {
        let query = format!(
            "select sum(business_us(instant(a), instant(b), '{calendar}')) as us from {spans} where calendar = '{calendar}'"
        );
        let sum: i64 = expected
            .iter()
            .filter(|row| row["calendar"] == calendar)
            .map(|row| row["us"].as_i64().expect("a length"))
            .sum();
        assert_eq!(archive.sql(&query, &[])[0]["us"].as_i64(), Some(sum), "{calendar}");
    }
}

/// A group as text.
fn group(row: &Row) -> String {
    format!("{} {} {}", row["kpi"], row["bucket"], row["channel"])
}

#[test]
fn kpis_in_business_hours_are_those_of_business_lengths() {
    let archive = Archive::new();
    let raw = archive.input("generated.ndjson");
    let raw_name = raw.display().to_string();
    let generate = ["generate", "--conversations", "600", "--months", "3", "--seed", "11", "-o", &*raw_name];
    archive.run(&generate).done();
    archive.ingest(&[&raw], &[]);
    std::fs::write(archive.root().join("settings.toml"), said(&["settings"])).unwrap();

    let mut files = Vec::new();
    for table in ["waits", "sessions"] {
        let query = format!("select * from {table}");
        let rows = archive.run(&["sql", &query, "--format", "ndjson"]).done();
        files.push(archive.write(&format!("{table}.ndjson"), rows.text()).display().to_string());
    }
    let as_of = archive.sql("select max(occurred_at) as at from events", &[]);
    let expected = rows_said(&["kpis", &files[0], &files[1], ZONE, &text(&as_of[0], "at")]);
    assert!(expected.len() > 100, "the script found {} groups only", expected.len());

    let by = ["--by", "channel", "--grain", "week", "--tz", ZONE, "--format", "ndjson"];
    let arguments = |hours: &'static str| [["kpi"].as_slice(), &TIMED, &["--hours", hours], &by].concat();
    let business = archive.run(&arguments("business")).done();
    let mut found: BTreeMap<String, Row> = business.rows().into_iter().map(|row| (group(&row), row)).collect();
    for want in &expected {
        let got = found.remove(&group(want)).unwrap_or_else(|| panic!("tape has no row for {want:?}"));
        for (field, value) in want {
            assert!(same(value, &got[field]), "{} {field}: want {value}, got {}", group(want), got[field]);
        }
    }
    for (group, row) in found {
        let (n, longest) = (row.get("n").and_then(Value::as_u64), row.get("max_s"));
        assert!(n.unwrap_or(0) == 0 && longest == Some(&Value::Null), "only tape has {group}: {row:?}");
    }
    // Elapsed time is another number, and calendars do not touch it.
    let elapsed = archive.run(&arguments("elapsed")).done().text().to_owned();
    std::fs::remove_file(archive.root().join("settings.toml")).unwrap();
    assert_eq!(archive.run(&arguments("elapsed")).done().text(), elapsed);
    assert_ne!(business.text(), elapsed);
}

/// Worked by hand. The question came on a Monday at 09:00 UTC by text message, when it is 14:45 in Kathmandu, which is
/// open from 09:00 to 18:00: until 11:00 UTC for 120 minutes, until 15:00 UTC for 195, because it closes at 12:15 UTC.
#[test]
fn the_age_of_an_open_wait_is_business_time() {
    let archive = archive(&Log::questions(1));
    let tagged = serde_json::json!({
        "source": "s",
        "event_id": "t0",
        "occurred_at": "2025-03-03T15:00:00Z",
        "event_type": "tagged",
        "conversation_id": "c0",
        "topic": "orders",
    });
    archive.ingest_input(tagged.to_string().as_bytes());
    for (as_of, age_s) in [("2025-03-03T11:00:00Z", 7_200.0), ("2025-03-03T15:00:00Z", 11_700.0)] {
        let kpi = ["kpi", "longest_wait_time", "--hours", "business", "--as-of", as_of, "--format", "ndjson"];
        let rows = archive.run(&kpi).done().rows();
        assert_eq!(rows[0]["oldest_open_s"].as_f64(), Some(age_s), "{as_of}");
    }
    let breached = |target: &str| {
        let target = ["kpi", "average_response_time", "--hours", "business", "--target", target, "--format", "ndjson"];
        archive.run(&target).done().rows()[0]["n_breached"].clone()
    };
    assert_eq!((breached("195m"), breached("194m")), (Value::from(0), Value::from(1)));
}

#[test]
fn without_a_calendar_there_is_an_error_and_no_number() {
    let archive = Archive::of(&Log::questions(2));
    let kpi = ["kpi", "average_response_time", "--hours", "business"];
    archive.run(&kpi).fails(2, &["no business hours", "tape settings business_hours.calendar"]);
    archive.run(&["settings", "business_hours.calendar", "office"]).fails(2, &["unknown calendar \"office\""]);
    archive.set("calendars.office.mon-fri", "09:00-17:00");
    archive.set("business_hours.channel.email", "office");
    let parts = ["source \"s\", channel \"sms\", team none", "business_hours.channel.<name>"];
    archive.run(&kpi).fails(2, &parts);
    archive.set("business_hours.calendar", "office");
    archive.run(&kpi).fails(2, &["calendar \"office\" has no zone", "calendars.office.zone"]);
    archive.set("calendars.office.zone", "Europe/Berlin");
    archive.run(&kpi).done();
    archive.run(&["settings", "business_hours.calendar", "offices"]).fails(2, &["did you mean office?"]);
    let query = "select business_us(opened_at, opened_at, 'ofice') from waits";
    archive.run(&["sql", query]).fails(2, &["unknown calendar \"ofice\"", "did you mean office?"]);
    archive.run(&["kpi", "--hours", "nightly"]).fails(2, &["elapsed, business"]);
    archive.run(&["settings", "calendars.office.zone", "Berlin"]).fails(2, &["an IANA time zone"]);
    archive.run(&["settings", "calendars.office.zones", "UTC"]).fails(2, &["did you mean calendars.office.zone?"]);
}

#[test]
fn what_measures_no_spans_says_so_and_is_the_same() {
    let archive = archive(&Log::questions(3));
    let kpi = |hours| archive.run(&["kpi", "inbound_message_volume", "--hours", hours, "--format", "ndjson"]).done();
    let (elapsed, business) = (kpi("elapsed"), kpi("business"));
    assert_eq!(elapsed.text(), business.text());
    assert_eq!(elapsed.stderr, "");
    business.says(&["inbound_message_volume: it measures no spans of time"]);
}
