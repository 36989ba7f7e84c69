//! `kpi(...)` in SQL: the rows that `tape kpi` prints and the oracle computes, over random logs; and parts add up to the
//! whole.

use serde_json::Value;
use tapemeasure_tests::{
    Archive, KPIS, KpiLines, Oracle, Query, Row, Rules, Run, UNSUBSCRIBED, assert_same_rows, same,
};

/// A grain, dimensions and a zone: hours that begin at a quarter past, weeks over clock changes, weekdays.
const QUERIES: [(&str, &str, &str); 8] = [
    ("total", "", "UTC"),
    ("total", "channel,topic", "Europe/Berlin"),
    ("hour", "", "Asia/Kathmandu"),
    ("day", "channel", "America/New_York"),
    ("day", "hour_of_day", "Asia/Kathmandu"),
    ("week", "source,day_of_week", "Europe/Berlin"),
    ("month", "team", "Australia/Lord_Howe"),
    ("year", "agent_id", "Pacific/Apia"),
];

/// What `kpi(...)` gives for the KPIs named, as `tape kpi` would print it.
fn by_function(archive: &Archive, names: &[&str], query: &Query) -> KpiLines {
    let mut stdout = Vec::new();
    for name in names {
        let mut call = format!("'{name}', grain => '{}', by => '{}'", query.grain, query.by);
        for (argument, value) in [("since", &query.since), ("until", &query.until)] {
            if let Some(value) = value {
                call.push_str(&format!(", {argument} => '{value}'"));
            }
        }
        let sql = format!("select '{name}' as kpi, * from kpi({call})");
        let mut arguments = vec!["sql", sql.as_str(), "--format", "ndjson", "--tz", query.zone.as_str()];
        if let Some(as_of) = &query.as_of {
            arguments.extend(["--as-of", as_of.as_str()]);
        }
        stdout.extend(archive.run(&arguments).done().stdout);
    }
    let run = Run { command: "kpi(...)".to_owned(), code: 0, stdout, stderr: String::new() };
    KpiLines::of(&run, query)
}

fn six() -> Vec<&'static str> {
    KPIS.iter().map(|kpi| kpi.name).collect()
}

#[test]
fn the_function_gives_what_the_command_prints_and_the_oracle_computes() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in [31, 32] {
        let log = oracle.random(seed, 120);
        let archive = Archive::of(&log);
        for (grain, by, zone) in QUERIES {
            let query = Query { by: by.to_owned(), zone: zone.to_owned(), ..Query::grain(grain) };
            check(&oracle, &archive, &log, &query, &format!("seed {seed}, {grain} by {by:?} in {zone}"));
        }
        let part = Query {
            by: "channel".to_owned(),
            since: Some(log.time_at(0.2)),
            until: Some(log.time_at(0.7)),
            as_of: Some(log.time_at(0.9)),
            ..Query::grain("week")
        };
        check(&oracle, &archive, &log, &part, &format!("seed {seed}, a part as of an earlier time"));
    }
}

fn check(oracle: &Oracle, archive: &Archive, log: &tapemeasure_tests::Log, query: &Query, what: &str) {
    let names = six();
    let (called, printed) = (by_function(archive, &names, query), archive.kpi(&names, query));
    for name in &names {
        let rows = |lines: &KpiLines| lines.rows(name).into_iter().cloned().collect::<Vec<Row>>();
        assert_same_rows(&format!("{what}: {name}"), &rows(&printed), &rows(&called));
    }
    let mut known = oracle.kpis(log, &Rules::default(), query);
    // The seventh KPI has a test of its own.
    known.unsubscribed = None;
    let differences = called.differences(&known, query);
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
}

#[test]
fn unsubscribed_contacts_are_the_commands_and_the_oracles() {
    let Some(oracle) = Oracle::find() else { return };
    let log = oracle.random(33, 150);
    let archive = Archive::of(&log);
    for (grain, by) in [("total", ""), ("week", ""), ("month", "channel")] {
        let query = Query { by: by.to_owned(), ..Query::grain(grain) };
        let (called, printed) = (by_function(&archive, &[UNSUBSCRIBED], &query), archive.kpi(&[UNSUBSCRIBED], &query));
        let rows = |lines: &KpiLines| lines.rows(UNSUBSCRIBED).into_iter().cloned().collect::<Vec<Row>>();
        assert_same_rows(&format!("{grain} by {by:?}"), &rows(&printed), &rows(&called));
    }
    let total = by_function(&archive, &[UNSUBSCRIBED], &Query::default());
    let known = oracle.kpis(&log, &Rules::default(), &Query::default()).unsubscribed;
    for (field, value) in known.expect("the oracle answers a total") {
        let found = total.total(UNSUBSCRIBED).get(&field);
        assert!(found.is_some_and(|found| same(&value, found)), "{field}: the oracle has {value}, kpi() has {found:?}");
    }
}

/// Views are the KPI by day, in the dimensions of its own choice.
#[test]
fn views_are_the_function_by_day() {
    let Some(oracle) = Oracle::find() else { return };
    let archive = Archive::of(&oracle.random(34, 60));
    let mut names = six();
    names.push(UNSUBSCRIBED);
    for name in names {
        let rows = |table: &str| archive.sql(&format!("select * from {table}"), &["--tz", "Europe/Berlin"]);
        let called = rows(&format!("kpi('{name}', 'day')"));
        assert!(called.len() > 1, "{name} has {} rows by day", called.len());
        assert_same_rows(name, &called, &rows(&format!("kpi_{name}")));
    }
}

/// Counts and sums over the values of any dimension are those of the whole: a row that a dimension loses or counts twice
/// shows here. Distinct counts, percentiles and shares do not add up.
#[test]
fn parts_add_up_to_the_whole() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in [35, 36] {
        let archive = Archive::of(&oracle.random(seed, 150));
        for kpi in KPIS.iter().filter(|kpi| !kpi.counts.is_empty()) {
            let distinct = ["conversations", "contacts"];
            let counts: Vec<&str> = kpi.counts.iter().copied().filter(|count| !distinct.contains(count)).collect();
            for (grain, by) in
                [("total", "channel"), ("day", "topic"), ("week", "source,team"), ("month", "day_of_week")]
            {
                add_up(&archive, kpi.name, grain, by, &counts, kpi.values.contains(&"mean_s"));
            }
        }
    }
}

fn add_up(archive: &Archive, name: &str, grain: &str, by: &str, counts: &[&str], has_mean: bool) {
    let sums: Vec<String> = counts.iter().map(|count| format!("sum({count}) as {count}")).collect();
    let mean = if has_mean { ", sum(mean_s * n) as seconds" } else { "" };
    let whole_mean = if has_mean { ", mean_s * n as seconds" } else { "" };
    let parts = format!(
        "select bucket, {}{mean} from kpi('{name}', '{grain}', '{by}') group by bucket order by bucket",
        sums.join(", ")
    );
    let whole = format!(
        "select bucket, {}{whole_mean} from kpi('{name}', '{grain}', by => '') order by bucket",
        counts.join(", ")
    );
    let (parts, whole) = (archive.sql(&parts, &[]), archive.sql(&whole, &[]));
    assert_same_rows(&format!("{name} by {by}, {grain}"), &whole, &parts);
    let some = |row: &Row| counts.iter().any(|count| row[*count].as_u64().is_some_and(|n| n > 0));
    assert!(whole.iter().any(some), "{name}, {grain}: nothing to add up");
    assert!(whole.iter().all(|row| row["bucket"].is_string() && row[counts[0]] != Value::Null));
}
