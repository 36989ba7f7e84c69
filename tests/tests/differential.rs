//! Random logs: facts row for row and KPIs to 1e-9, as the oracle has them, over rules, zones, grains, dimensions, periods
//! and as-of times.
//!
//! `TAPEMEASURE_SEEDS` is the number of seeds (6 in the gate), `TAPEMEASURE_FIRST_SEED` the first of them (1);
//! `tests/seeds.sh` runs hundreds. A failure names its seed: `oracle.py random SEED` writes the log again.

use std::collections::BTreeSet;
use tapemeasure_tests::{Archive, Log, Oracle, Query, Rules, UNSUBSCRIBED, assert_same_rows};

/// Seeds of the gate: the fewest that visit every pair of choices, see `every_pair_of_choices_is_visited_by_the_gate`.
const GATE_SEEDS: u64 = 6;

const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"];

const GRAINS: [&str; 7] = ["total", "hour", "day", "week", "month", "quarter", "year"];

const DIMENSIONS: [&str; 8] =
    ["", "channel", "topic", "agent_id", "day_of_week", "hour_of_day", "channel,hour_of_day", "source,team"];

const WINDOWS: [Window; 4] = [Window::Everything, Window::Period, Window::AsOf, Window::SinceAsOf];

const RULES: usize = 4;

/// What part of a log is asked for. Its borders are times of events, so that half-open means something.
#[derive(Clone, Copy, Debug)]
enum Window {
    Everything,
    Period,
    AsOf,
    SinceAsOf,
}

/// One question to one log: places in the lists above.
#[derive(Clone, Copy, Debug)]
struct Choice {
    rules: usize,
    zone: usize,
    grain: usize,
    dimensions: usize,
    window: usize,
}

/// Every rule with every grain; the other choices go round so that all pairs are met over some seeds.
fn choices(seed: u64) -> Vec<Choice> {
    let turn = usize::try_from(seed % 56).expect("a small number");
    let choice = |rules: usize, grain: usize| Choice {
        rules,
        zone: (turn + rules + grain) % ZONES.len(),
        grain,
        dimensions: (turn + grain + 2 * rules) % DIMENSIONS.len(),
        window: (turn + 2 * grain + rules) % WINDOWS.len(),
    };
    (0..RULES).flat_map(|rules| (0..GRAINS.len()).map(move |grain| choice(rules, grain))).collect()
}

fn rules(choice: usize) -> Rules {
    let ended_by_silence = Rules { session_gap_s: Some(86_400), abandon_after_s: Some(604_800), ..Rules::default() };
    match choice {
        0 => Rules::default(),
        1 => ended_by_silence,
        2 => Rules { bots: "reply".to_owned(), ..Rules::default() },
        _ => Rules { bots: "reply".to_owned(), ..ended_by_silence },
    }
}

fn query(choice: Choice, log: &Log) -> Query {
    let plain = Query {
        grain: GRAINS[choice.grain].to_owned(),
        by: DIMENSIONS[choice.dimensions].to_owned(),
        zone: ZONES[choice.zone].to_owned(),
        ..Query::default()
    };
    match WINDOWS[choice.window] {
        Window::Everything => plain,
        Window::Period => Query { since: Some(log.time_at(0.3)), until: Some(log.time_at(0.7)), ..plain },
        Window::AsOf => Query { as_of: Some(log.time_at(0.6)), ..plain },
        Window::SinceAsOf => Query { since: Some(log.time_at(0.2)), as_of: Some(log.time_at(0.8)), ..plain },
    }
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, unset: u64| match std::env::var(name) {
        Ok(text) => text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => unset,
    };
    let first = number("TAPEMEASURE_FIRST_SEED", 1);
    first..first + number("TAPEMEASURE_SEEDS", GATE_SEEDS)
}

/// A period kind a seed: carry-over between months and between days.
fn archive_of(log: &Log, seed: u64) -> Archive {
    let archive = Archive::new();
    let period = if seed.is_multiple_of(2) { "day" } else { "month" };
    archive.ingest_log(log, &["--period", period]);
    archive
}

/// Every two of the values, each with its place.
fn pairs(values: [usize; 5]) -> Vec<(usize, usize, usize, usize)> {
    let mut pairs = Vec::new();
    for (left, left_value) in values.into_iter().enumerate() {
        for (right, right_value) in values.into_iter().enumerate().skip(left + 1) {
            pairs.push((left, left_value, right, right_value));
        }
    }
    pairs
}

