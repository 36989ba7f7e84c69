//! `tape drill` and `tape kpi --explain`: what is listed behind a cell adds up to the cell, clocks are started and stopped by
//! the events that `scripts/drill_events.py` finds in the same log, and every row that is read is accounted for.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tapemeasure_tests::{Archive, Log, Oracle, Query, Row, Rules, UNSUBSCRIBED, instant_us, python, same, script};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;

const ZONE: &str = "Europe/Berlin";

/// All rows that a drill lists.
#[track_caller]
fn drill(archive: &Archive, name: &str, options: &[&str]) -> Vec<Row> {
    let mut arguments = vec!["drill", name, "--format", "ndjson", "--limit", "1000000"];
    arguments.extend(options);
    archive.run(&arguments).done().rows()
}

fn rules() -> [Rules; 3] {
    let ended_by_silence = Rules { session_gap_s: Some(86_400), abandon_after_s: Some(604_800), ..Rules::default() };
    [Rules::default(), ended_by_silence.clone(), Rules { bots: "reply".to_owned(), ..ended_by_silence }]
}

fn number(row: &Row, field: &str) -> Option<f64> {
    row.get(field).unwrap_or_else(|| panic!("no {field} in {row:?}")).as_f64()
}

fn is_true(row: &Row, field: &str) -> bool {
    row.get(field).unwrap_or_else(|| panic!("no {field} in {row:?}")).as_bool() == Some(true)
}

fn count(rows: &[Row], of: impl Fn(&Row) -> bool) -> Value {
    rows.iter().filter(|row| of(row)).count().into()
}

fn lengths(rows: &[Row], field: &str) -> Vec<f64> {
    rows.iter().filter_map(|row| number(row, field)).collect()
}

fn mean(lengths: &[f64]) -> Value {
    if lengths.is_empty() { Value::Null } else { (lengths.iter().sum::<f64>() / lengths.len() as f64).into() }
}

fn max(lengths: &[f64]) -> Value {
    lengths.iter().copied().reduce(f64::max).map_or(Value::Null, Value::from)
}

fn share(part: &Value, whole: u64) -> Value {
    let part = part.as_f64().expect("a count");
    if whole == 0 { Value::Null } else { (part / whole as f64).into() }
}

/// One cell of a KPI, by channel and month, and the options that name it.
struct Cell {
    row: Row,
    options: Vec<String>,
}

impl Cell {
    /// Every cell of a KPI in an archive.
    fn all(archive: &Archive, name: &str) -> Vec<Cell> {
        let query =
            Query { grain: "month".to_owned(), by: "channel".to_owned(), zone: ZONE.to_owned(), ..Query::default() };
        let lines = archive.kpi(&[name], &query);
        let rows: Vec<Row> = lines.rows(name).into_iter().cloned().collect();
        assert!(rows.len() > 8, "{name} has {} cells by channel and month: too few to say anything", rows.len());
        let cell = |row: Row| {
            let channel = row["channel"].as_str().unwrap_or_default();
            let bucket = row["bucket"].as_str().expect("a bucket is text");
            let options = [
                format!("--cell=channel={channel}"),
                "--grain=month".to_owned(),
                format!("--bucket={bucket}"),
                format!("--tz={ZONE}"),
            ];
            Cell { options: options.to_vec(), row }
        };
        rows.into_iter().map(cell).collect()
    }

    #[track_caller]
    fn drill(&self, archive: &Archive, name: &str, more: &[&str]) -> Vec<Row> {
        let mut options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        options.extend(more);
        drill(archive, name, &options)
    }

    /// Asserts that what was added up is what the KPI says.
    #[track_caller]
    fn is(&self, name: &str, sums: &[(&str, Value)]) {
        for (field, sum) in sums {
            let said = self.row.get(*field).unwrap_or_else(|| panic!("no {field} in {:?}", self.row));
            assert!(same(said, sum), "{name} {:?}: {field} is {said}, its rows come to {sum}", self.options);
        }
    }
}

