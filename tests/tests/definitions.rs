//! Definitions in files: what is wrong with one, the tests that it brings, and the numbers that it gives.

use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tapemeasure_tests::{Archive, Log, Oracle, Row, Rules, instant_us, package, run, tape};

const SLOW: &str = r#"name = "slow_hours"
title = "Waits over an hour"
description = "Of the waits that were answered, those that took more than an hour."
table = "waits"
time = "opened_at"
filter = "end_reason = 'replied'"
unit = "share"
better = "lower"
headline = "slow_share"
n = "answered"

[dimensions]
size = "CASE WHEN n_inbound > 1 THEN 'many' ELSE 'one' END"

[[measures]]
name = "answered"
count = true

[[measures]]
name = "slow"
count = true
where = "wait_us > 3600000000"

[[measures]]
name = "slow_share"
ratio = ["slow", "answered"]

[[tests]]
name = "an hour is not over an hour"
events = """
occurred_at  conversation_id  author
09:00        a                contact
10:00        a                agent
09:00        b                contact
10:00:01     b                agent
"""
expect = [{ answered = 2, slow = 1, slow_share = 0.5 }]
"#;

/// A folder of definitions beside an archive.
fn folder(archive: &Archive, files: &[(&str, &str)]) -> PathBuf {
    let dir = archive.input("definitions");
    std::fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    dir
}

/// The three that are shipped as examples.
fn examples() -> PathBuf {
    package().join("../data/kpis")
}

/// Three conversations of two customers.
fn log() -> Log {
    let event = |conversation: &str, time: &str, author: &str| {
        let (direction, contact) = (if author == "contact" { "inbound" } else { "outbound" }, &conversation[..1]);
        json!({
            "source": "s", "event_id": format!("{conversation}{time}"), "occurred_at": format!("2025-03-03T{time}Z"),
            "event_type": "message", "conversation_id": conversation, "contact_id": contact, "channel": contact,
            "direction": direction, "author": author,
        })
    };
    let events = [
        event("a1", "09:00:00", "contact"),
        event("a1", "09:01:00", "contact"),
        event("a1", "11:00:00", "agent"),
        event("a2", "09:00:00", "contact"),
        event("a2", "09:30:00", "agent"),
        event("b1", "09:00:00", "contact"),
    ];
    Log::new(events.into_iter().filter_map(|event| event.as_object().cloned()).collect())
}

#[test]
fn the_shipped_definitions_hold_what_their_tests_say() {
    let nowhere = Archive::new();
    let built_in = nowhere.run(&["kpi", "check"]).done();
    let lines: Vec<&str> = built_in.text().lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("ok     ")), "{lines:#?}");
    assert_eq!(lines.len(), 15, "{lines:#?}");
    assert!(built_in.stderr.contains("7 definitions, 15 tests: all well"), "{}", built_in.stderr);

    let examples = examples();
    let run = nowhere.run(&["kpi", "check", &examples.to_string_lossy()]).done();
    assert_eq!(
        run.text(),
        "ok     agent_reopens: an agent within a day counts, a customer or a later agent does not\n\
         ok     agent_reopens: what was just closed can still change\n\
         ok     conversations_per_contact: three conversations of two customers\n\
         ok     conversations_per_contact: of nobody there is no ratio, and a group without questions has none\n\
         ok     email_response_time: the night does not count\n\
         ok     email_response_time: billing has a shorter target\n"
    );
    let one = nowhere.run(&["kpi", "check", "longest_wait_time"]).done();
    assert_eq!(one.text().lines().count(), 2);
}

