//! Saved baselines: their numbers, their table, backfills that are killed, late events, changed settings.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tapemeasure_tests::{Archive, Log, Row, instant_us, python, python_has, same, script, start};

/// Each KPI with its headline, and the field that says on how many rows it rests, as docs/kpis.md has them.
const KPIS: [(&str, &str, Option<&str>); 7] = [
    ("inbound_message_volume", "messages", Some("messages")),
    ("message_volume_by_channel", "share", None),
    ("first_response_time", "mean_s", Some("n")),
    ("average_response_time", "mean_s", Some("n")),
    ("longest_wait_time", "max_s", None),
    ("resolution_time", "mean_s", Some("n")),
    ("unsubscribed_contacts", "unsubscribed_share", Some("contacts")),
];

/// The channels of `tape generate`.
const CHANNELS: [&str; 6] = ["email", "instagram", "messenger", "sms", "web_chat", "whatsapp"];

/// Monday, 6 January 2025, 09:00.
fn monday() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2025-01-06T09:00:00Z").expect("a well-formed instant").to_utc()
}

/// A conversation: a question, its answer some seconds later, and the close.
fn conversation(id: &str, at: DateTime<Utc>, wait_s: i64) -> Vec<Row> {
    let event = |suffix: &str, at: DateTime<Utc>, more: Value| {
        let mut event = json!({
            "source": "s",
            "event_id": format!("{id}-{suffix}"),
            "occurred_at": at.to_rfc3339(),
            "conversation_id": id,
            "contact_id": format!("contact of {id}"),
            "channel": "sms",
        });
        let fields = event.as_object_mut().expect("an object was written");
        fields.extend(more.as_object().expect("an object was written").clone());
        fields.clone()
    };
    let answered = at + TimeDelta::seconds(wait_s);
    vec![
        event("q", at, json!({"event_type": "message", "direction": "inbound", "author": "contact"})),
        event(
            "a",
            answered,
            json!({"event_type": "message", "direction": "outbound", "author": "agent", "agent_id": "ann"}),
        ),
        event("c", answered + TimeDelta::seconds(1), json!({"event_type": "closed"})),
    ]
}

/// Weeks from 6 January 2025 on, each with as many conversations as it has waits, an hour apart.
fn weeks(waits_s: &[Vec<i64>]) -> Log {
    let mut events = Vec::new();
    for (week, waits_s) in waits_s.iter().enumerate() {
        for (i, &wait_s) in waits_s.iter().enumerate() {
            let days = i64::try_from(7 * week).expect("a log is short");
            let hours = i64::try_from(i).expect("a week is short");
            let at = monday() + TimeDelta::days(days) + TimeDelta::hours(hours);
            events.extend(conversation(&format!("w{week}-{i}"), at, wait_s));
        }
    }
    Log::new(events)
}

/// Nine weeks of two conversations each.
fn nine_weeks() -> Log {
    weeks(&std::iter::repeat_n(vec![60, 120], 9).collect::<Vec<_>>())
}

/// An archive of `tape generate`.
fn generated(conversations: u32, months: u32) -> Archive {
    let archive = Archive::new();
    let path = archive.input("generated.ndjson");
    let (conversations, months) = (conversations.to_string(), months.to_string());
    let path_text = path.to_string_lossy().into_owned();
    let arguments =
        ["generate", "--conversations", &conversations, "--months", &months, "--seed", "7", "-o", &path_text];
    archive.run(&arguments).done();
    archive.ingest(&[&path], &[]);
    archive
}

