//! Which time is held against which, worked with a calendar and Python's `zoneinfo`; what a comparison can be.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use tapemeasure_model::instant::{format_instant, parse_instant};
use tapemeasure_model::zone::{Buckets, Grain, Month, Offsets, WeekStart, Zone};

use super::align::{Aligned, Earlier, LocalClock, Stretch};
use super::sides::Side;
use super::{Comparison, Other, Others, columns, compared, with_headline};
use crate::definitions::{Better, Definitions};
use crate::error::QueryError;
use crate::plan::{KpiRequest, KpiResult};

fn us(text: &str) -> i64 {
    parse_instant(text).unwrap()
}

/// A local clock as of the last instant before `end`.
fn clock(zone: &str, grain: Grain, end: &str) -> LocalClock {
    let zone = Zone::parse(zone).unwrap();
    let (from, to) = (us("2022-01-01T00:00:00Z"), us("2026-12-31T00:00:00Z"));
    let buckets = Buckets::new(&zone, grain, WeekStart::Monday, from, to).with_fiscal_year_start(Month::April);
    LocalClock { buckets: Arc::new(buckets), offsets: Offsets::new(&zone, from, to), end_us: us(end) }
}

const LATER: &str = "2026-06-01T00:00:00Z";

/// A stretch as `first instant, first instant after it, whether it was cut`.
fn spelled(aligned: Aligned) -> String {
    match aligned {
        Aligned::With(Stretch { since_us, until_us, cut, .. }) => {
            let short = |us: i64| format_instant(us).replace(".000000Z", "Z");
            format!("{} {}{}", short(since_us), short(until_us), if cut { " cut" } else { "" })
        }
        Aligned::Nothing => "nothing".to_owned(),
        Aligned::NotBegun => "not begun".to_owned(),
    }
}

/// The bucket of Berlin that holds an instant, whole.
#[track_caller]
fn bucket(grain: Grain, earlier: Earlier, at: &str, end: &str, expected: &str) {
    let clock = clock("Europe/Berlin", grain, end);
    let id = clock.buckets.id(us(at));
    let found = clock.bucket(id, clock.buckets.bounds(id), earlier).unwrap();
    assert_eq!(spelled(found), expected, "{grain} {earlier:?} {at}");
}

/// A period in Berlin.
#[track_caller]
fn period(earlier: Earlier, since: &str, until: &str, end: &str, expected: &str) {
    let found = clock("Europe/Berlin", Grain::Total, end).period((us(since), us(until)), earlier).unwrap();
    assert_eq!(spelled(found), expected, "{earlier:?} {since}");
}

#[test]
fn before_a_bucket_comes_the_one_before_whatever_clocks_do() {
    use Earlier::Previous;
    // The days of spring and autumn have 23 and 25 hours, on either side.
    bucket(Grain::Day, Previous, "2025-03-30T12:00:00Z", LATER, "2025-03-28T23:00:00Z 2025-03-29T23:00:00Z");
    bucket(Grain::Day, Previous, "2025-03-31T12:00:00Z", LATER, "2025-03-29T23:00:00Z 2025-03-30T22:00:00Z");
    bucket(Grain::Day, Previous, "2025-10-27T12:00:00Z", LATER, "2025-10-25T22:00:00Z 2025-10-26T23:00:00Z");
    bucket(Grain::Week, Previous, "2025-04-02T12:00:00Z", LATER, "2025-03-23T23:00:00Z 2025-03-30T22:00:00Z");
    bucket(Grain::Month, Previous, "2025-04-15T12:00:00Z", LATER, "2025-02-28T23:00:00Z 2025-03-31T22:00:00Z");
    bucket(Grain::Month, Previous, "2025-11-15T12:00:00Z", LATER, "2025-09-30T22:00:00Z 2025-10-31T23:00:00Z");
    bucket(Grain::Quarter, Previous, "2025-01-15T12:00:00Z", LATER, "2024-09-30T22:00:00Z 2024-12-31T23:00:00Z");
    bucket(Grain::Year, Previous, "2025-01-15T12:00:00Z", LATER, "2023-12-31T23:00:00Z 2024-12-31T23:00:00Z");
    bucket(Grain::FiscalYear, Previous, "2025-05-15T12:00:00Z", LATER, "2024-03-31T22:00:00Z 2025-03-31T22:00:00Z");
    // The second hour from two to three of an autumn night comes after the first.
    bucket(Grain::Hour, Previous, "2025-10-26T01:30:00Z", LATER, "2025-10-26T00:00:00Z 2025-10-26T01:00:00Z");
}