/// Waits added up as kpi-rules A1 and G1 say.
fn sums_of_waits(rows: &[Row]) -> Vec<(&'static str, Value)> {
    let waits = lengths(rows, "wait_s");
    let ended = |reason: &'static str| count(rows, move |row| row["end_reason"] == reason);
    let met = count(rows, |row| row["within_target"] == true);
    let breached = count(rows, |row| row["within_target"] == false);
    let held = met.as_u64().unwrap_or(0) + breached.as_u64().unwrap_or(0);
    vec![
        ("n", waits.len().into()),
        ("mean_s", mean(&waits)),
        ("max_s", max(&waits)),
        ("n_open", ended("open")),
        ("n_closed_unanswered", ended("closed")),
        ("n_opted_out", ended("opted_out")),
        ("n_abandoned", ended("abandoned")),
        ("within_target", share(&met, held)),
        ("n_within_target", met),
        ("n_breached", breached),
    ]
}

/// By conversation and time: the events that started and stopped a clock, and how often the clock is there.
type Clocks = BTreeMap<(String, String, i64), (Value, Value)>;

fn clock_of(row: &Row, starts: &str, stops: &str) -> ((String, String, i64), (Value, Value)) {
    let text = |field: &str| row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row:?}")).to_owned();
    let opened_at = instant_us(&text("opened_at")).unwrap_or_else(|| panic!("no instant in {row:?}"));
    ((text("source"), text("conversation_id"), opened_at), (row[starts].clone(), row[stops].clone()))
}

fn clocks(rows: &[Row], starts: &str, stops: &str) -> Clocks {
    let clocks: Clocks = rows.iter().map(|row| clock_of(row, starts, stops)).collect();
    assert_eq!(clocks.len(), rows.len(), "a clock is there twice");
    clocks
}

/// What the script finds: clocks of waits and of sessions.
fn events_of_clocks(log: &Log, rules: &Rules, as_of: Option<&str>) -> (Clocks, Clocks) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (events, settings) = (folder.path().join("events.ndjson"), folder.path().join("settings.json"));
    log.write_ndjson(&events);
    let text = serde_json::json!({
        "session_gap_s": rules.session_gap_s,
        "abandon_after_s": rules.abandon_after_s,
        "bots": rules.bots,
    });
    std::fs::write(&settings, text.to_string()).expect("a temporary file can be written");
    let mut command = python();
    command.arg(script("drill_events.py")).args([&events, &settings]).args(as_of);
    let output = command.output().expect("python3 can be started");
    assert!(output.status.success(), "drill_events.py failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let rows = String::from_utf8(output.stdout).expect("the script writes UTF-8");
    let rows: Vec<Row> = rows.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect();
    let of = |clock: &str| rows.iter().filter(|row| row["clock"] == clock).cloned().collect::<Vec<Row>>();
    (
        clocks(&of("wait"), "opening_event_id", "ending_event_id"),
        clocks(&of("session"), "start_event_id", "close_event_id"),
    )
}

/// When a subscription changed, whether to opted out, and by which event.
type Change = (i64, bool, String);

#[test]
fn clocks_are_started_and_stopped_by_the_events_of_the_rules() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in SEEDS {
        let log = oracle.random(seed, 150);
        let archive = Archive::of(&log);
        for (choice, rules) in rules().iter().enumerate() {
            archive.set_rules(rules);
            let past = log.time_at(0.6);
            let as_of = (choice == 1).then_some(past.as_str());
            let options: Vec<&str> = as_of.into_iter().flat_map(|as_of| ["--as-of", as_of]).collect();
            let (waits, sessions) = events_of_clocks(&log, rules, as_of);
            let what = format!("seed {seed}, {rules:?}, as of {as_of:?}");

            let listed = drill(&archive, "average_response_time", &options);
            assert_eq!(clocks(&listed, "opening_event_id", "ending_event_id"), waits, "{what}");

            let listed = clocks(&drill(&archive, "resolution_time", &options), "start_event_id", "close_event_id");
            let resolved: Clocks =
                sessions.into_iter().filter(|(_, (start, close))| !start.is_null() && !close.is_null()).collect();
            assert_eq!(listed, resolved, "{what}");
        }
    }
}

