//! Earlier versions, settings that change history, and what may be thrown away.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use tapemeasure_tests::{Archive, Log, Oracle, Row, Rules};

fn ended_by_silence() -> Rules {
    Rules { session_gap_s: Some(86_400), abandon_after_s: Some(604_800), ..Rules::default() }
}

fn join(left: &Log, right: &Log) -> Log {
    Log::new(left.events().iter().chain(right.events()).cloned().collect())
}

/// Deletes everything derived: facts are a cache.
fn forget_derived(root: &Path) {
    let derived = root.join("derived");
    if derived.exists() {
        std::fs::remove_dir_all(&derived).unwrap_or_else(|error| panic!("{}: {error}", derived.display()));
    }
}

#[test]
fn an_earlier_version_gives_its_numbers_again_to_the_digit() {
    let Some(oracle) = Oracle::find() else { return };
    let pieces = oracle.random(91, 150).cut(3);
    let archive = Archive::new();
    let mut reports = Vec::new();
    for piece in &pieces {
        let version = archive.ingest_log(piece, &[]).version();
        reports.push((version, archive.numbers(), archive.facts(&[])));
    }
    // The newest first: what was derived last must not leak into what is older.
    for (version, numbers, facts) in reports.iter().rev() {
        assert_eq!(&archive.numbers_at(*version), numbers, "numbers at version {version}");
        facts.assert_same(&format!("facts at version {version}"), &archive.facts(&["--at", &version.to_string()]));
    }
    forget_derived(archive.root());
    for (version, numbers, _) in &reports {
        assert_eq!(&archive.numbers_at(*version), numbers, "numbers at version {version}, derived anew");
    }
    oracle.assert_facts("the first version", &pieces[0], &Rules::default(), &Archive::of(&pieces[0]));
    reports[0].2.assert_same("the first version alone", &Archive::of(&pieces[0]).facts(&[]));
}

#[test]
fn the_history_names_every_version_and_an_unknown_one_is_refused() {
    let archive = Archive::of(&Log::questions(10));
    let version = archive.ingest_log(&Log::questions(20), &[]).version();
    let rows = archive.run(&["history", "--format", "ndjson"]).done().rows();
    let versions: Vec<i64> = rows.iter().filter_map(|row| row["version"].as_i64()).collect();
    assert_eq!(versions, (0..=version).rev().collect::<Vec<_>>(), "newest first");
    archive.run(&["kpi", "--at", "999"]).fails(2, &["999"]);
}

#[test]
fn a_vacuum_keeps_every_number_of_the_newest_version() {
    let Some(oracle) = Oracle::find() else { return };
    let pieces = oracle.random(92, 150).cut(3);
    let archive = Archive::new();
    for piece in &pieces {
        archive.ingest_log(piece, &["--period", "day"]);
        archive.numbers();
    }
    let (numbers, facts, events) = (archive.numbers(), archive.facts(&[]), archive.events(&[]));
    archive.run(&["vacuum"]).done();
    assert_eq!(archive.numbers(), numbers);
    facts.assert_same("after the vacuum", &archive.facts(&[]));
    assert_eq!(archive.events(&[]), events);
    archive.run(&["verify"]).done();
}

#[test]
fn facts_thrown_away_are_derived_again() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(93, 150);
    let archive = Archive::of(&log);
    let numbers = archive.numbers();
    forget_derived(archive.root());
    assert_eq!(archive.numbers(), numbers);
    forget_derived(archive.root());
    oracle.assert_facts("derived again", &log, &Rules::default(), &archive);
}

#[test]
fn a_changed_setting_changes_history_and_changed_back_gives_the_old_numbers() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(94, 150);
    let archive = Archive::of(&log);
    let numbers = archive.numbers();
    let events = archive.event_files();
    for rules in [ended_by_silence(), Rules { bots: "reply".to_owned(), ..Rules::default() }] {
        archive.set_rules(&rules);
        oracle.assert_facts(&format!("{rules:?}"), &log, &rules, &archive);
        assert_ne!(archive.numbers(), numbers, "{rules:?} changes no number");
    }
    archive.set_rules(&Rules::default());
    assert_eq!(archive.numbers(), numbers);
    assert_eq!(archive.event_files(), events, "a setting touches no event");
}

