//! A quarter of a million real messages: the numbers of the data's README, to the last digit, and the oracle's for the rest.

use flate2::read::GzDecoder;
use std::io::Read;
use tapemeasure_tests::{Archive, KpiLines, Log, Oracle, Query, Rules, Run, shared};

/// A float of a KPI's row as it was printed: a JSON reader may be off by the last digit.
fn printed(run: &Run, kpi: &str, field: &str) -> f64 {
    let of_kpi = format!("\"{kpi}\"");
    let name = format!("\"{field}\":");
    let line = run.text().lines().find(|line| line.contains(&of_kpi)).unwrap_or_else(|| panic!("no row of {kpi}"));
    let (_, after) = line.split_once(&name).unwrap_or_else(|| panic!("no {field} in {line}"));
    let number = after.trim_start().split([',', '}']).next().unwrap_or_default().trim();
    number.parse().unwrap_or_else(|error| panic!("{field} of {kpi} is {number}: {error}"))
}

#[test]
fn the_numbers_are_those_of_the_readme_to_the_last_digit() {
    let Some(path) = shared("data/chitchat/events.ndjson.gz") else { return };
    let archive = Archive::new();
    let summary = archive.ingest(&[&path], &[]);
    assert_eq!([summary.count("read"), summary.count("accepted")], [258_145, 258_145]);

    let query = Query::default();
    let run = archive.kpi_run(&[], &query).done();
    let lines = KpiLines::of(&run, &query);
    let volume = lines.total("message_volume_by_channel");
    assert_eq!(volume["inbound"], 139_514);
    assert_eq!(volume["agent"], 118_631);
    assert_eq!(volume["bot"], 0);
    assert_eq!(lines.total("inbound_message_volume")["messages"], 139_514);
    assert_eq!(lines.total("inbound_message_volume")["conversations"], 7_168);

    assert_eq!(lines.total("average_response_time")["n"], 66_896);
    assert_eq!(printed(&run, "average_response_time", "mean_s"), 167.01433568524277);
    assert_eq!(printed(&run, "average_response_time", "p50_s"), 27.0);
    assert_eq!(printed(&run, "average_response_time", "p90_s"), 113.0);

    let first = lines.total("first_response_time");
    assert_eq!(first["n"], 4_018);
    assert_eq!(first["n_open"], 3_150);
    assert_eq!(printed(&run, "first_response_time", "mean_s"), 1733.4001991040318);
}

#[test]
fn every_other_number_is_that_of_the_oracle() {
    let Some(path) = shared("data/chitchat/events.ndjson.gz") else { return };
    let Some(oracle) = Oracle::find() else { return };
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let log = Log::from_ndjson(&text);
    let archive = Archive::new();
    archive.ingest(&[&path], &[]);
    let by_month_and_hour =
        Query { by: "hour_of_day".to_owned(), zone: "America/New_York".to_owned(), ..Query::grain("month") };
    for query in [Query::default(), by_month_and_hour] {
        oracle.assert_kpis("chitchat", &log, &Rules::default(), &query, &archive);
    }
}