#[test]
fn a_year_before_is_by_date_or_by_weekday() {
    use Earlier::Year;
    // A February of 29 days and one of 28, both ways.
    bucket(Grain::Month, Year, "2024-02-15T12:00:00Z", LATER, "2023-01-31T23:00:00Z 2023-02-28T23:00:00Z");
    bucket(Grain::Month, Year, "2025-02-15T12:00:00Z", LATER, "2024-01-31T23:00:00Z 2024-02-29T23:00:00Z");
    bucket(Grain::Quarter, Year, "2025-02-15T12:00:00Z", LATER, "2023-12-31T23:00:00Z 2024-03-31T22:00:00Z");
    // 29 February 2024 was a Thursday, as 2 March 2023; Monday 24 March 2025 answers Monday 25 March 2024.
    bucket(Grain::Day, Year, "2024-02-29T12:00:00Z", LATER, "2023-03-01T23:00:00Z 2023-03-02T23:00:00Z");
    bucket(Grain::Week, Year, "2025-03-25T12:00:00Z", LATER, "2024-03-24T23:00:00Z 2024-03-31T22:00:00Z");
    period(Year, "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z", LATER, "2023-01-31T23:00:00Z 2023-02-28T23:00:00Z");
    period(Year, "2024-02-28T23:00:00Z", "2024-02-29T23:00:00Z", LATER, "2023-03-01T23:00:00Z 2023-03-02T23:00:00Z");
}

#[test]
fn a_week_before_has_the_same_clock_or_nothing() {
    use Earlier::Weekday;
    bucket(Grain::Day, Weekday, "2025-04-01T12:00:00Z", LATER, "2025-03-24T23:00:00Z 2025-03-25T23:00:00Z");
    bucket(Grain::Hour, Weekday, "2025-03-30T01:30:00Z", LATER, "2025-03-23T02:00:00Z 2025-03-23T03:00:00Z");
    // A week before there was no hour from two to three, or there were two: the first counts.
    bucket(Grain::Hour, Weekday, "2025-04-06T00:30:00Z", LATER, "nothing");
    bucket(Grain::Hour, Weekday, "2025-11-02T01:30:00Z", LATER, "2025-10-26T00:00:00Z 2025-10-26T01:00:00Z");
    let months = clock("Europe/Berlin", Grain::Month, LATER);
    let id = months.buckets.id(us("2025-04-15T12:00:00Z"));
    assert_eq!(months.bucket(id, months.buckets.bounds(id), Weekday), None);
    period(Weekday, "2025-03-30T22:00:00Z", "2025-04-06T22:00:00Z", LATER, "2025-03-23T23:00:00Z 2025-03-30T22:00:00Z");
    let total = clock("Europe/Berlin", Grain::Total, LATER);
    assert_eq!(total.period((us("2025-03-30T22:00:00Z"), us("2025-04-07T22:00:00Z")), Weekday), None);
}

#[test]
fn a_day_whose_midnight_is_skipped_is_still_a_day() {
    // São Paulo's 4 November 2018 began at 01:00, 03:00 UTC.
    let zone = Zone::parse("America/Sao_Paulo").unwrap();
    let (from, to) = (us("2018-01-01T00:00:00Z"), us("2018-12-31T00:00:00Z"));
    let buckets = Arc::new(Buckets::new(&zone, Grain::Day, WeekStart::Monday, from, to));
    let clock = LocalClock { buckets, offsets: Offsets::new(&zone, from, to), end_us: to };
    let found = |at: &str, earlier| {
        let id = clock.buckets.id(us(at));
        spelled(clock.bucket(id, clock.buckets.bounds(id), earlier).unwrap())
    };
    assert_eq!(found("2018-11-11T12:00:00Z", Earlier::Weekday), "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z");
    assert_eq!(found("2018-11-04T12:00:00Z", Earlier::Weekday), "2018-10-28T03:00:00Z 2018-10-29T03:00:00Z");
    assert_eq!(found("2018-11-05T12:00:00Z", Earlier::Previous), "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z");
}

#[test]
fn a_period_has_the_shape_of_the_one_before() {
    use Earlier::Previous;
    // March, the first quarter, a day of 23 hours, a week.
    period(
        Previous,
        "2025-02-28T23:00:00Z",
        "2025-03-31T22:00:00Z",
        LATER,
        "2025-01-31T23:00:00Z 2025-02-28T23:00:00Z",
    );
    period(
        Previous,
        "2024-12-31T23:00:00Z",
        "2025-03-31T22:00:00Z",
        LATER,
        "2024-09-30T22:00:00Z 2024-12-31T23:00:00Z",
    );
    period(
        Previous,
        "2025-03-29T23:00:00Z",
        "2025-03-30T22:00:00Z",
        LATER,
        "2025-03-28T23:00:00Z 2025-03-29T23:00:00Z",
    );
    period(
        Previous,
        "2025-03-30T22:00:00Z",
        "2025-04-06T22:00:00Z",
        LATER,
        "2025-03-23T23:00:00Z 2025-03-30T22:00:00Z",
    );
    // Any other has the same length.
    period(
        Previous,
        "2025-03-10T09:00:00Z",
        "2025-03-11T10:00:00Z",
        LATER,
        "2025-03-09T08:00:00Z 2025-03-10T09:00:00Z",
    );
}