/// Every row of the table, as text, in order.
fn table(archive: &Archive) -> Vec<String> {
    let query = "select * from baselines";
    let text = archive.run(&["sql", query, "--format", "ndjson"]).done().text().to_owned();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    rows.sort_unstable();
    rows
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Row, column: &str) -> f64 {
    row.get(column).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

#[test]
fn the_numbers_are_those_of_tape_kpi_for_every_kpi_and_channel() {
    let archive = generated(3_000, 6);
    let span = ["--from", "2025-02-01", "--to", "2025-06-01"];
    let mut backfill =
        vec!["baseline", "backfill", "history", "--every", "month", "--window", "2mo", "--by", "channel"];
    backfill.extend(span);
    let said = archive.run(&backfill).done();
    assert_eq!(said.text(), "4 windows: 0 there already, 0 recomputed, 4 new\n");
    let rows = archive.sql("select * from baselines", &[]);
    let windows: BTreeSet<(&str, &str)> =
        rows.iter().map(|row| (text(row, "window_start"), text(row, "window_end"))).collect();
    assert_eq!((windows.len(), rows.len()), (4, 4 * KPIS.len() * CHANNELS.len()));
    for (kpi, headline, n) in KPIS {
        for (since, until) in &windows {
            let arguments = ["kpi", kpi, "--by", "channel", "--since", since, "--until", until, "--format", "ndjson"];
            let theirs = archive.run(&arguments).done().rows();
            let ours: BTreeMap<&str, &Row> = rows
                .iter()
                .filter(|row| text(row, "kpi") == kpi && text(row, "window_start") == *since)
                .map(|row| (text(row, "channel"), row))
                .collect();
            let channels = theirs.iter().map(|row| text(row, "channel"));
            assert_eq!(channels.collect::<BTreeSet<_>>(), BTreeSet::from(CHANNELS), "{kpi} from {since}");
            assert_eq!(ours.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from(CHANNELS), "{kpi} from {since}");
            for their in &theirs {
                let what = format!("{kpi} of {} from {since}: {their:?}", text(their, "channel"));
                let our = ours[text(their, "channel")];
                let null = Value::Null;
                assert_eq!(text(our, "headline"), headline, "{what}");
                for (column, field) in
                    [("value", headline), ("mean", "mean_s"), ("p50", "p50_s"), ("p90", "p90_s"), ("max", "max_s")]
                {
                    let (want, got) = (their.get(field).unwrap_or(&null), our.get(column).unwrap_or(&null));
                    let fits = match (want.as_f64(), got.as_f64()) {
                        (Some(want), Some(got)) => want == got,
                        _ => same(want, got),
                    };
                    assert!(fits, "{column}: want {want}, got {got} in {what}");
                }
                assert_eq!(our.get("n"), Some(n.map_or(&null, |field| &their[field])), "{what}");
                assert_eq!(our.get("provisional"), their.get("provisional"), "{what}");
            }
        }
    }
}

/// Eight weeks with one wait each, 100 to 800 seconds. The median is 450 and the deviations from it 350, 250, 150, 50, 50,
/// 150, 250, 350, whose median is 200; for eight values that counts 1.4826 × 1.129 times. The usual range is that of the
/// logarithms, from Python's `math` and `statistics`.
#[test]
fn the_weekly_spread_by_hand() {
    let waits: Vec<Vec<i64>> = (1..=8).map(|week| vec![100 * week]).collect();
    let archive = Archive::of(&weeks(&waits));
    let save =
        ["baseline", "save", "eight", "--since", "2025-01-06", "--until", "2025-03-03", "--kpi", "first_response_time"];
    // The last event is of the eighth week's Monday: without a later one that week is not over.
    archive.ingest_log(&Log::new(conversation("later", monday() + TimeDelta::days(7 * 8), 10)), &[]);
    let said = archive.run(&save).done();
    assert_eq!(said.text(), "saved baseline eight of 2025-01-06/2025-03-03\n");
    let rows = archive.sql("select * from baselines", &[]);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    for (column, want) in [
        ("n", 8.0),
        ("value", 450.0),
        ("mean", 450.0),
        ("p50", 450.0),
        ("p90", 730.0),
        ("max", 800.0),
        ("weekly_n", 8.0),
        ("spread", 334.77108),
        ("usual_low", 15.050657520654811),
        ("usual_high", 13288.455984433218),
    ] {
        let got = number(row, column);
        assert!((got - want).abs() <= 1e-9 * want, "{column}: want {want}, got {got}");
    }
    assert_eq!(text(row, "weekly"), "[100.0,200.0,300.0,400.0,500.0,600.0,700.0,800.0]");
    assert_eq!((text(row, "headline"), text(row, "grouped_by"), text(row, "hours")), ("mean_s", "", "elapsed"));
    assert_eq!(row.get("provisional"), Some(&Value::Bool(false)));
}

/// Twelve weeks of 40 waits around 300 seconds, then four of 600: the default period of a comparison.
#[test]
fn a_comparison_says_both_sides_and_a_verdict() {
    let around =
        |middle_s: i64, week: i64| -> Vec<i64> { (0..40).map(|i| middle_s + (i * 7 + week * 3) % 41 - 20).collect() };
    let mut waits: Vec<Vec<i64>> = (0..12).map(|week| around(300, week)).collect();
    waits.extend((12..16).map(|week| around(600, week)));
    waits.push(vec![600]);
    let archive = Archive::of(&weeks(&waits));
    archive.run(&["baseline", "save", "before", "--since", "2025-01-06", "--until", "2025-03-31"]).done();

    let compare = |options: &[&str]| {
        let mut arguments = vec!["baseline", "compare", "before", "--format", "ndjson"];
        arguments.extend(options);
        archive.run(&arguments).done().rows()
    };
    let rows = compare(&[]);
    let of = |kpi: &str| rows.iter().find(|row| text(row, "kpi") == kpi).expect("every KPI is compared");
    let response = of("first_response_time");
    assert_eq!(
        (text(response, "period"), text(response, "baseline_period")),
        ("2025-03-31/2025-04-28", "2025-01-06/2025-03-31")
    );
    assert_eq!((number(response, "n"), number(response, "baseline_n")), (160.0, 480.0));
    assert_eq!((number(response, "weeks"), number(response, "baseline_weeks")), (4.0, 12.0));
    // The waits of the twelve weeks come to 144,003 s, those of the four to 95,946 s, added up in Python.
    let (value, before) = (95_946.0 / 160.0, 144_003.0 / 480.0);
    for (column, want) in
        [("value", value), ("baseline_value", before), ("difference", value - before), ("ratio", value / before)]
    {
        let got = number(response, column);
        assert!((got - want).abs() <= 1e-9 * want, "{column}: want {want}, got {got}");
    }
    assert_eq!(text(response, "verdict"), "worse");
    // As many questions a week as before: three times as long a period makes no difference.
    let volume = of("inbound_message_volume");
    assert_eq!((number(volume, "value"), number(volume, "baseline_value")), (160.0, 480.0));
    assert_eq!((number(volume, "weekly"), number(volume, "baseline_weekly")), (40.0, 40.0));
    assert_eq!((number(volume, "difference"), number(volume, "ratio")), (0.0, 1.0));
    assert_eq!(text(volume, "verdict"), "within usual range");

    let usual = compare(&["--since", "2025-03-10", "--until", "2025-03-31", "--kpi", "first_response_time"]);
    assert_eq!((usual.len(), text(&usual[0], "verdict")), (1, "within usual range"));
    let few = compare(&["--since", "2025-04-28", "--kpi", "first_response_time"]);
    assert_eq!((number(&few[0], "n"), text(&few[0], "verdict")), (1.0, "too few"));
}

#[test]
fn a_changed_setting_is_named() {
    let archive = Archive::of(&nine_weeks());
    archive.run(&["baseline", "save", "b", "--since", "2025-01-06", "--until", "2025-03-03"]).done();
    archive.run(&["baseline", "compare", "b"]).done();
    // What changes no saved number is no hindrance.
    archive.set("targets.first_response", "1h");
    archive.run(&["baseline", "compare", "b"]).done();
    archive.set("session_gap", "24h");
    let failed = archive.run(&["baseline", "compare", "b"]);
    let again = "`tape baseline save b --since 2025-01-06 --until 2025-03-03`";
    failed.fails(1, &["baseline b of", "session_gap was never then and is 1d now", again]);
    archive.run(&["settings", "session_gap", "--unset"]).done();
    archive.run(&["baseline", "compare", "b"]).done();
    let failed = archive.run(&["baseline", "compare", "b", "--tz", "Europe/Berlin"]);
    failed.fails(1, &["time_zone was UTC then and is Europe/Berlin now", "--tz UTC"]);
    // Saved again under the new setting, they compare.
    archive.set("session_gap", "24h");
    let save = ["baseline", "save", "b", "--since", "2025-01-06", "--until", "2025-03-03"];
    assert!(archive.run(&save).done().text().starts_with("saved again"));
    archive.run(&["baseline", "compare", "b"]).done();
}

#[test]
fn a_late_event_changes_exactly_the_windows_that_it_lies_in() {
    let waits: Vec<Vec<i64>> = (0..20).map(|week| vec![60 + week, 120, 300]).collect();
    let archive = Archive::of(&weeks(&waits));
    let flows = "inbound_message_volume,first_response_time,average_response_time,resolution_time";
    let backfill = |name: &'static str, kpis: &'static str| {
        let arguments = ["baseline", "backfill", name, "--window", "4w", "--kpi", kpis];
        archive.run(&arguments).done().text().to_owned()
    };
    // The Mondays after four weeks, up to the last, on which the last events lie.
    assert_eq!(backfill("flows", flows), "16 windows: 0 there already, 0 recomputed, 16 new\n");
    assert_eq!(backfill("stock", "unsubscribed_contacts"), "16 windows: 0 there already, 0 recomputed, 16 new\n");
    let before: BTreeSet<String> = table(&archive).into_iter().collect();
    assert_eq!(backfill("flows", flows), "16 windows: 16 there already, 0 recomputed, 0 new\n");
    assert_eq!(table(&archive).into_iter().collect::<BTreeSet<_>>(), before);

    let late = monday() + TimeDelta::days(7 * 10 + 2);
    archive.ingest_log(&Log::new(conversation("late", late, 900)), &[]);
    // Windows end on the Mondays of the weeks 11 to 14.
    assert_eq!(backfill("flows", flows), "16 windows: 12 there already, 4 recomputed, 0 new\n");
    // One more contact is known from then on: weeks 11 to 19.
    assert_eq!(backfill("stock", "unsubscribed_contacts"), "16 windows: 7 there already, 9 recomputed, 0 new\n");
    let after: BTreeSet<String> = table(&archive).into_iter().collect();
    let late_us = late.timestamp_micros();
    let mut changed = 0;
    for row in before.difference(&after) {
        let row: Row = serde_json::from_str(row).expect("a row is an object");
        let us = |column: &str| instant_us(text(&row, column)).expect("a window has bounds");
        let lies_in = text(&row, "name") == "stock" || us("window_start") <= late_us;
        assert!(lies_in && late_us < us("window_end"), "{row:?}");
        changed += 1;
    }
    assert_eq!(changed, 4 * 4 + 9);
    assert_eq!(after.difference(&before).count(), changed);
}

/// The times after which a run is killed: a few instants of it each, spread by a fixed generator.
fn instants(rounds: u64, within: Duration) -> impl Iterator<Item = Duration> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..rounds).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 40) as f64 / (1_u64 << 24) as f64;
        within.mul_f64(share)
    })
}

