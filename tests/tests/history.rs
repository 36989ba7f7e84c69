//! Earlier versions, settings that change history, and what may be thrown away.

use std::path::Path;
use tapemeasure_tests::{Archive, Log, Oracle, Rules};

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