/// Derived facts of earlier periods are used again after an ingest; that must not be seen in any number.
#[test]
fn an_ingest_after_facts_were_derived_gives_the_facts_of_everything() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(95, 150);
    // By halves in time, the later first: what comes then lies before everything that was derived.
    let middle = log.time_at(0.5);
    let (early, late): (Vec<_>, Vec<_>) =
        log.events().iter().cloned().partition(|event| event["occurred_at"].as_str() < Some(middle.as_str()));
    let (early, late) = (Log::new(early), Log::new(late));
    for rules in [Rules::default(), ended_by_silence()] {
        for (first, second) in [(&late, &early), (&early, &late)] {
            for period in ["month", "day"] {
                let archive = Archive::new();
                archive.ingest_log(first, &["--period", period]);
                archive.set_rules(&rules);
                oracle.assert_facts("the first half", first, &rules, &archive);
                archive.ingest_log(second, &[]);
                let both = join(first, second);
                oracle.assert_facts(&format!("both halves, periods of a {period}"), &both, &rules, &archive);
            }
        }
    }
}

/// A question in each of the months of 2025 given, closed an hour later: nothing of it is carried on.
fn closed_in(name: &str, months: &[u32]) -> Vec<Row> {
    let event = |month: u32, hour: u32, event_type: &str| {
        let event = serde_json::json!({
            "source": "s",
            "event_id": format!("{name}-{month}-{hour}"),
            "occurred_at": format!("2025-{month:02}-10T{hour:02}:00:00Z"),
            "event_type": event_type,
            "conversation_id": format!("{name}-{month}"),
            "contact_id": name,
            "channel": "sms",
            "direction": if event_type == "message" { "inbound" } else { "" },
            "author": if event_type == "message" { "contact" } else { "" },
        });
        let Value::Object(mut row) = event else { unreachable!("an object was written") };
        row.retain(|_, value| value != "");
        row
    };
    months.iter().flat_map(|&month| [event(month, 9, "message"), event(month, 10, "closed")]).collect()
}

/// An ingest touches February and April of six months, and what they carry on is what it was: their facts are derived
/// again, those of the months between and behind are not. Then May, without the carries of the months before it.
#[test]
fn only_months_that_an_ingest_touches_are_derived_again() {
    let mut events = closed_in("a", &[1, 2, 3, 4, 5, 6]);
    // Of one conversation nothing but its question: it is carried from month to month.
    events.extend(closed_in("open", &[1]).into_iter().take(1));
    let archive = Archive::new();
    archive.ingest_log(&Log::new(events.clone()), &["--period", "month"]);
    let folder = archive.root().join("derived/facts");
    let names = |ending: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let names = files.map(|file| file.expect("an entry of the folder").file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(ending)).collect()
    };
    let months = |names: &BTreeSet<String>| -> Vec<String> { names.iter().map(|name| name[..7].to_owned()).collect() };
    archive.numbers();
    let mut before = names(".json");
    let first = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "open-"];
    assert!(before.iter().zip(first).all(|(name, first)| name.starts_with(first)), "{before:?}");
    assert_eq!(before.len(), first.len());
    for touched in [&[2, 4][..], &[5]] {
        let late = closed_in("late", touched);
        archive.ingest_log(&Log::new(late.clone()), &[]);
        events.extend(late);
        archive.numbers();
        let after = names(".json");
        let new: BTreeSet<String> = after.difference(&before).cloned().collect();
        assert_eq!(months(&new), touched.iter().map(|month| format!("2025-{month:02}")).collect::<Vec<_>>());
        archive.facts(&[]).assert_same("in one ingest", &Archive::of(&Log::new(events.clone())).facts(&[]));
        archive.run(&["verify"]).done();
        before = after;
        for carry in names(".carry") {
            std::fs::remove_file(folder.join(carry)).expect("it was there");
        }
    }
}