/// Asserts that every row of one table is in the other, and shows those that are not.
#[track_caller]
fn assert_part(what: &str, part: &[String], whole: &[String]) {
    let strange: Vec<&String> = part.iter().filter(|row| !whole.contains(row)).collect();
    assert!(strange.is_empty(), "{what}: {} of {} rows are in one table only: {strange:#?}", strange.len(), part.len());
}

#[test]
fn a_backfill_that_is_killed_ends_with_the_same_table() {
    let archive = generated(2_000, 6);
    let kpis = "first_response_time,inbound_message_volume,resolution_time";
    let backfill = ["baseline", "backfill", "b", "--window", "4w", "--by", "channel", "--kpi", kpis];
    // The facts are derived before: what is killed is the backfill.
    archive.numbers();
    let started = Instant::now();
    archive.run(&backfill).done();
    let took = started.elapsed();
    let whole = table(&archive);
    // Windows end on the Mondays from 3 February to 30 June.
    assert_eq!(whole.len(), 22 * 3 * CHANNELS.len());
    for after in instants(20, took) {
        std::fs::remove_dir_all(archive.root().join("baselines")).expect("the table was made");
        let mut command = archive.command(&backfill);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("tape can be started");
        std::thread::sleep(after);
        // The run may have ended by itself.
        let _ = child.kill();
        child.wait().expect("the child can be waited for");
        assert_part(&format!("killed after {after:?}"), &table(&archive), &whole);
        archive.run(&backfill).done();
        let again = table(&archive);
        let what = format!("killed after {after:?}, and run again");
        assert_part(&what, &again, &whole);
        assert_part(&what, &whole, &again);
        assert_eq!(again.len(), whole.len(), "{what}");
    }
}

