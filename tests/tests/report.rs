//! The report: its numbers are those of `tape kpi`, its page is complete by itself, and a scheduler can rely on how it ends.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tapemeasure_tests::{Archive, Log, Row, same};

/// Three months of an invented company.
fn company() -> Archive {
    let archive = Archive::new();
    let raw = archive.input("company.ndjson");
    let raw_text = raw.to_string_lossy().into_owned();
    let made = ["generate", "--conversations", "1500", "--months", "3", "--seed", "7", "-o", raw_text.as_str()];
    archive.run(&made).done();
    archive.ingest(&[&raw], &[]);
    archive
}

/// Thirteen whole weeks from Monday 3 March 2025 with five answered questions a day; those of the last four weeks wait
/// `last_s` seconds, the others 300 to 340. One more question makes the day after the last one.
fn weeks(last_s: i64) -> Archive {
    let monday_s = chrono::DateTime::parse_from_rfc3339("2025-03-03T09:00:00Z").expect("a time").timestamp();
    let mut lines = String::new();
    let mut add = |id: &str, at_s: i64, conversation: &str, direction: &str, author: &str| {
        let at = chrono::DateTime::from_timestamp(at_s, 0).expect("a time in range").to_rfc3339();
        let event = json!({
            "source": "shop", "event_id": id, "occurred_at": at, "event_type": "message", "conversation_id": conversation,
            "contact_id": conversation, "channel": "whatsapp", "direction": direction, "author": author,
        });
        lines.push_str(&format!("{event}\n"));
    };
    for day in 0..91_i64 {
        let wait_s = if day >= 63 { last_s } else { 300 + 20 * (day / 7 % 3) };
        for question in 0..5_i64 {
            let conversation = format!("c{day}-{question}");
            let asked_s = monday_s + day * 86_400 + question * 7_200;
            add(&format!("q{day}-{question}"), asked_s, &conversation, "inbound", "contact");
            add(&format!("a{day}-{question}"), asked_s + wait_s, &conversation, "outbound", "agent");
        }
    }
    add("last", monday_s + 91 * 86_400, "c-last", "inbound", "contact");
    let archive = Archive::new();
    let raw = archive.write("weeks.ndjson", lines);
    archive.ingest(&[&raw], &[]);
    archive
}

fn digest(archive: &Archive, options: &[&str]) -> Value {
    let run = archive.run(&[&["report", "--format", "json"], options].concat()).done();
    serde_json::from_str(run.text()).expect("JSON was asked for")
}

/// The rows of a KPI over the period of a digest.
fn kpi(archive: &Archive, digest: &Value, name: &str, options: &[&str]) -> Vec<Row> {
    let bound = |side: &str| digest["period"][side].as_str().expect("the period is limited").to_owned();
    let (since, until) = (bound("since"), bound("until"));
    let named = ["kpi", name, "--format", "ndjson", "--since", since.as_str(), "--until", until.as_str()];
    archive.run(&[named.as_slice(), options].concat()).done().rows()
}

fn card<'a>(digest: &'a Value, name: &str) -> &'a Value {
    let cards = digest["kpis"].as_array().expect("a list of KPIs");
    cards.iter().find(|card| card["name"] == name).unwrap_or_else(|| panic!("no card of {name}"))
}

#[track_caller]
fn assert_same(what: &str, kpi: &Value, report: &Value) {
    assert!(same(kpi, report), "{what}: `tape kpi` has {kpi}, the report has {report}");
}

#[test]
fn the_cards_are_those_of_kpi() {
    let archive = company();
    let digest = digest(&archive, &[]);
    for (name, field, n) in [
        ("inbound_message_volume", "messages", None),
        ("first_response_time", "mean_s", Some("n")),
        ("average_response_time", "mean_s", Some("n")),
        ("longest_wait_time", "max_s", None),
        ("resolution_time", "mean_s", Some("n")),
        ("unsubscribed_contacts", "unsubscribed_share", Some("contacts")),
    ] {
        let row = &kpi(&archive, &digest, name, &[])[0];
        let card = card(&digest, name);
        let value = card["value"].as_f64().expect("there is a value");
        assert!((value - row[field].as_f64().expect("a number")).abs() <= 1e-9 * value, "{name}: {card}");
        if let Some(n) = n {
            assert_same(name, &row[n], &card["n"]);
        }
        if let Some(within) = row.get("within_target") {
            assert_same(name, within, &card["within_target"]);
        }
    }
    let volume = &kpi(&archive, &digest, "message_volume_by_channel", &["--by", ""])[0];
    let all: f64 = ["inbound", "agent", "bot"].iter().filter_map(|field| volume[*field].as_f64()).sum();
    assert_eq!(card(&digest, "message_volume_by_channel")["value"].as_f64(), Some(all));
}