#[test]
fn a_test_that_does_not_hold_shows_what_came() {
    let archive = Archive::new();
    let dir = folder(&archive, &[("slow.toml", &SLOW.replace("slow = 1, slow_share", "slow = 2, slow_share"))]);
    let file = dir.join("slow.toml");
    let run = archive.run(&["kpi", "check", &file.to_string_lossy()]).exits(3);
    assert_eq!(
        run.text(),
        format!(
            "fails  slow_hours: an hour is not over an hour ({}, line 28)\n  row 1: slow is 1, expected 2\n  \
             found row 1: {{\"answered\":2,\"bucket\":\"total\",\"provisional\":false,\"slow\":1,\"slow_share\":0.5}}\n",
            file.display()
        )
    );
    assert!(run.stderr.contains("1 definition, 1 test: 1 test does not hold"), "{}", run.stderr);
    archive
        .run(&["kpi", "check", "slow_hour", "--kpis", &dir.to_string_lossy()])
        .fails(2, &["did you mean slow_hours?"]);
    archive.run(&["kpi", "check", "no/such.toml"]).fails(1, &["no/such.toml"]);
    // An event that no archive takes is named by its place in the test.
    let bad = SLOW.replace("10:00:01     b                agent", "10:00:01     b                agnt");
    let dir = folder(&archive, &[("slow.toml", &bad)]);
    let run = archive.run(&["kpi", "check", &dir.join("slow.toml").to_string_lossy()]).exits(3);
    assert!(run.text().contains("\n  event 4 cannot be taken: author is unknown\n"), "{}", run.text());
}

/// What is replaced in a sound definition, by what, and what is said about it.
const BAD: &[(&str, &str, &str)] = &[
    (
        "table = \"waits\"",
        "table = \"wait\"",
        "line 4: unknown table \"wait\"; did you mean waits? known are events, messages, waits, sessions, subscriptions",
    ),
    (
        "opened_at",
        "opend_at",
        "line 5: unknown column of waits \"opend_at\"; did you mean opened_at? known are source,",
    ),
    ("better = \"lower\"", "beter = \"lower\"", "line 8: unknown field `beter`"),
    ("headline = \"slow_share\"", "headline = \"share\"", "line 9: unknown measure \"share\"; did you mean"),
    (
        "size = \"CASE",
        "channel = \"CASE",
        "line 13: an own dimension cannot be called channel, which is there already; choose another name",
    ),
    ("name = \"slow\"", "name = \"answered\"", "line 20: there are two measures answered; choose another name"),
    (
        "ratio = [\"slow\", \"answered\"]",
        "ratio = [\"slow\", \"replied\"]",
        "line 26: unknown measure \"replied\"; known are",
    ),
    (
        "ratio = [\"slow\", \"answered\"]",
        "mean = \"slow\"",
        "line 26: mean takes a column of waits, and slow is a measure; a mean of means is no mean",
    ),
    (
        "ratio = [\"slow\", \"answered\"]",
        "percentile = { of = \"answered\", p = 0.9 }",
        "line 26: percentile takes a column of waits, and answered is a measure",
    ),
    (
        "ratio = [\"slow\", \"answered\"]",
        "mean = \"wait_us\"",
        "line 25: wait_us is in microseconds: add unit = \"s\", or \"us\", \"m\", \"h\", \"d\"",
    ),
    (
        "table = \"waits\"\ntime = \"opened_at\"\nfilter = \"end_reason = 'replied'\"",
        "table = \"messages\"\ntime = \"occurred_at\"\ntarget = \"response\"",
        "line 6: a target is for spans of time, and rows of messages have none",
    ),
    (
        "name = \"slow_hours\"",
        "name = \"resolution_time\"",
        "line 1: there is a KPI resolution_time already, built in; choose another name",
    ),
];

/// As above, for what only shows against the tables.
const UNPLANNED: &[(&str, &str, &str)] = &[
    (
        "where = \"wait_us > 3600000000\"",
        "where = \"wait_uss > 5\"",
        "line 22: unknown column of waits \"wait_uss\"; did you mean wait_us? known are source,",
    ),
    (
        "end_reason = 'replied'",
        "end_reson = 'replied'",
        "line 6: unknown column of waits \"end_reson\"; did you mean end_reason?",
    ),
    ("n_inbound > 1", "n_inbond > 1", "line 13: unknown column of waits \"n_inbond\"; did you mean n_inbound?"),
];