#[test]
fn an_interrupted_backfill_goes_on_where_it_was() {
    let archive = generated(2_000, 6);
    archive.numbers();
    let kpis = "first_response_time,average_response_time,resolution_time";
    let backfill = ["baseline", "backfill", "b", "--window", "4w", "--every", "day", "--kpi", kpis];
    let running = start(archive.command(&backfill));
    // Several commits save the windows: after the first there is something to keep and something to do.
    let first = archive.root().join("baselines/_delta_log/00000000000000000001.json");
    let started = Instant::now();
    while !first.exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing was saved within a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    running.interrupt();
    let interrupted = running.wait().exits(130);
    assert!(interrupted.stderr.contains("run the same command again to go on"), "{}", interrupted.stderr);
    let left = table(&archive);
    let saved = archive.sql("select distinct window_start from baselines", &[]).len();
    // Windows of 28 days end on the days from 29 January to 30 June.
    assert!((1..153).contains(&saved), "{saved} of 153 windows were saved");
    let said = archive.run(&backfill).done();
    assert_eq!(said.text(), format!("153 windows: {saved} there already, 0 recomputed, {} new\n", 153 - saved));
    assert_part("what was saved stays", &left, &table(&archive));
}

#[test]
fn two_that_save_at_once_both_land() {
    let archive = Archive::of(&nine_weeks());
    archive.numbers();
    let save = |name: &'static str| {
        start(archive.command(&["baseline", "save", name, "--since", "2025-01-06", "--until", "2025-03-03"]))
    };
    for running in [save("one"), save("two")] {
        running.wait().done();
    }
    let names = archive.sql("select name, count(*) as n from baselines group by name order by name", &[]);
    let found: Vec<(&str, f64)> = names.iter().map(|row| (text(row, "name"), number(row, "n"))).collect();
    assert_eq!(found, [("one", 7.0), ("two", 7.0)]);
}