#[test]
fn what_is_drawn_over_time_is_what_kpi_says_of_each_day() {
    let archive = company();
    let digest = digest(&archive, &[]);
    let series = &digest["series"];
    assert_eq!(series["grain"], "day");
    for (place, name) in [(0, "first_response_time"), (1, "average_response_time"), (2, "resolution_time")] {
        let rows = kpi(&archive, &digest, name, &["--grain", "day"]);
        let times = &series["times"][place];
        assert_eq!(times["kpi"], name);
        assert_eq!((rows.len(), times["points"].as_array().map(Vec::len)), (28, Some(28)));
        for (day, row) in rows.iter().enumerate() {
            assert_eq!(series["buckets"][day], row["bucket"]);
            for field in ["n", "mean_s", "p50_s", "p90_s", "within_target", "provisional"] {
                assert_same(&format!("{name} {} {field}", row["bucket"]), &row[field], &times["points"][day][field]);
            }
        }
    }
    let volume = kpi(&archive, &digest, "message_volume_by_channel", &["--by", "", "--grain", "day"]);
    let subscriptions = kpi(&archive, &digest, "unsubscribed_contacts", &["--grain", "day"]);
    assert_eq!((volume.len(), subscriptions.len()), (28, 28));
    for (day, (volume, subscribed)) in volume.iter().zip(&subscriptions).enumerate() {
        for field in ["inbound", "agent", "bot"] {
            assert_same(field, &volume[field], &series["messages"][day][field]);
        }
        let point = &series["subscriptions"][day];
        for (field, drawn) in
            [("unsubscribed", "unsubscribed"), ("unsubscribed_share", "share"), ("newly_unsubscribed", "newly")]
        {
            assert_same(field, &subscribed[field], &point[drawn]);
        }
    }
}

#[test]
fn channels_hours_and_topics_are_those_of_kpi() {
    let archive = company();
    let digest = digest(&archive, &[]);
    let first = kpi(&archive, &digest, "first_response_time", &["--by", "channel"]);
    let channels = digest["channels"].as_array().expect("a list of channels");
    let names: BTreeSet<Option<&str>> = channels.iter().map(|channel| channel["channel"].as_str()).collect();
    let known = ["email", "instagram", "messenger", "sms", "web_chat", "whatsapp"].map(Some);
    assert_eq!((names, channels.len(), first.len()), (BTreeSet::from(known), 6, 6));
    for row in &first {
        let channel = channels.iter().find(|channel| channel["channel"] == row["channel"]).expect("each has a row");
        assert_same("channel", &row["mean_s"], &channel["first_response_mean_s"]);
        assert_same("channel", &row["within_target"], &channel["first_response_within"]);
    }
    let drawn = &digest["series"]["channels"];
    for (place, channel) in channels.iter().enumerate() {
        assert_eq!(drawn[place]["channel"], channel["channel"]);
        let sum: u64 = drawn[place]["inbound"].as_array().expect("a list").iter().filter_map(Value::as_u64).sum();
        assert_eq!(Some(sum), channel["inbound"].as_u64(), "{channel}");
    }
    let by_hour = ["--by", "day_of_week,hour_of_day"];
    let hours = kpi(&archive, &digest, "average_response_time", &by_hour);
    let questions = kpi(&archive, &digest, "inbound_message_volume", &by_hour);
    let at = |rows: &[Row], cell: &Value, field: &str| {
        let row =
            rows.iter().find(|row| row["day_of_week"] == cell["day_of_week"] && row["hour_of_day"] == cell["hour"])?;
        Some(row[field].clone())
    };
    let week = digest["week"].as_array().expect("a list of hours");
    for cell in week {
        assert_same("hour", &at(&hours, cell, "max_s").unwrap_or(Value::Null), &cell["longest_s"]);
        assert_same("hour", &at(&hours, cell, "n").unwrap_or(json!(0)), &cell["waits"]);
        assert_same("hour", &at(&questions, cell, "messages").unwrap_or(json!(0)), &cell["questions"]);
    }
    let waits: u64 = week.iter().filter_map(|cell| cell["waits"].as_u64()).sum();
    assert_eq!(Some(waits), card(&digest, "average_response_time")["n"].as_u64());
    for row in kpi(&archive, &digest, "average_response_time", &["--by", "topic"]) {
        let topics = digest["topic_waits"].as_array().expect("a list of topics");
        match topics.iter().find(|topic| topic["topic"] == row["topic"]) {
            Some(topic) => {
                for (field, shown) in [("n", "waits"), ("p50_s", "p50_s"), ("p90_s", "p90_s"), ("max_s", "longest_s")] {
                    assert_same("topic", &row[field], &topic[shown]);
                }
            }
            None => assert_eq!(row["n"], 0, "{row:?}"),
        }
    }
}