#[test]
fn a_setting_is_kept_and_shown() {
    let archive = Archive::of(&Log::questions(10));
    archive.set("session_gap", "24h");
    let shown = archive.run(&["settings", "session_gap"]).done();
    let value = shown.text();
    // However it is spelled, it is a day.
    let is_a_day = ["24h", "86400s", "1day", "1d", "1 day"].iter().any(|spelling| value.contains(spelling));
    assert!(is_a_day, "session_gap is shown as: {value}");
    let stored =
        std::fs::read_to_string(archive.root().join("settings.toml")).expect("settings are kept in the archive");
    assert!(stored.contains("session_gap"), "settings.toml:\n{stored}");
}

/// The table against the messages and changes that it is made of, however the events came.
#[test]
fn contacts_have_one_row_a_channel_with_their_first_message() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(97, 250);
    let (whole, cut) = (Archive::of(&log), Archive::new());
    for piece in log.cut(4) {
        cut.ingest_log(&piece, &[]);
        // What is made after each piece is no part of what is made after the next.
        cut.run(&["kpi", "unsubscribed_contacts"]).done();
    }
    let by_hand = "WITH first AS (
            SELECT source, contact_id, channel, min(occurred_at) AS first_message_at
            FROM messages WHERE contact_id IS NOT NULL GROUP BY source, contact_id, channel
        ), numbered AS (
            SELECT *, row_number() OVER (
                PARTITION BY source, contact_id ORDER BY first_message_at, channel NULLS FIRST
            ) AS place FROM first
        ), gone AS (
            SELECT DISTINCT source, contact_id, true AS ever_opted_out FROM subscriptions WHERE opted_out
        )
        SELECT source, contact_id, channel, first_message_at, place = 1 AS is_first,
            coalesce(ever_opted_out, false) AS ever_opted_out
        FROM numbered LEFT JOIN gone USING (source, contact_id) ORDER BY 1, 2, 3 NULLS FIRST";
    let kept = "SELECT * FROM contacts ORDER BY 1, 2, 3 NULLS FIRST";
    for archive in [&whole, &cut] {
        let expected = archive.sql(by_hand, &[]);
        let out = expected.iter().filter(|row| row["ever_opted_out"] == true).count();
        assert!(out > 0 && out < expected.len(), "the log has contacts that opted out, and others");
        for threads in ["1", "3"] {
            forget_derived(archive.root());
            assert_eq!(archive.sql(kept, &["--threads", threads]), expected, "{threads} threads");
        }
        // A part of the log: rows in memory in place of files.
        let half = format!("SELECT occurred_at AS at FROM events ORDER BY 1 LIMIT 1 OFFSET {}", log.events().len() / 2);
        let as_of = archive.sql(&half, &[])[0]["at"].as_str().expect("an instant").to_owned();
        let options = ["--as-of", as_of.as_str()];
        assert_eq!(archive.sql(kept, &options), archive.sql(by_hand, &options), "as of {as_of}");
        archive.run(&["verify"]).done();
    }
}

#[test]
fn what_deletions_may_have_hit_is_asked_again_where_it_is_damaged() {
    let Some(oracle) = Oracle::find() else { return };
    let archive = Archive::of(&oracle.random(98, 250));
    let numbers = archive.numbers();
    let kept = || -> Vec<std::path::PathBuf> {
        let folder = archive.root().join("derived/deletions");
        let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let files = files.map(|file| file.expect("an entry of the folder").path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == "hits")).collect()
    };
    let whole: Vec<(std::path::PathBuf, Vec<u8>)> =
        kept().into_iter().map(|path| (path.clone(), std::fs::read(path).expect("it was there"))).collect();
    assert!(!whole.is_empty(), "the log has deletions");
    for (path, bytes) in &whole {
        std::fs::write(path, &bytes[..bytes.len() - 1]).expect("the folder can be written");
    }
    assert_eq!(archive.numbers(), numbers);
    for (path, bytes) in &whole {
        assert_eq!(&std::fs::read(path).expect("it is kept again"), bytes, "{}", path.display());
    }
    archive.run(&["vacuum"]).done();
    assert_eq!(kept().len(), whole.len(), "a vacuum leaves what is in use");
}

