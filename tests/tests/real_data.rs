//! Real exports in their own formats, held against a few plain lines of Python over the same files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tapemeasure_tests::{Archive, Query, Row, Summary, package, python, script, shared};

/// The mapping files that come with the project.
fn mapping(name: &str) -> String {
    package().join("../data/mappings").join(name).display().to_string()
}

/// The files of a folder with this ending, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    assert!(!files.is_empty(), "{} holds no .{ending}", folder.display());
    files
}

/// The JSON object that a script prints about files.
fn said_by(name: &str, files: &[PathBuf]) -> Value {
    let output = python().arg(script(name)).args(files).output().expect("python3 can be started");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name} printed no JSON: {error}"))
}

fn ingest(archive: &Archive, files: &[PathBuf], options: &[&str]) -> Summary {
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    archive.ingest(&paths, options)
}

/// The one number of a query.
fn number(archive: &Archive, query: &str) -> u64 {
    let rows = archive.sql(query, &[]);
    rows[0].values().next().and_then(Value::as_u64).unwrap_or_else(|| panic!("{query} gave {rows:?}"))
}

/// Number and mean of the resolution times of each group, groups without a close left out.
fn resolutions(rows: &[&Row], group: &str) -> Vec<(String, u64, f64)> {
    let mut found: Vec<(String, u64, f64)> = rows
        .iter()
        .filter(|row| row["n"].as_u64() > Some(0))
        .map(|row| {
            (row[group].as_str().unwrap().to_owned(), row["n"].as_u64().unwrap(), row["mean_s"].as_f64().unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The same as the script has it; `name` gives the name in the archive.
fn expected(groups: &Value, name: impl Fn(&str) -> String) -> Vec<(String, u64, f64)> {
    let groups = groups.as_object().expect("the script groups");
    let mut expected: Vec<(String, u64, f64)> = groups
        .iter()
        .map(|(group, found)| (name(group), found["n"].as_u64().unwrap(), found["mean_s"].as_f64().unwrap()))
        .collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    expected
}

#[track_caller]
fn assert_same_means(found: &[(String, u64, f64)], expected: &[(String, u64, f64)]) {
    assert_eq!(found.len(), expected.len(), "{found:?}\n{expected:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((&found.0, found.1), (&expected.0, expected.1));
        assert!((found.2 - expected.2).abs() <= 1e-9 * expected.2.abs(), "{found:?} instead of {expected:?}");
    }
}

/// What `data/mappings/boston311.toml` calls the values of `Source`.
fn boston_channel(source: &str) -> String {
    match source {
        "Constituent Call" => "voice",
        "Citizens Connect App" => "app",
        "City Worker App" => "worker_app",
        "Employee Generated" => "employee",
        "Maximo Integration" => "api",
        "Self Service" => "web",
        "Twitter" => "twitter",
        other => panic!("no channel is known for {other}"),
    }
    .to_owned()
}

#[test]
fn requests_of_boston_by_mapping_have_the_resolution_times_that_python_computes() {
    let Some(folder) = shared("data/boston311") else { return };
    let files = files(&folder, "csv");
    let python = said_by("boston311.py", &files);
    let archive = Archive::new();
    let summary = ingest(&archive, &files, &["--mapping", &mapping("boston311.toml")]);
    let count = |name: &str| python[name].as_u64().unwrap();
    assert_eq!(count("opened"), 16_922);
    assert_eq!(summary.count("accepted"), count("opened") + count("closed"));
    assert_eq!(number(&archive, "select count(*) from events where event_type = 'opened'"), count("opened"));
    assert_eq!(number(&archive, "select count(*) from events where event_type = 'closed'"), count("closed"));
    // What is closed before it is opened was open to nobody, and stays open from its opening on.
    assert_eq!(
        number(&archive, "select count(*) from sessions where close_reason = 'open'"),
        count("still_open") + count("closed_before_opened")
    );

    let by_channel = Query { by: "channel".to_owned(), ..Query::default() };
    let lines = archive.kpi(&["resolution_time"], &by_channel);
    let found = resolutions(&lines.rows("resolution_time"), "channel");
    assert_same_means(&found, &expected(&python["by_source"], boston_channel));

    let by_month = Query { zone: "America/New_York".to_owned(), ..Query::grain("month") };
    let lines = archive.kpi(&["resolution_time"], &by_month);
    let found = resolutions(&lines.rows("resolution_time"), "bucket");
    assert_same_means(&found, &expected(&python["by_month"], str::to_owned));
}

#[test]
fn deliveries_of_whatsapp_give_what_python_counts() {
    let Some(folder) = shared("data/whatsapp_cloud") else { return };
    let files = files(&folder, "json");
    let python = said_by("whatsapp_cloud.py", &files);
    let archive = Archive::new();
    let summary = ingest(&archive, &files, &[]);
    assert_eq!(summary.count("rejected"), 0);
    let found = |condition: &str| number(&archive, &format!("select count(*) from events where {condition}"));
    assert_eq!(found("event_type = 'message' and direction = 'inbound'"), python["inbound"]);
    assert_eq!(found("event_type = 'message' and direction = 'outbound'"), python["outbound"]);
    for event_type in ["deleted", "opted_out", "opted_in"] {
        assert_eq!(found(&format!("event_type = '{event_type}'")), python[event_type], "{event_type}");
    }
    // No closes: the source has limits of its own from its first ingest on.
    for (key, limit) in [("session_gap", "1d"), ("abandon_after", "7d")] {
        let setting = archive.run(&["settings", &format!("source.whatsapp.{key}")]).done();
        assert_eq!(setting.text().trim(), limit, "{key}");
    }
}

/// What Python's `email` package and RFC 3834 make of each mail: rejected, ignored, or direction and automation.
const MAILS: &[(&str, &str)] = &[
    ("auto_reply", "inbound automated"),
    ("auto_reply_with_auto_submitted", "inbound automated"),
    ("bounced_with_no_from", "ignored"),
    ("in_reply_to", "inbound"),
    ("mail_with_no_date", "rejected"),
    ("mail_with_quote", "inbound"),
    ("multiple_in_reply_to", "inbound"),
    ("non_utf_encoded_mail", "inbound automated"),
    ("notification", "inbound"),
    ("only_html", "inbound"),
    ("only_text", "outbound"),
    ("references", "inbound"),
    ("reply_cc", "inbound"),
    ("support_1", "inbound"),
];

#[test]
fn single_mails_are_read_rejected_or_ignored_each_for_its_reason() {
    let Some(folder) = shared("data/email") else { return };
    let mails = files(&folder, "eml");
    let names: Vec<String> =
        mails.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, MAILS.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    for (path, (name, expected)) in mails.iter().zip(MAILS) {
        let archive = Archive::new();
        let run = archive.try_ingest(&[path], &["--agents", "example.com"]);
        let found = if *expected == "rejected" {
            run.fails(1, &["Date is missing"]);
            "rejected".to_owned()
        } else {
            let summary = Summary::of(&run.done());
            if summary.count("ignored") == 1 {
                "ignored".to_owned()
            } else {
                let events = archive.events(&[]);
                assert_eq!(events.len(), 1, "{name}");
                assert_eq!(events[0]["channel"], "email", "{name}");
                let automated = if events[0]["automated"] == true { " automated" } else { "" };
                format!("{}{automated}", events[0]["direction"].as_str().unwrap_or("?"))
            }
        };
        assert_eq!(found, *expected, "{name}");
    }
}

/// Tables of the warehouse with their mappings.
const WAREHOUSE: &[(&str, &str)] = &[
    ("twilio_message", "twilio_warehouse.toml"),
    ("zendesk_ticket", "zendesk_warehouse_ticket.toml"),
    ("zendesk_ticket_field_history", "zendesk_warehouse_ticket_field_history.toml"),
    ("intercom_conversation_history", "intercom_warehouse_conversation_history.toml"),
    ("intercom_conversation_part_history", "intercom_warehouse_conversation_part_history.toml"),
    ("intercom_contact_history", "intercom_warehouse_contact_history.toml"),
];

#[test]
fn tables_of_a_warehouse_are_read_by_the_mappings_that_come_along() {
    let Some(folder) = shared("data/warehouse_seeds") else { return };
    let python = said_by("warehouse_seeds.py", std::slice::from_ref(&folder));
    for (table, file) in WAREHOUSE {
        let archive = Archive::new();
        let summary = archive.ingest(&[&folder.join(format!("{table}.csv"))], &["--mapping", &mapping(file)]);
        assert_eq!(summary.count("rejected"), 0, "{table}");
        let rows = archive.sql("select event_type, count(*) as n from events group by event_type", &[]);
        let found: BTreeMap<&str, u64> =
            rows.iter().map(|row| (row["event_type"].as_str().unwrap(), row["n"].as_u64().unwrap())).collect();
        let expected: BTreeMap<&str, u64> = python[table]
            .as_object()
            .unwrap_or_else(|| panic!("{table} is not among what the script counts"))
            .iter()
            .map(|(event_type, n)| (event_type.as_str(), n.as_u64().unwrap()))
            .collect();
        assert_eq!(found, expected, "{table}");
    }
}