#[test]
fn what_is_running_is_held_against_as_much_of_the_other() {
    use Earlier::{Previous, Year};
    let march = ("2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z");
    // 20 March, 14:00 local; 20 February, 14:00.
    period(
        Previous,
        march.0,
        march.1,
        "2025-03-20T13:00:00.000001Z",
        "2025-01-31T23:00:00Z 2025-02-20T13:00:00.000001Z cut",
    );
    bucket(
        Grain::Month,
        Previous,
        "2025-03-20T12:00:00Z",
        "2025-03-20T13:00:00.000001Z",
        "2025-01-31T23:00:00Z 2025-02-20T13:00:00.000001Z cut",
    );
    // February has no 30th: its end. The clock of 30 March is at UTC+2, that of a year before, a Saturday, at UTC+1.
    period(Previous, march.0, march.1, "2025-03-30T12:00:00Z", "2025-01-31T23:00:00Z 2025-02-28T23:00:00Z cut");
    period(Year, march.0, march.1, "2025-03-30T12:00:00Z", "2024-02-29T23:00:00Z 2024-03-30T13:00:00Z cut");
    bucket(
        Grain::Day,
        Previous,
        "2025-03-30T09:00:00Z",
        "2025-03-30T10:00:00Z",
        "2025-03-28T23:00:00Z 2025-03-29T11:00:00Z cut",
    );
    bucket(Grain::Day, Previous, "2025-03-30T09:00:00Z", "2025-03-29T23:00:00Z", "not begun");
    period(Previous, march.0, march.1, "2025-02-28T23:00:00Z", "not begun");
}

#[test]
fn a_bucket_that_the_period_cuts_is_held_against_the_same_part() {
    let clock = clock("Europe/Berlin", Grain::Month, LATER);
    let id = clock.buckets.id(us("2025-03-15T12:00:00Z"));
    // From 10 March, 00:00 local, on; to 21 March, 00:00.
    let part = (us("2025-03-09T23:00:00Z"), us("2025-03-20T23:00:00Z"));
    let found = clock.bucket(id, part, Earlier::Previous).unwrap();
    assert_eq!(spelled(found), "2025-02-09T23:00:00Z 2025-02-20T23:00:00Z");
    assert!(matches!(found, Aligned::With(Stretch { whole: false, cut: false, .. })), "{found:?}");
}

#[test]
fn instants_are_shown_on_the_local_clock() {
    let clock = clock("Asia/Kathmandu", Grain::Total, LATER);
    assert_eq!(clock.shown(us("2025-03-02T18:15:00Z")), "2025-03-03");
    assert_eq!(clock.shown(us("2025-03-02T18:15:01.5Z")), "2025-03-03T00:00:01.500000+05:45");
}

#[test]
fn comparisons_are_read_and_written() {
    let dimension = |name: &str, value: Option<&str>| Comparison::Dimension {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    for (text, expected) in [
        ("previous", Comparison::Previous),
        ("year", Comparison::Year),
        ("weekday", Comparison::Weekday),
        ("target", Comparison::Target),
        ("baseline:before the move", Comparison::Baseline("before the move".to_owned())),
        ("channel=email", dimension("channel", Some("email"))),
        ("topic=a=b", dimension("topic", Some("a=b"))),
        ("topic=", dimension("topic", None)),
    ] {
        assert_eq!(Comparison::parse(text).unwrap(), expected, "{text}");
        assert_eq!(expected.to_string(), text);
    }
    let error = Comparison::parse("prevoius").unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown comparison \"prevoius\"; did you mean previous? known are previous, year, weekday, target, \
         baseline:NAME, DIMENSION=VALUE"
    );
    let error = Comparison::parse("baseline:").unwrap_err();
    assert!(matches!(error, QueryError::UnknownComparison { meant, .. } if meant.name() == Some("baseline:NAME")));
    assert!(matches!(Comparison::parse("=email"), Err(QueryError::UnknownComparison { .. })));
}

#[test]
fn headline_and_n_are_asked_for_where_fields_are() {
    let definitions = Definitions::built_in();
    let definition = definitions.get("first_response_time").unwrap();
    assert_eq!(compared(definition), ["mean_s", "n"]);
    assert_eq!(compared(definitions.get("inbound_message_volume").unwrap()), ["messages"]);
    let request = KpiRequest { measures: Some(vec!["p90_s".to_owned()]), ..KpiRequest::new("first_response_time") };
    assert_eq!(with_headline(&request, definition).measures.unwrap(), ["p90_s", "mean_s", "n"]);
    let all = with_headline(&KpiRequest::new("first_response_time"), definition);
    assert_eq!(all.measures, None);
}

