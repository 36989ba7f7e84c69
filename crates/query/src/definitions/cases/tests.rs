//! What tests of definitions may say, and what they find.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use serde_json::json;

use super::*;
use crate::definitions::{Definition, Definitions};

/// A definition with a test that has these keys.
fn loaded(test: &str) -> Result<Definition, QueryError> {
    let text = format!(
        "name = \"own\"\ntitle = \"Own\"\ndescription = \"Own.\"\ntable = \"messages\"\ntime = \"occurred_at\"\n\
         unit = \"messages\"\nbetter = \"neither\"\n[[measures]]\nname = \"n\"\ncount = true\n[[tests]]\nname = \"t\"\n\
         {test}\n"
    );
    let mut definitions = Definitions::built_in();
    definitions.load("own.toml", &text)?;
    Ok(definitions.get("own").unwrap().clone())
}

/// The events of such a test.
fn events(test: &str) -> Vec<Value> {
    let definition = loaded(&format!("expect = []\n{test}")).unwrap();
    definition.tests[0].events.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_a_test_leaves_out_is_filled_in() {
    let expected = [
        json!({"source": "test", "event_id": "1", "occurred_at": "2025-03-03T09:00:00Z", "event_type": "message",
            "conversation_id": "c", "contact_id": "p", "direction": "inbound", "author": "contact"}),
        json!({"source": "test", "event_id": "2", "occurred_at": "2025-03-03T09:00:30.5Z", "event_type": "message",
            "conversation_id": "c", "contact_id": "p", "direction": "outbound", "author": "bot", "private": true}),
        json!({"source": "test", "event_id": "3", "occurred_at": "2025-03-04T00:00:00+01:00", "event_type": "opted_out",
            "contact_id": "q"}),
    ];
    let columns = "events = \"\"\"\noccurred_at author private event_type contact_id\n09:00 - - - -\n\
        09:00:30.5 bot true - -\n2025-03-04T00:00:00+01:00 - - opted_out q\n\"\"\"";
    assert_eq!(events(columns), expected);
    let rows = "events = [\n{ occurred_at = 09:00:00 },\n{ occurred_at = \"09:00:30.5\", author = \"bot\", private = true },\n\
        { occurred_at = 2025-03-04T00:00:00+01:00, event_type = \"opted_out\", contact_id = \"q\" },\n]";
    assert_eq!(events(rows), expected);
    let lines = "events = \"\"\"\n{\"occurred_at\": \"09:00\"}\n\
        {\"occurred_at\": \"09:00:30.5\", \"author\": \"bot\", \"private\": true}\n\
        {\"occurred_at\": \"2025-03-04T00:00:00+01:00\", \"event_type\": \"opted_out\", \"contact_id\": \"q\"}\n\"\"\"";
    assert_eq!(events(lines), expected);
}

#[test]
fn mistakes_in_tests_are_shown_where_they_are() {
    for (test, expected) in [
        (
            "events = \"\"\"\noccurred_at autor\n09:00 x\n\"\"\"\nexpect = []",
            "own.toml, line 14: unknown field of an event \"autor\"; did you mean author?",
        ),
        (
            "events = [\n{ occurred_at = 09:00:00, autor = \"x\" },\n]\nexpect = []",
            "own.toml, line 13: unknown field of an event \"autor\"; did you mean author?",
        ),
        (
            "events = \"\"\"\noccurred_at author body\n09:00 contact a question\n\"\"\"\nexpect = []",
            "own.toml, line 15: the event has 4 cells for 3 columns; what has blanks in it goes into events = [{",
        ),
        (
            "events = \"\"\"\noccurred_at author\n09:00\n\"\"\"\nexpect = []",
            "own.toml, line 15: the event has 1 cells for 2 columns",
        ),
        ("events = \"\"\"\nauthor\nagent\n\"\"\"\nexpect = []", "own.toml, line 15: an event needs occurred_at"),
        ("events = \"\"\"\n{\"occurred_at\": 1\n\"\"\"\nexpect = []", "own.toml, line 14: an event is one JSON object"),
        ("events = []\ngrain = \"dya\"\nexpect = []", "own.toml, line 14: unknown grain \"dya\"; did you mean day?"),
        ("events = []\nexpect = [{ n = [] }]", "own.toml, line 14: n must be a number"),
        (
            "events = []\nexpect = [{ n = 1 }, {}]",
            "own.toml, line 14: an expected row has no field, and would hold for every row; write what it must have, \
             such as { n = 2 }, and expect = [] where no row comes",
        ),
        (
            "settings.sesion_gap = \"5h\"\nevents = []\nexpect = []",
            "own.toml, line 11: unknown setting \"sesion_gap\"; did you mean session_gap?",
        ),
        ("events = 7\nexpect = []", "write a text of NDJSON or of columns"),
    ] {
        let error = loaded(test).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n  expected: {expected}");
    }
}

#[test]
fn rows_are_compared_field_by_field() {
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("bucket", Arc::new(StringArray::from(vec!["total", "total"])) as ArrayRef, true),
        ("n", Arc::new(Int64Array::from(vec![Some(2), None])) as ArrayRef, true),
        ("mean_s", Arc::new(Float64Array::from(vec![Some(0.1 + 0.2), None])) as ArrayRef, true),
        ("at", Arc::new(StringArray::from(vec!["2025-03-03T09:00:00Z", "x"])) as ArrayRef, true),
    ])
    .unwrap();
    let expect = |rows: Value| -> Vec<Map<String, Value>> { serde_json::from_value(rows).unwrap() };
    let same = expect(json!([
        {"bucket": "total", "n": 2, "mean_s": 0.3, "at": "2025-03-03T10:00:00+01:00"},
        {"n": null, "mean_s": null, "at": "x"}
    ]));
    assert_eq!(differences(&same, &batch).unwrap(), Vec::<String>::new());
    let other = expect(json!([{"n": 3, "mean": 1}, {"n": 0}, {}]));
    assert_eq!(
        differences(&other, &batch).unwrap(),
        [
            "expected 3 rows, found 2 rows",
            "row 1: unknown field \"mean\"; did you mean mean_s? known are at, bucket, mean_s, n",
            "row 1: n is 2, expected 3",
            "row 2: n is null, expected 0",
            "found row 1: {\"at\":\"2025-03-03T09:00:00Z\",\"bucket\":\"total\",\"mean_s\":0.30000000000000004,\"n\":2}",
            "found row 2: {\"at\":\"x\",\"bucket\":\"total\",\"mean_s\":null,\"n\":null}",
        ]
    );
}