#[test]
fn what_is_wrong_with_a_definition_is_said_with_file_and_line() {
    let archive = Archive::new();
    for (replaced, by, expected) in BAD {
        let text = SLOW.replacen(replaced, by, 1);
        assert_ne!(text, SLOW, "{replaced:?} is not in the text");
        let dir = folder(&archive, &[("bad.toml", &text)]);
        let dir = dir.to_string_lossy();
        let expected = format!("{dir}/bad.toml, {expected}");
        archive.run(&["kpi", "--list", "--kpis", &*dir]).fails(1, &[&expected]);
        let checked = archive.run(&["kpi", "check", &*dir]).exits(3);
        assert!(checked.text().starts_with(&format!("wrong  {expected}")), "{}\nexpected: {expected}", checked.text());
    }
}

#[test]
fn sql_that_does_not_fit_is_found_by_the_check_and_by_the_question() {
    let archive = Archive::of(&log());
    for (replaced, by, expected) in UNPLANNED {
        let text = SLOW.replacen(replaced, by, 1);
        assert_ne!(text, SLOW, "{replaced:?} is not in the text");
        let dir = folder(&archive, &[("bad.toml", &text)]);
        let dir = dir.to_string_lossy();
        let expected = format!("{dir}/bad.toml, {expected}");
        let checked = archive.run(&["kpi", "check", &*dir]).exits(3);
        assert!(checked.text().starts_with(&format!("wrong  {expected}")), "{}\nexpected: {expected}", checked.text());
        archive.run(&["kpi", "slow_hours", "--by", "size", "--kpis", &*dir]).fails(1, &[&expected]);
    }
}

#[test]
fn a_name_taken_twice_names_both_files() {
    let archive = Archive::new();
    let dir = folder(&archive, &[("a.toml", SLOW), ("b.toml", SLOW)]);
    let dir = dir.to_string_lossy();
    let expected =
        format!("{dir}/b.toml, line 1: there is a KPI slow_hours already, in {dir}/a.toml; choose another name");
    archive.run(&["kpi", "--list", "--kpis", &*dir]).fails(1, &[&expected]);
    archive.run(&["kpi", "--list", "--kpis", "no/such/folder"]).fails(1, &["no/such/folder"]);
}

#[test]
fn circles_are_named() {
    let archive = Archive::new();
    let made_of = |name: &str, other: &str| {
        format!(
            "name = \"{name}\"\ntitle = \"T\"\ndescription = \"D.\"\nkind = \"derived\"\nunit = \"x\"\n\
             better = \"neither\"\n[[measures]]\nname = \"m\"\nkpi = \"{other}.m\"\n"
        )
    };
    let dir = folder(&archive, &[("a.toml", &made_of("a", "b")), ("b.toml", &made_of("b", "a"))]);
    let dir = dir.to_string_lossy();
    let expected = format!("{dir}/a.toml, line 1: a KPI cannot be made of itself: a is made of b is made of a");
    archive.run(&["kpi", "--list", "--kpis", &*dir]).fails(1, &[&expected]);
}

#[test]
fn an_own_definition_is_one_like_the_others() {
    let archive = Archive::of(&log());
    let kpis = archive.root().join("kpis");
    std::fs::create_dir(&kpis).unwrap_or_else(|error| panic!("{}: {error}", kpis.display()));
    std::fs::write(kpis.join("slow.toml"), SLOW).unwrap_or_else(|error| panic!("{}: {error}", kpis.display()));
    let list = archive.run(&["kpi", "--list"]).done();
    assert!(list.text().contains("slow_hours\n  Waits over an hour\n"), "{}", list.text());
    let rows = archive.run(&["kpi", "slow_hours", "--by", "size", "--format", "ndjson"]).done().rows();
    // a1 waited two hours after two questions, a2 half an hour after one.
    let expected = json!([
        {"kpi": "slow_hours", "bucket": "total", "size": "many", "answered": 1, "slow": 1, "slow_share": 1.0, "provisional": false},
        {"kpi": "slow_hours", "bucket": "total", "size": "one", "answered": 1, "slow": 0, "slow_share": 0.0, "provisional": false},
    ]);
    assert_eq!(json!(rows), expected);
    let only = ["kpi", "slow_hours", "--where", "size = 'one' and channel = 'a'", "--format", "ndjson"];
    assert_eq!(archive.run(&only).done().rows()[0]["answered"], 1);
    // All of them at once, and the explanation, know it too.
    let all = archive.run(&["kpi", "--format", "ndjson"]).done().rows();
    assert!(all.iter().any(|row| row["kpi"] == "slow_hours"), "{all:?}");
    let explained = archive.run(&["kpi", "slow_hours", "--explain"]).done();
    assert!(explained.text().contains("count(*) FILTER (WHERE wait_us > 3600000000) AS slow"), "{}", explained.text());
}