#[test]
fn every_pair_of_choices_is_visited_by_the_gate() {
    let all = (1..=GATE_SEEDS).flat_map(choices);
    let visited: BTreeSet<_> = all
        .flat_map(|choice| pairs([choice.rules, choice.zone, choice.grain, choice.dimensions, choice.window]))
        .collect();
    let sizes = pairs([RULES, ZONES.len(), GRAINS.len(), DIMENSIONS.len(), WINDOWS.len()]);
    let possible: usize = sizes.iter().map(|(_, left, _, right)| left * right).sum();
    assert_eq!(visited.len(), possible);
}

/// The logs of the oracle lie between March and summer: both spring changes are inside.
#[test]
fn facts_and_kpis_over_a_spring_are_those_of_the_oracle() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in seeds() {
        let log = oracle.random(seed, 200);
        let archive = archive_of(&log, seed);
        for choice in 0..RULES {
            let rules = rules(choice);
            archive.set_rules(&rules);
            oracle.assert_facts(&format!("seed {seed}, {rules:?}"), &log, &rules, &archive);
        }
        for choice in choices(seed) {
            let rules = rules(choice.rules);
            archive.set_rules(&rules);
            oracle.assert_kpis(&format!("seed {seed}"), &log, &rules, &query(choice, &log), &archive);
        }
    }
}

/// The same logs 214 days later: they begin on 1 October, both autumn changes are inside, with their doubled hours.
#[test]
fn facts_and_kpis_over_an_autumn_are_those_of_the_oracle() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in seeds() {
        let log = oracle.random(seed, 200).shifted(214);
        let archive = archive_of(&log, seed + 1);
        let of_this_seed = usize::try_from(seed % 4).expect("a small number");
        let rules = rules(of_this_seed);
        archive.set_rules(&rules);
        oracle.assert_facts(&format!("seed {seed} in autumn, {rules:?}"), &log, &rules, &archive);
        for choice in choices(seed).into_iter().filter(|choice| choice.rules == of_this_seed) {
            oracle.assert_kpis(&format!("seed {seed} in autumn"), &log, &rules, &query(choice, &log), &archive);
        }
    }
}

#[test]
fn facts_of_the_past_are_those_of_the_oracle() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in seeds() {
        let log = oracle.random(seed, 100);
        let archive = archive_of(&log, seed);
        for (choice, share) in [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.9)] {
            let rules = rules(choice);
            archive.set_rules(&rules);
            let as_of = log.time_at(share);
            let want = oracle.facts(&log, &rules, Some(&as_of));
            let got = archive.facts(&["--as-of", &as_of]);
            want.assert_same(&format!("seed {seed}, {rules:?}, as of {as_of}"), &got);
        }
    }
}

/// The oracle answers `unsubscribed_contacts` for one period at a time: a month is asked as a period of its own.
#[test]
fn unsubscribed_contacts_by_month_are_those_of_each_month_asked_alone() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(21, 200);
    let archive = Archive::of(&log);
    let lines = archive.kpi(&[UNSUBSCRIBED], &Query::grain("month"));
    for (month, next) in [("2025-03-01", "2025-04-01"), ("2025-04-01", "2025-05-01"), ("2025-05-01", "2025-06-01")] {
        let alone = Query {
            since: Some(format!("{month}T00:00:00Z")),
            until: Some(format!("{next}T00:00:00Z")),
            ..Query::default()
        };
        let want = oracle.kpis(&log, &Rules::default(), &alone).unsubscribed.expect("the oracle answers a period");
        let row = lines.rows(UNSUBSCRIBED).into_iter().find(|row| row["bucket"] == month);
        let mut got = row.unwrap_or_else(|| panic!("no row for {month}")).clone();
        got.retain(|field, _| want.contains_key(field));
        assert_same_rows(month, &[want], &[got]);
    }
}

/// A rule of one source says nothing about another: each source's facts are those of its own log under its own rules.
#[test]
fn rules_under_a_source_change_that_source_only() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(22, 200);
    let archive = Archive::of(&log);
    let strict = rules(3);
    for (key, value) in strict.settings() {
        archive.set(&format!("source.b.{key}"), &value);
    }
    let as_of = log.time_at(1.0);
    let a = oracle.facts(&log.of_source("a"), &Rules::default(), Some(&as_of));
    let b = oracle.facts(&log.of_source("b"), &strict, Some(&as_of));
    let mut want = a;
    want.waits.extend(b.waits);
    want.sessions.extend(b.sessions);
    want.assert_same("sources a and b", &archive.facts(&[]));
}