#[test]
fn waits_behind_a_cell_add_up_to_it() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in SEEDS {
        let archive = Archive::of(&oracle.random(seed, 150));
        archive.set_rules(&rules()[1]);
        archive.set("channel.sms.targets.response", "1h");
        for name in ["first_response_time", "average_response_time"] {
            for (i, cell) in Cell::all(&archive, name).iter().enumerate() {
                let rows = cell.drill(&archive, name, &[]);
                cell.is(name, &sums_of_waits(&rows));
                let left_out = rows.iter().filter(|row| !is_true(row, "counted"));
                assert!(left_out.clone().all(|row| row["wait_s"].is_null() && row["not_counted_because"].is_string()));
                assert!(rows.iter().all(|row| is_true(row, "counted") == row["not_counted_because"].is_null()));
                // Some cells are enough for what a measure counts.
                let measures = ["n", "n_open", "n_breached", "n_closed_unanswered"];
                for measure in measures.into_iter().filter(|_| i % 4 == 0) {
                    let counted = cell.drill(&archive, name, &["--measure", measure]).len();
                    cell.is(name, &[(measure, counted.into())]);
                }
            }
        }
        for cell in Cell::all(&archive, "longest_wait_time") {
            let rows = cell.drill(&archive, "longest_wait_time", &[]);
            let longest = rows.first().filter(|row| is_true(row, "counted"));
            let field = |name: &str| longest.map_or(Value::Null, |row| row[name].clone());
            let sums = [
                ("max_s", field("wait_s")),
                ("conversation_id", field("conversation_id")),
                ("opened_at", field("opened_at")),
                ("oldest_open_s", max(&lengths(&rows, "open_s"))),
            ];
            cell.is("longest_wait_time", &sums);
        }
    }
}

#[test]
fn resolutions_behind_a_cell_add_up_to_it() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in SEEDS {
        let archive = Archive::of(&oracle.random(seed, 150));
        for cell in Cell::all(&archive, "resolution_time") {
            let rows = cell.drill(&archive, "resolution_time", &[]);
            let spans = lengths(&rows, "resolution_s");
            assert_eq!(spans.len(), rows.len(), "every row has a resolution");
            let met = count(&rows, |row| is_true(row, "within_target"));
            let sums = [
                ("n", spans.len().into()),
                ("mean_s", mean(&spans)),
                ("max_s", max(&spans)),
                ("n_auto_closed", count(&rows, |row| is_true(row, "auto_closed"))),
                ("within_target", share(&met, rows.len() as u64)),
            ];
            cell.is("resolution_time", &sums);
        }
    }
}