#[test]
fn lengths_are_counted_by_their_edges() {
    let archive = company();
    let digest = digest(&archive, &[]);
    let waits = &kpi(&archive, &digest, "average_response_time", &[])[0];
    let spread = &digest["distributions"][0];
    assert_eq!((&spread["kpi"], &spread["target_s"]), (&json!("average_response_time"), &json!(600.0)));
    assert_same("n", &waits["n"], &spread["n"]);
    let reached = |up_to_s: f64| {
        let list = spread["reached"].as_array().expect("a list of edges");
        list.iter().find(|reached| reached["up_to_s"] == up_to_s).expect("an edge")["n"].clone()
    };
    assert_same("within the target", &waits["n_within_target"], &reached(600.0));
    let query = format!(
        "select count(*) as n from waits where wait_us <= 75000000 and opened_at >= '{}T00:00:00Z' and opened_at < \
         '{}T00:00:00Z'",
        digest["period"]["since"].as_str().expect("a date"),
        digest["period"]["until"].as_str().expect("a date")
    );
    assert_same("within an eighth of it", &archive.sql(&query, &[])[0]["n"], &reached(75.0));
    let apart: Vec<&Value> = spread["apart"].as_array().expect("a list").iter().map(|pair| &pair[1]).collect();
    let expected = ["n_open", "n_closed_unanswered", "n_opted_out", "n_abandoned"].map(|field| &waits[field]);
    assert_eq!(apart, expected);
}

#[test]
fn sources_settings_and_sql_stand_behind_the_numbers() {
    let archive = company();
    let digest = digest(&archive, &[]);
    // Questions, answers and bot messages of each source (M1 to M3, E3), counted in the export.
    let raw = std::fs::read_to_string(archive.input("company.ndjson")).expect("the export was written");
    let mut events: BTreeMap<(String, String), Value> = BTreeMap::new();
    for line in raw.lines() {
        let event: Value = serde_json::from_str(line).expect("an event a line");
        events.insert((event["source"].to_string(), event["event_id"].to_string()), event);
    }
    let deletions = events.values().filter(|event| event["event_type"] == "deleted");
    let gone: BTreeSet<(String, String)> =
        deletions.map(|event| (event["source"].to_string(), event["target_event_id"].to_string())).collect();
    let mut messages: BTreeMap<String, u64> = BTreeMap::new();
    for (id, event) in &events {
        let is_public = event["event_type"] == "message" && event["private"] != true;
        let is_told = event["author"] != "system" || event["automated"] == true;
        if is_public && is_told && !gone.contains(id) {
            *messages.entry(id.0.clone()).or_default() += 1;
        }
    }
    let told = digest["coverage"]["sources"].as_array().expect("a list of sources");
    let told: BTreeMap<String, u64> =
        told.iter().map(|told| (told["source"].to_string(), told["messages"].as_u64().expect("a count"))).collect();
    assert_eq!((told.len(), told), (2, messages));
    assert_eq!(digest["coverage"]["behind_s"], 0);
    let settings = digest["method"]["settings"].as_array().expect("a list of settings");
    assert!(settings.contains(&json!(["targets.response", "10m"])), "{settings:?}");
    let definitions = digest["method"]["definitions"].as_array().expect("a list of definitions");
    assert_eq!(definitions.len(), 7);
    for (definition, card) in definitions.iter().zip(digest["kpis"].as_array().expect("a list of KPIs")) {
        assert_eq!(definition["name"], card["name"]);
        assert_eq!(definition["fingerprint"].as_str().map(str::len), Some(16));
        assert!(definition["sql"].as_str().is_some_and(|sql| sql.contains("SELECT")), "{definition}");
    }
}