#[test]
fn baselines_are_listed_shown_and_dropped() {
    let archive = Archive::of(&nine_weeks());
    assert!(archive.sql("select * from baselines", &[]).is_empty());
    archive.run(&["baseline", "show", "winter"]).fails(2, &["no baseline \"winter\"", "tape baseline save winter"]);
    archive.run(&["baseline", "save", "winter", "--period", "2025-01", "--kpi", "resolution_time"]).done();
    let rolling = ["baseline", "backfill", "rolling", "--window", "4w", "--kpi", "resolution_time", "--by", "channel"];
    assert_eq!(archive.run(&rolling).done().text(), "5 windows: 0 there already, 0 recomputed, 5 new\n");

    let listed = archive.run(&["baseline", "list", "--format", "csv"]).done();
    assert_eq!(
        listed.text(),
        "name,kpi,grouped_by,hours,time_zone,windows,rows,provisional,first,last\n\
         rolling,resolution_time,channel,elapsed,UTC,5,5,0,2025-01-06/2025-02-03,2025-02-03/2025-03-03\n\
         winter,resolution_time,,elapsed,UTC,1,1,0,2025-01-01/2025-02-01,2025-01-01/2025-02-01\n"
    );
    let shown = archive.run(&["baseline", "show", "rolling", "--format", "ndjson"]).done().rows();
    assert_eq!(shown.len(), 5);
    assert!(shown.iter().all(|row| text(row, "channel") == "sms" && number(row, "n") == 8.0));

    archive.run(&["baseline", "show", "winte"]).fails(2, &["did you mean winter?", "known are rolling, winter"]);
    archive.run(&["baseline", "save", "a b", "--period", "2025-01"]).fails(2, &["letters, digits"]);
    archive
        .run(&["baseline", "save", "x", "--period", "2025-01", "--by", "contact_id"])
        .fails(2, &["contact_id", "agent_id"]);
    archive.run(&["baseline", "save", "x"]).fails(2, &["--period 2025-03"]);
    archive
        .run(&["baseline", "compare", "winter", "--kpi", "first_response_time"])
        .fails(2, &["it has resolution_time"]);
    archive.run(&["baseline", "drop", "winter"]).done().says(&["dropped baseline winter: 1 rows"]);
    archive.run(&["baseline", "drop", "winter"]).fails(2, &["unknown baseline \"winter\""]);
    let names = archive.sql("select distinct name from baselines", &[]);
    assert_eq!(names.iter().map(|row| text(row, "name")).collect::<Vec<_>>(), ["rolling"]);
}

