//! Local buckets, empty buckets and provisional ones, by hand (rules T1, T3, T4).

use serde_json::{Value, json};
use tapemeasure_tests::{Archive, KPIS, Log, Query, UNSUBSCRIBED};

/// Questions (`?`) and answers (`!`) of one conversation each, at these times.
fn log(events: &[(&str, char, &str)]) -> Log {
    let mut ndjson = String::new();
    for (i, (conversation, kind, time)) in events.iter().enumerate() {
        let (direction, author) = if *kind == '?' { ("inbound", "contact") } else { ("outbound", "agent") };
        let event = json!({
            "source": "s", "event_id": format!("e{i}"), "occurred_at": time, "event_type": "message",
            "conversation_id": conversation, "contact_id": conversation, "channel": "sms",
            "direction": direction, "author": author,
        });
        ndjson.push_str(&event.to_string());
        ndjson.push('\n');
    }
    Log::from_ndjson(&ndjson)
}

fn buckets(archive: &Archive, kpi: &str, query: &Query) -> Vec<String> {
    let lines = archive.kpi(&[kpi], query);
    lines.rows(kpi).iter().map(|row| row["bucket"].as_str().unwrap_or_default().to_owned()).collect()
}

fn hours_of(day: &str, offset: &str, hours: std::ops::RangeInclusive<u32>) -> Vec<String> {
    hours.map(|hour| format!("{day}T{hour:02}:00:00{offset}")).collect()
}

#[test]
fn a_local_day_has_23_hours_in_spring_and_25_in_autumn() {
    let archive = Archive::of(&log(&[("c1", '?', "2025-03-29T12:00:00Z"), ("c2", '?', "2025-11-02T12:00:00Z")]));
    let hours = |since: &str, until: &str| {
        let query = Query {
            zone: "Europe/Berlin".to_owned(),
            since: Some(since.to_owned()),
            until: Some(until.to_owned()),
            ..Query::grain("hour")
        };
        buckets(&archive, "inbound_message_volume", &query)
    };

    let mut spring = hours_of("2025-03-30", "+0100", 0..=1);
    spring.extend(hours_of("2025-03-30", "+0200", 3..=23));
    assert_eq!(hours("2025-03-30", "2025-03-31"), spring);

    // The two hours from two to three o'clock are apart; in order of their text the later one comes first.
    let mut autumn = hours_of("2025-10-26", "+0200", 0..=2);
    autumn.extend(hours_of("2025-10-26", "+0100", 2..=23));
    autumn.sort();
    assert_eq!(hours("2025-10-26", "2025-10-27"), autumn);
}

#[test]
fn empty_buckets_inside_the_asked_period_appear_with_counts_0_and_times_null() {
    let archive = Archive::of(&log(&[
        ("c1", '?', "2025-03-03T09:00:00Z"),
        ("c1", '!', "2025-03-03T09:05:00Z"),
        ("c2", '?', "2025-03-06T09:00:00Z"),
    ]));
    let query = Query {
        since: Some("2025-03-02T00:00:00Z".to_owned()),
        until: Some("2025-03-06T00:00:00Z".to_owned()),
        ..Query::grain("day")
    };
    let lines = archive.kpi(&[], &query);
    let days = ["2025-03-02", "2025-03-03", "2025-03-04", "2025-03-05"];
    for kpi in &KPIS {
        let rows = lines.rows(kpi.name);
        let printed: Vec<&Value> = rows.iter().map(|row| &row["bucket"]).collect();
        assert_eq!(printed, days, "the buckets of {}", kpi.name);
        for row in rows {
            let day = &row["bucket"];
            // No session of this log was closed: its resolution times are empty everywhere.
            let happened = day == "2025-03-03" && kpi.name != "resolution_time";
            assert_eq!(kpi.is_empty(row), !happened, "{} on {day}: {row:?}", kpi.name);
        }
    }
}

#[test]
fn a_bucket_is_provisional_while_waits_are_open_or_its_end_has_not_come() {
    let archive = Archive::of(&log(&[
        ("c1", '?', "2025-03-03T09:00:00Z"),
        ("c1", '!', "2025-03-03T09:05:00Z"),
        ("c2", '?', "2025-03-04T09:00:00Z"),
        ("c3", '?', "2025-03-05T09:00:00Z"),
        ("c3", '!', "2025-03-05T09:05:00Z"),
    ]));
    let lines = archive.kpi(&[], &Query::grain("day"));
    let row = |kpi: &str, day: &str| {
        let found = lines.rows(kpi).into_iter().find(|row| row["bucket"] == day).cloned();
        found.unwrap_or_else(|| panic!("{kpi} has no row for {day}"))
    };
    for kpi in ["first_response_time", "average_response_time", "longest_wait_time"] {
        // All answered and over; one still waiting; the archive's last event is at five past nine of this day.
        assert_eq!(row(kpi, "2025-03-03")["provisional"], false, "{kpi}");
        assert_eq!(row(kpi, "2025-03-04")["provisional"], true, "{kpi}");
        assert_eq!(row(kpi, "2025-03-05")["provisional"], true, "{kpi}");
    }
    // Counting messages waits for nobody, but a day must be over.
    assert_eq!(row("inbound_message_volume", "2025-03-03")["provisional"], false);
    assert_eq!(row("inbound_message_volume", "2025-03-05")["provisional"], true);
}

#[test]
fn one_command_answers_all_seven_kpis() {
    let archive = Archive::of(&log(&[("c1", '?', "2025-03-03T09:00:00Z")]));
    let lines = archive.kpi(&[], &Query::default());
    let mut seven: Vec<&str> = KPIS.iter().map(|kpi| kpi.name).collect();
    seven.push(UNSUBSCRIBED);
    seven.sort_unstable();
    assert_eq!(lines.names().into_iter().collect::<Vec<_>>(), seven);
}