#[test]
fn messages_behind_a_cell_add_up_to_it() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in SEEDS {
        let archive = Archive::of(&oracle.random(seed, 150));
        let sum = |rows: &[Row], field: &str| -> Value {
            rows.iter().filter_map(|row| row[field].as_u64()).sum::<u64>().into()
        };
        for cell in Cell::all(&archive, "inbound_message_volume") {
            let name = "inbound_message_volume";
            let rows = cell.drill(&archive, name, &[]);
            let messages = cell.drill(&archive, name, &["--events"]);
            let contacts: BTreeSet<(&str, &str)> = messages
                .iter()
                .filter_map(|row| Some((row["source"].as_str()?, row["contact_id"].as_str()?)))
                .collect();
            let sums = [
                ("messages", sum(&rows, "n_messages")),
                ("messages", messages.len().into()),
                ("conversations", rows.len().into()),
                ("contacts", contacts.len().into()),
            ];
            cell.is(name, &sums);
            // First and last message of a conversation are those of the cell, in the order of time, direction and id.
            let place = |row: &Row| {
                let at = row["occurred_at"].as_str().and_then(instant_us);
                (at, row["direction"] == "outbound", row["event_id"].as_str().unwrap_or_default().to_owned())
            };
            for row in &rows {
                let of_row = |message: &&Row| {
                    message["source"] == row["source"] && message["conversation_id"] == row["conversation_id"]
                };
                let own = || messages.iter().filter(of_row).map(place);
                assert_eq!(own().min().map(|first| Value::from(first.2)), Some(row["first_event_id"].clone()));
                assert_eq!(own().max().map(|last| Value::from(last.2)), Some(row["last_event_id"].clone()));
            }
        }
        for cell in Cell::all(&archive, "message_volume_by_channel") {
            let rows = cell.drill(&archive, "message_volume_by_channel", &[]);
            let sums = [
                ("inbound", sum(&rows, "n_questions")),
                ("agent", sum(&rows, "n_answers")),
                ("bot", sum(&rows, "n_bot")),
            ];
            cell.is("message_volume_by_channel", &sums);
        }
    }
}

#[test]
fn contacts_behind_a_cell_add_up_to_it() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in SEEDS {
        let log = oracle.random(seed, 150);
        let archive = Archive::of(&log);
        for cell in Cell::all(&archive, UNSUBSCRIBED) {
            let rows = cell.drill(&archive, UNSUBSCRIBED, &[]);
            let sums = [
                ("unsubscribed", count(&rows, |row| is_true(row, "unsubscribed"))),
                ("newly_unsubscribed", count(&rows, |row| is_true(row, "newly_unsubscribed"))),
                ("contacts", cell.drill(&archive, UNSUBSCRIBED, &["--measure", "contacts"]).len().into()),
                (
                    "contacts_messaged",
                    cell.drill(&archive, UNSUBSCRIBED, &["--measure", "contacts_messaged"]).len().into(),
                ),
            ];
            cell.is(UNSUBSCRIBED, &sums);
        }
        // The change that is named is one of the log, at that time and of that sort.
        let mut changes: BTreeMap<(String, String), Vec<Change>> = BTreeMap::new();
        for event in log.events() {
            let (kind, contact) = (event["event_type"].as_str(), event.get("contact_id").and_then(Value::as_str));
            let (Some(kind @ ("opted_out" | "opted_in")), Some(contact)) = (kind, contact) else { continue };
            let text = |field: &str| event[field].as_str().expect("a text").to_owned();
            let at = instant_us(&text("occurred_at")).expect("an instant");
            changes.entry((text("source"), contact.to_owned())).or_default().push((
                at,
                kind == "opted_out",
                text("event_id"),
            ));
        }
        for row in drill(&archive, UNSUBSCRIBED, &[]) {
            let text = |field: &str| row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row:?}")).to_owned();
            let own = &changes[&(text("source"), text("contact_id"))];
            let at = instant_us(&text("last_changed_at"));
            let named = own.iter().find(|change| change.2 == text("last_change_event_id"));
            let named = named.unwrap_or_else(|| panic!("no such change: {row:?}"));
            assert_eq!((Some(named.0), named.1), (at, row["last_change"] == "opted_out"), "{row:?}");
            // One that is out went out with its last change on one of the channels that are named.
            assert_eq!(is_true(&row, "unsubscribed"), row["channels"].is_string(), "{row:?}");
        }
    }
}