/// The rows of the newest version of the table as the Python package `deltalake` reads them.
fn read_by_deltalake(archive: &Archive, wanted: &[&str]) -> Vec<Row> {
    assert!(
        python_has(&["deltalake", "pyarrow"]),
        "python3 cannot import deltalake and pyarrow: `python3 -m pip install deltalake pyarrow`"
    );
    let folder: PathBuf = archive.root().join("baselines");
    let entries = std::fs::read_dir(folder.join("_delta_log")).expect("the table has a log");
    let names = entries.filter_map(|entry| entry.expect("the log can be listed").file_name().into_string().ok());
    let version = names.filter(|name| name.ends_with(".json")).max().expect("the table has a version");
    let version: u64 = version.trim_end_matches(".json").parse().expect("versions are numbers");
    let mut command = python();
    command.arg(script("read_delta.py")).arg(folder).arg(version.to_string()).args(wanted);
    let output = command.output().expect("python3 can be started");
    assert!(output.status.success(), "read_delta.py failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Log::from_ndjson(&String::from_utf8(output.stdout).expect("Python writes UTF-8")).events().to_vec()
}

#[test]
fn another_reader_of_delta_sees_the_same_rows() {
    let archive = Archive::of(&nine_weeks());
    let kpis = "first_response_time,inbound_message_volume";
    archive
        .run(&["baseline", "backfill", "one", "--window", "4w", "--by", "channel,day_of_week", "--kpi", kpis])
        .done();
    archive.run(&["baseline", "save", "two", "--period", "2025-01"]).done();
    archive.run(&["baseline", "save", "gone", "--period", "2025-01"]).done();
    archive.run(&["baseline", "drop", "gone"]).done();
    let key = |row: &Row| ["name", "kpi", "window_start", "channel"].map(|column| text(row, column).to_owned());
    let mut ours = archive.sql("select * from baselines", &[]);
    ours.sort_by_key(|row| ["name", "kpi", "period", "channel"].map(|column| text(row, column).to_owned()));
    let mut theirs = read_by_deltalake(&archive, &[]);
    theirs.sort_by_key(|row| ["name", "kpi", "period", "channel"].map(|column| text(row, column).to_owned()));
    // Five windows of two KPIs on one channel and weekday, and seven KPIs of January.
    assert_eq!((ours.len(), theirs.len()), (17, 17));
    for (our, their) in ours.iter().zip(&theirs) {
        assert_eq!(their.keys().collect::<BTreeSet<_>>(), our.keys().collect::<BTreeSet<_>>());
        for (column, value) in their {
            let got = our.get(column).unwrap_or(&Value::Null);
            assert!(same(value, got), "{column} of {:?}: theirs {value}, ours {got}", key(our));
        }
    }
    assert_eq!(read_by_deltalake(&archive, &["name", "two"]).len(), 7);
}