/// One row a case: this side, the other side, and the columns that come of it.
#[test]
fn differences_ratios_and_verdicts_are_those_of_two_numbers() {
    // value, n, other value, other n, difference, ratio, verdict where lower is better and 30 rows are enough.
    type Case = (Option<f64>, i64, Option<f64>, Option<i64>, Option<f64>, Option<f64>, &'static str);
    let cases: [Case; 7] = [
        (Some(300.0), 40, Some(400.0), Some(50), Some(-100.0), Some(0.75), "better"),
        (Some(500.0), 40, Some(400.0), Some(30), Some(100.0), Some(1.25), "worse"),
        (Some(400.0), 40, Some(400.0), Some(50), Some(0.0), Some(1.0), "equal"),
        (Some(300.0), 29, Some(400.0), Some(50), Some(-100.0), Some(0.75), "too few"),
        (Some(300.0), 40, Some(400.0), Some(29), Some(-100.0), Some(0.75), "too few"),
        (Some(300.0), 40, Some(0.0), Some(50), Some(300.0), None, "worse"),
        (None, 0, None, None, None, None, "too few"),
    ];
    let batch = RecordBatch::try_from_iter([
        ("bucket", Arc::new(StringArray::from(vec!["total"; cases.len()])) as ArrayRef),
        ("n", Arc::new(cases.iter().map(|case| Some(case.1)).collect::<Int64Array>()) as ArrayRef),
        ("mean_s", Arc::new(cases.iter().map(|case| case.0).collect::<Float64Array>()) as ArrayRef),
        ("provisional", Arc::new(BooleanArray::from(vec![false; cases.len()])) as ArrayRef),
    ])
    .unwrap();
    let definitions = Definitions::built_in();
    let definition = definitions.get("first_response_time").unwrap();
    let rows = cases.iter().map(|case| Other { value: case.2, n: case.3, ..Other::default() });
    let others = |counts_rows: bool| Others {
        rows: rows.clone().collect(),
        sql: Some("SELECT 2".to_owned()),
        served_by: None,
        notes: vec!["compared".to_owned()],
        counts_rows,
    };
    let result = || KpiResult {
        batch: batch.clone(),
        sql: "SELECT 1".to_owned(),
        served_by: "waits".to_owned(),
        notes: vec!["first".to_owned()],
    };
    let side = Side::read(&batch, 0, definition).unwrap();
    let found = columns::joined(result(), &side, others(true), definition).unwrap();
    let names: Vec<&str> = found.batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    let added = ["other_bucket", "other_mean_s", "other_n", "difference", "ratio", "verdict"];
    assert_eq!(names, [&["bucket", "n", "mean_s"][..], &added[..], &["provisional"][..]].concat());
    assert_eq!(found.sql, "SELECT 1\n\n-- the other side\nSELECT 2");
    assert_eq!(found.notes, ["first", "compared"]);
    let float = |name: &str, row: usize| {
        let column = found.batch.column_by_name(name).unwrap().as_primitive::<Float64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let verdicts = |batch: &RecordBatch| -> Vec<Option<String>> {
        let column = batch.column_by_name("verdict").unwrap().as_string::<i32>();
        column.iter().map(|verdict| verdict.map(str::to_owned)).collect()
    };
    for (row, case) in cases.iter().enumerate() {
        assert_eq!(float("other_mean_s", row), case.2, "row {row}");
        let n = found.batch.column_by_name("other_n").unwrap().as_primitive::<Int64Type>();
        assert_eq!(n.is_valid(row).then(|| n.value(row)), case.3, "row {row}");
        assert_eq!((float("difference", row), float("ratio", row)), (case.4, case.5), "row {row}");
        assert_eq!(verdicts(&found.batch)[row].as_deref(), Some(case.6), "row {row}");
    }
    // A target rests on no rows; where more is better, the verdict turns; where neither is, there is none.
    let target = columns::joined(result(), &side, others(false), definition).unwrap();
    assert_eq!(verdicts(&target.batch)[4].as_deref(), Some("better"));
    let mut other = definition.clone();
    other.better = Better::Higher;
    let higher = columns::joined(result(), &side, others(true), &other).unwrap();
    assert_eq!(verdicts(&higher.batch)[0].as_deref(), Some("worse"));
    other.better = Better::Neither;
    let neither = columns::joined(result(), &side, others(true), &other).unwrap();
    assert_eq!(verdicts(&neither.batch), vec![None; cases.len()]);
}