#[test]
fn a_cell_can_have_several_dimensions_of_time_and_a_condition() {
    let Some(oracle) = Oracle::find() else { return };
    let archive = Archive::of(&oracle.random(7, 200));
    let name = "average_response_time";
    let query = Query { by: "day_of_week,topic".to_owned(), zone: "Asia/Kathmandu".to_owned(), ..Query::default() };
    let mut command = archive.command(&["kpi", name, "--format", "ndjson", "--where", "source = 'a'"]);
    command.args(query.arguments());
    let rows = tapemeasure_tests::run(command).done().rows();
    assert!(rows.len() > 14, "seven days and three topics came to {} cells", rows.len());
    for row in rows {
        let cell = format!("day_of_week={},topic={}", row["day_of_week"], row["topic"].as_str().unwrap_or_default());
        let listed = drill(&archive, name, &["--cell", &cell, "--where", "source = 'a'", "--tz", "Asia/Kathmandu"]);
        for (field, sum) in sums_of_waits(&listed) {
            assert!(same(&row[field], &sum), "{cell}: {field} is {}, its rows come to {sum}", row[field]);
        }
    }
}

#[test]
fn what_is_not_shown_is_said_and_sums_are_of_all() {
    let archive = Archive::of(&Log::questions(12));
    let run = archive
        .run(&["drill", "average_response_time", "--limit", "5", "--order", "time", "--format", "ndjson"])
        .done();
    let ids: Vec<String> = run.rows().iter().map(|row| row["opening_event_id"].to_string()).collect();
    assert_eq!(ids, ["\"q0\"", "\"q1\"", "\"q2\"", "\"q3\"", "\"q4\""]);
    assert_eq!(run.error_line(), "tape: 5 of 12 waits are shown; --limit 12 shows all");

    let answer = |id: &str, conversation: usize, time: &str| {
        format!(
            r#"{{"source":"s","event_id":"{id}","occurred_at":"2025-03-03T{time}Z","event_type":"message","conversation_id":"c{conversation}","contact_id":"u{conversation}","channel":"sms","direction":"outbound","author":"agent"}}"#
        )
    };
    // Questions come at 09:00, 09:01, ...: waits of 30 s and 70.5 s.
    let answers = [answer("a0", 0, "09:00:30"), answer("a1", 1, "09:02:10.5")].join("\n");
    archive.ingest(&[&archive.write("answers.ndjson", answers)], &[]);
    let run = archive.run(&["drill", "average_response_time", "--limit", "2", "--format", "table"]).done();
    assert!(run.text().contains("a1") && run.text().contains("a0"), "{}", run.text());
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], "tape: 2 of 12 waits are shown; --limit 12 shows all");
    assert_eq!(lines[1], "tape: sum of wait_s 100.5 / n 2 = 50.25 = mean_s of the cell");
    assert_eq!(lines[2], "tape: in no mean: open 10");
    assert!(lines[3].starts_with("tape: these rows are the cell of `tape kpi`: n 2, mean_s 50.25, "), "{}", lines[3]);
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_cell_without_rows_is_empty_and_not_wrong() {
    let archive = Archive::of(&Log::questions(3));
    for name in ["average_response_time", "resolution_time", "inbound_message_volume", UNSUBSCRIBED] {
        assert_eq!(drill(&archive, name, &["--cell", "channel=telex"]), Vec::<Row>::new(), "{name}");
    }
}

#[test]
fn wrong_names_are_usage_errors() {
    let archive = Archive::of(&Log::questions(3));
    let fails = |options: &[&str], parts: &[&str]| {
        archive.run(&[&["drill"][..], options].concat()).fails(2, parts);
    };
    fails(&["first_respons_time"], &["did you mean first_response_time?"]);
    fails(&["resolution_time", "--cell", "chanel=sms"], &["did you mean channel?"]);
    fails(&["resolution_time", "--cell", "sms"], &["--cell \"sms\"", "channel=sms"]);
    fails(&["resolution_time", "--cell", "day_of_week=monday"], &["cannot be \"monday\"", "whole number"]);
    fails(&["resolution_time", "--measure", "mean"], &["did you mean mean_s?"]);
    fails(&["resolution_time", "--events"], &["does not count messages"]);
    fails(&["resolution_time", "--bucket", "2025-03-03"], &["--grain"]);
    fails(
        &["average_response_time", "--grain", "day", "--bucket", "2025-03-04"],
        &["no day \"2025-03-04\"", "from 2025-03-03 to 2025-03-03"],
    );
}