#[test]
fn the_same_archive_gives_the_same_page_which_loads_nothing() {
    let archive = company();
    let page = archive.run(&["report", "--format", "html"]).done();
    let file = archive.input("report.html");
    archive.run(&["report", "-o", &file.to_string_lossy()]).done();
    let written = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(written == page.stdout, "the file is not what was printed");
    for reference in ["http", "src=", "url(", "@import"] {
        assert_eq!(page.text().matches(reference).count(), 0, "{reference}");
    }
    let drawings = page.text().matches("<svg class=\"plot").count();
    assert_eq!(page.text().matches(" role=\"img\" aria-labelledby=").count(), drawings);
    // Two of volume; shares, targets and a small one a channel; five of waits; two of resolutions; subscriptions.
    let channels = digest(&archive, &[])["channels"].as_array().map_or(0, Vec::len);
    assert_eq!(drawings, 12 + channels);
}

#[test]
fn a_form_is_named_or_taken_from_the_name_of_the_file() {
    let archive = weeks(300);
    assert!(archive.run(&["report", "--format", "markdown"]).done().text().starts_with("# Support digest\n"));
    assert!(archive.run(&["report", "--format", "text"]).done().text().starts_with(" Support digest\n"));
    archive.run(&["report", "--format", "pdf"]).fails(2, &["pdf", "markdown"]);
    let odd = archive.input("report.pdf");
    archive.run(&["report", "-o", &odd.to_string_lossy()]).fails(2, &["report.pdf"]);
}

#[test]
fn a_missed_target_ends_with_three_where_it_is_asked() {
    let archive = weeks(3_000);
    archive.run(&["report"]).done();
    let missed = archive.run(&["report", "--fail-on", "missed"]).exits(3);
    assert!(
        missed.stderr.contains("First response time misses its target: 50 min against 10 min"),
        "{}",
        missed.stderr
    );
    for key in ["targets.first_response", "targets.response"] {
        archive.set(key, "1h");
    }
    archive.run(&["report", "--fail-on", "missed"]).done();
    archive.run(&["report", "--fail-on", "better"]).fails(2, &["--fail-on", "worse"]);
}

#[test]
fn weeks_that_wait_ten_times_as_long_are_worse_than_usual() {
    let archive = weeks(3_000);
    let worse = archive.run(&["report", "--fail-on", "worse"]).exits(3);
    let said = "First response time is worse than usual: 50 min in the middle week; usual is ";
    assert!(worse.stderr.contains(said), "{}", worse.stderr);
    let slow = digest(&archive, &[]);
    let slow = card(&slow, "first_response_time");
    assert_eq!((&slow["verdict"], &slow["baseline"]["name"]), (&json!("worse"), &json!("the 8 weeks before")));
    assert_eq!(slow["baseline"]["held"], 3_000.0);

    let usual = weeks(320);
    let run = usual.run(&["report", "--fail-on", "worse,missed"]).done();
    assert_eq!(run.stderr, "");
    assert_eq!(card(&digest(&usual, &[]), "first_response_time")["verdict"], "within usual range");
}

#[test]
fn a_period_that_is_no_week_long_has_nothing_that_is_usual() {
    let archive = weeks(3_000);
    let run = archive.run(&["report", "--since", "2025-06-01", "--until", "2025-06-02", "--fail-on", "worse"]).done();
    assert!(run.stderr.contains("nothing is known to be usual"), "{}", run.stderr);
}

#[test]
fn a_period_that_is_not_over_is_compared_with_as_much_as_there_is_of_it() {
    let archive = weeks(320);
    // Seven days and nine hours up to the last question, at 09:00: five a day, and that one. As much before it begins on
    // 18 May at 15:00, with the last two questions of that day.
    let open = digest(&archive, &["--since", "2025-05-26", "--until", "2025-06-30"]);
    let volume = card(&open, "inbound_message_volume");
    assert_eq!((&volume["value"], &volume["previous"]), (&json!(36.0), &json!(37.0)));
}

#[test]
fn an_archive_of_one_day_is_reported_and_silence_misses_the_target() {
    let archive = Archive::of(&Log::questions(3));
    let young = digest(&archive, &[]);
    assert_eq!((&young["period"]["since"], &young["period"]["until"]), (&json!("2025-02-04"), &json!("2025-03-04")));
    assert_eq!(card(&young, "inbound_message_volume")["value"], 3.0);
    // Two minutes are not too long yet; an hour is.
    archive.run(&["report", "--fail-on", "missed"]).done();
    let late = archive.run(&["report", "--fail-on", "missed", "--as-of", "2025-03-03T10:00:00Z"]).exits(3);
    let said = "First response time misses its target: nothing in time, target 10 min (n 0), 0.0 % within it";
    assert!(late.stderr.contains(said), "{}", late.stderr);
}