#[test]
fn a_derived_one_is_its_parts_side_by_side() {
    let archive = Archive::of(&log());
    let examples = examples();
    let examples = examples.to_string_lossy();
    let name = "conversations_per_contact";
    let arguments = ["kpi", name, "--by", "channel", "--grain", "day", "--format", "ndjson", "--kpis", &*examples];
    let found = archive.run(&arguments).done().rows();
    // Customer a wrote in two conversations, b in one; the day is not over at its last event.
    let row = |channel: &str, conversations: u32, ratio: f64| {
        json!({
            "kpi": name, "bucket": "2025-03-03", "channel": channel, "conversations": conversations, "contacts": 1,
            "conversations_per_contact": ratio, "provisional": true,
        })
    };
    assert_eq!(json!(found), json!([row("a", 2, 2.0), row("b", 1, 1.0)]));
    archive
        .run(&["drill", "conversations_per_contact", "--kpis", &*examples])
        .fails(2, &["conversations_per_contact is made of other KPIs and has no rows of its own"]);
}

/// An instant of a row, in microseconds.
fn at(row: &Row, column: &str) -> Option<i64> {
    row[column].as_str().and_then(instant_us)
}

/// Held against the oracle's sessions, walked one by one.
#[test]
fn reopened_conversations_are_those_of_the_sessions() {
    let Some(oracle) = Oracle::find() else { return };
    let (day_us, rules) = (86_400_000_000, Rules::default());
    for seed in [3, 4] {
        let log = oracle.random(seed, 60);
        let archive = Archive::of(&log);
        let mut by_conversation: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
        for session in oracle.facts(&log, &rules, None).sessions {
            let key = (session["source"].to_string(), session["conversation_id"].to_string());
            by_conversation.entry(key).or_default().push(session);
        }
        let (mut closed, mut reopened) = (0, 0);
        for sessions in by_conversation.values_mut() {
            sessions.sort_by_key(|session| at(session, "opened_at"));
            for (number, session) in
                sessions.iter().enumerate().filter(|(_, session)| session["close_reason"] == "closed")
            {
                closed += 1;
                let next = sessions.get(number + 1);
                let in_time = |next: &&Row| {
                    let (end, begin) = (at(session, "closed_at"), at(next, "opened_at"));
                    end.zip(begin).is_some_and(|(end, begin)| begin <= end + day_us)
                };
                reopened += i32::from(next.filter(in_time).is_some_and(|next| next["initiated_by"] == "agent"));
            }
        }
        let mut command = archive.command(&["kpi", "agent_reopens", "--by", "", "--format", "ndjson", "--kpis"]);
        command.arg(examples());
        let row = &run(command).done().rows()[0];
        assert_eq!((&row["closed"], &row["reopened"]), (&json!(closed), &json!(reopened)), "seed {seed}");
        assert!(reopened > 0 && reopened < closed, "seed {seed}: {reopened} of {closed} say nothing; take another");
    }
}

#[test]
fn help_names_the_folder_and_the_check() {
    let mut command = tape();
    command.args(["kpi", "--help"]);
    let help = run(command).done();
    assert!(help.text().contains("--kpis <DIR>") && help.text().contains("`check`"), "{}", help.text());
}