#[test]
fn a_definition_of_the_user_is_drilled_by_its_table() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(3, 150);
    let archive = Archive::of(&log);
    let own = r#"
name = "reopened"
title = "Reopened"
description = "Sessions that began with a reopening."
table = "sessions"
time = "opened_at"
unit = "sessions"
better = "lower"

[[measures]]
name = "n_reopened"
sql = "count(*) FILTER (WHERE reopened)"

[[measures]]
name = "sessions"
sql = "count(*)"
"#;
    let folder = archive.input("own");
    std::fs::create_dir(&folder).expect("a temporary folder can be made");
    std::fs::write(folder.join("reopened.toml"), own).expect("a temporary file can be written");
    let folder = folder.to_str().expect("temporary folders have plain names");
    let sessions = oracle.facts(&log, &Rules::default(), None).sessions;
    let all = drill(&archive, "reopened", &["--kpis", folder]);
    assert_eq!(all.len(), sessions.len());
    let wanted = sessions.iter().filter(|row| row["reopened"] == true).count();
    assert_ne!(wanted, 0, "the log has no reopening; take another seed");
    let listed = drill(&archive, "reopened", &["--kpis", folder, "--measure", "n_reopened"]);
    assert_eq!(listed.len(), wanted);
    assert!(listed.iter().all(|row| is_true(row, "reopened")));
}

/// The explanation of one KPI.
#[track_caller]
fn explained(archive: &Archive, name: &str, options: &[&str]) -> Value {
    let mut arguments = vec!["kpi", name, "--explain", "--format", "json"];
    arguments.extend(options);
    let run = archive.run(&arguments).done();
    serde_json::from_str(run.text()).unwrap_or_else(|error| panic!("{error}: {}", run.text()))
}

/// The sum of the rows of a list of reasons.
fn listed_rows(read: &Value, list: &str) -> u64 {
    let reasons = read[list].as_array().expect("a list of reasons");
    reasons.iter().map(|reason| reason["rows"].as_u64().expect("a count")).sum()
}

fn rows_of_reason(read: &Value, list: &str, reason: &str) -> u64 {
    let reasons = read[list].as_array().expect("a list of reasons");
    let found = reasons.iter().find(|one| one["reason"] == reason);
    found.map_or(0, |one| one["rows"].as_u64().expect("a count"))
}

#[test]
fn every_row_that_is_read_is_kept_or_left_out_for_a_reason() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(11, 150);
    let archive = Archive::of(&log);
    let (since, until) = (log.time_at(0.2), log.time_at(0.8));
    let kpis = archive.kpi(&[], &Query::default());
    for name in kpis.names() {
        for options in [
            &[][..],
            &["--since", since.as_str(), "--until", until.as_str()],
            &["--where", "source = 'a'", "--grain", "day"],
        ] {
            let explanation = explained(&archive, name, options);
            for read in explanation["reads"].as_array().expect("a list of tables") {
                let number = |field: &str| read[field].as_u64().unwrap_or_else(|| panic!("no {field} in {read}"));
                assert_eq!(number("kept") + listed_rows(read, "left_out"), number("rows"), "{name} {options:?} {read}");
                let apart = number("outside") + number("without_time");
                assert_eq!(number("rows") + apart, number("total"), "{name} {options:?} {read}");
                assert!(listed_rows(read, "beside") <= number("kept"), "{name} {options:?} {read}");
            }
            assert_eq!(explanation["settings_hash"].as_str().map(str::len), Some(16));
            assert_eq!(explanation["fingerprint"].as_str().map(str::len), Some(16));
        }
    }
}

