//! Every case that was worked by hand, through `tape` and an archive on disk, with month and with day periods.

use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use tapemeasure_tests::{Archive, KPIS, Log, Query, Row, Rules, UNSUBSCRIBED, matches, shared};

#[test]
fn every_case_holds_with_periods_of_a_month() {
    every_case_holds("month");
}

#[test]
fn every_case_holds_with_periods_of_a_day() {
    every_case_holds("day");
}

fn every_case_holds(period: &str) {
    let Some(folder) = shared("spec/cases") else { return };
    let cases = case_files(&folder);
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    let mut failures = Vec::new();
    for path in &cases {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let case: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let expect = case["expect"].as_object().unwrap_or_else(|| panic!("{name} expects nothing"));
        let answers = Answers::to(&case, period);
        for (what, want) in expect {
            let got = answers.get(what);
            if !matches(want, &got) {
                failures.push(format!("{name}: {what}\n  want {want}\n  got  {got}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} answers differ, with {period} periods\n{}", failures.len(), failures.join("\n"));
}

/// A case as an archive, and what is asked of it.
struct Answers {
    archive: Archive,
    query: Query,
}

impl Answers {
    fn to(case: &Value, period: &str) -> Answers {
        let archive = Archive::new();
        archive.ingest_log(&events(case), &["--period", period]);
        archive.set_rules(&Rules::of_case(&case["settings"]));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let asked = &case["query"];
        let by = asked["by"].as_array().into_iter().flatten();
        let query = Query {
            grain: text(&asked["grain"]).unwrap_or_else(|| "total".to_owned()),
            by: by.filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            zone: text(&asked["tz"]).unwrap_or_else(|| "UTC".to_owned()),
            since: text(&asked["since"]),
            until: text(&asked["until"]),
            as_of: text(&case["as_of"]),
        };
        Answers { archive, query }
    }

    fn get(&self, what: &str) -> Value {
        let as_of = self.query.as_of.as_deref().map(|as_of| format!("--as-of={as_of}"));
        let options: Vec<&str> = as_of.as_deref().into_iter().collect();
        match what {
            "waits" => json!(self.archive.facts(&options).waits),
            "sessions" => json!(self.archive.facts(&options).sessions),
            "kpis" => {
                let names = KPIS.map(|kpi| kpi.name);
                json!(self.archive.kpi(&names, &self.query).as_oracle_rows(&self.query))
            }
            "unsubscribed" => {
                let query = Query { grain: "total".to_owned(), by: String::new(), ..self.query.clone() };
                Value::Object(self.archive.kpi(&[UNSUBSCRIBED], &query).total(UNSUBSCRIBED).clone())
            }
            other => panic!("a case expects {other}, which nobody knows how to ask for"),
        }
    }
}

/// The events of a case; what all of a case share is left out there. An explicit null stays null.
fn events(case: &Value) -> Log {
    let events = case["events"].as_array().expect("a case has events");
    let filled = |event: &Value| {
        let mut row: Row = Map::new();
        row.insert("source".to_owned(), json!("s"));
        row.insert("contact_id".to_owned(), json!("u1"));
        row.insert("conversation_id".to_owned(), json!("c1"));
        row.extend(event.as_object().expect("an event is an object").clone());
        row
    };
    Log::new(events.iter().map(filled).collect())
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path());
    let mut cases: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|name| name == "json")).collect();
    cases.sort();
    cases
}