/// Up to the as-of time February has an opt-out and no message: what is kept of January must neither be taken for it nor
/// be made of it.
#[test]
fn contacts_know_of_an_opt_out_in_a_month_without_messages() {
    let log = Log::from_ndjson(
        r#"{"source":"s","event_id":"1","occurred_at":"2025-01-10T10:00:00Z","event_type":"message","conversation_id":"c","contact_id":"p","channel":"sms","direction":"inbound","author":"contact"}
{"source":"s","event_id":"2","occurred_at":"2025-01-11T10:00:00Z","event_type":"message","conversation_id":"d","contact_id":"q","channel":"sms","direction":"inbound","author":"contact"}
{"source":"s","event_id":"3","occurred_at":"2025-02-02T10:00:00Z","event_type":"opted_out","contact_id":"p","channel":"sms"}
{"source":"s","event_id":"4","occurred_at":"2025-02-10T10:00:00Z","event_type":"message","conversation_id":"c","contact_id":"p","channel":"sms","direction":"inbound","author":"contact"}
"#,
    );
    let archive = Archive::new();
    archive.ingest_log(&log, &["--period", "month"]);
    let (before, behind) = (("2025-01-31T00:00:00Z", 0), ("2025-02-03T00:00:00Z", 1));
    for times in [[before, behind], [behind, before]] {
        forget_derived(archive.root());
        for (as_of, out) in times {
            let kpi = ["kpi", "unsubscribed_contacts", "--as-of", as_of, "--format", "ndjson"];
            let counts = &archive.run(&kpi).done().rows()[0];
            assert_eq!((counts["contacts"].as_i64(), counts["unsubscribed"].as_i64()), (Some(2), Some(out)), "{as_of}");
            let rows =
                archive.sql("SELECT contact_id, ever_opted_out AS o FROM contacts ORDER BY 1", &["--as-of", as_of]);
            let marks: Vec<bool> = rows.iter().map(|row| row["o"] == true).collect();
            assert_eq!(marks, [out == 1, false], "{as_of}");
        }
    }
}

/// How many threads derive decides how the cells of a month are cut into rows, and so the bytes of their file. Who comes
/// second takes the file that is there: a reader may be in the middle of it.
#[test]
fn a_derived_file_that_is_there_is_never_replaced() {
    let Some(oracle) = Oracle::find() else { return };
    let archive = Archive::of(&oracle.random(99, 250));
    let numbers = archive.numbers();
    forget_derived(archive.root());
    archive.run(&["kpi", "message_volume_by_channel", "--threads", "1"]).done();
    let of_facts = |ending: &str| -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let folder = archive.root().join("derived/facts");
        let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let paths = files.map(|file| file.expect("an entry of the folder").path());
        let mut paths: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
        paths.sort();
        paths.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("it was there"))).collect()
    };
    let (rows, notes) = (of_facts(".parquet"), of_facts(".json"));
    assert!(rows.iter().any(|(path, _)| path.to_string_lossy().ends_with(".cells.parquet")), "messages were counted");
    for (path, _) in &notes {
        std::fs::remove_file(path).expect("the note was there");
    }
    archive.run(&["kpi", "message_volume_by_channel", "--threads", "5"]).done();
    assert!(of_facts(".parquet") == rows, "the files are those of one thread");
    assert!(of_facts(".json") == notes, "the notes are of these files");
    assert_eq!(archive.numbers(), numbers);
    archive.run(&["verify"]).done();
}