#[test]
fn rows_are_left_out_for_the_reasons_of_the_log() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(12, 150);
    let archive = Archive::of(&log);
    let facts = oracle.facts(&log, &Rules::default(), None);
    let n = |rows: &[Row], of: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| of(row)).count() as u64;

    let explanation = explained(&archive, "first_response_time", &[]);
    let read = &explanation["reads"][0];
    assert_eq!(read["total"], facts.waits.len());
    assert_eq!(read["kept"], n(&facts.waits, &|wait| wait["is_first"] == true));
    let reason = "not the first wait of a session that the customer began";
    assert_eq!(rows_of_reason(read, "left_out", reason), n(&facts.waits, &|wait| wait["is_first"] == false));
    for (reason, ended) in [("open", "open"), ("closed unanswered", "closed"), ("opted out", "opted_out")] {
        let wanted = n(&facts.waits, &|wait| wait["is_first"] == true && wait["end_reason"] == ended);
        assert_eq!(rows_of_reason(read, "beside", reason), wanted, "{reason}");
        assert_ne!(wanted, 0, "the log has no wait that is {reason}; take another seed");
    }
    let mean = explanation["measures"].as_array().expect("measures").iter().find(|measure| measure["name"] == "mean_s");
    let mean = mean.expect("the KPI has a mean");
    assert_eq!(mean["rows"], n(&facts.waits, &|wait| wait["is_first"] == true && wait["end_reason"] == "replied"));
    assert_eq!(mean["left_out"].as_u64(), Some(listed_rows(read, "beside")));

    let read = &explained(&archive, "resolution_time", &[])["reads"][0];
    assert_eq!(read["without_time"], n(&facts.sessions, &|session| session["closed_at"].is_null()));
    let unasked = n(&facts.sessions, &|s| s["close_reason"] == "closed" && s["resolution_us"].is_null());
    assert_eq!(rows_of_reason(read, "left_out", "begun by an agent, without a question"), unasked);
    assert_ne!(unasked, 0, "the log has no such session; take another seed");

    let of = |event: &Row, field: &str| (event["source"].to_string(), event[field].to_string());
    let messages: BTreeSet<_> = log
        .events()
        .iter()
        .filter(|event| event["event_type"] == "message")
        .map(|event| of(event, "event_id"))
        .collect();
    let gone: BTreeSet<_> = log
        .events()
        .iter()
        .filter(|event| event["event_type"] == "deleted")
        .map(|event| of(event, "target_event_id"))
        .collect();
    let read = &explained(&archive, "inbound_message_volume", &[])["reads"][0];
    assert_eq!(read["total"], messages.len());
    let deleted = messages.intersection(&gone).count() as u64;
    assert_eq!(rows_of_reason(read, "left_out", "deleted: they never happened"), deleted);
    assert_ne!(deleted, 0, "the log has no deleted message; take another seed");
    let known = oracle.kpis(&log, &Rules::default(), &Query::default()).rows;
    assert_eq!(read["kept"], known[0]["inbound_message_volume"]["messages"]);
}

#[test]
fn an_explanation_is_readable_and_names_what_served() {
    let archive = Archive::of(&Log::questions(1_234));
    let run = archive.run(&["kpi", "inbound_message_volume", "--explain"]).done();
    for part in [
        "Inbound message volume (inbound_message_volume)\n",
        "\nWhat it says\n",
        "\nRows\n",
        "\nmessages, for rows\n  rows of the table   1,234\n  rows of the period  1,234\n  rows that are kept  1,234\n",
        "\nMeasures\n",
        "messages: over all 1,234 rows\n    count(*)\n",
        "\nSettings that matter (hash ",
        "\n  file   built in\n",
        "\nServed by\n",
        "The rollup message_cells was not read: it does not hold conversations.\n",
        "\nSQL\n───\nWITH base AS (\n",
    ] {
        assert!(run.text().contains(part), "no {part:?} in\n{}", run.text());
    }
    archive.run(&["kpi", "resolution_time", "--explain", "--format", "csv"]).fails(2, &["csv", "json"]);
}
