//! JSON values, wherever they stand and wherever the stream is cut.

use serde_json::{Value, json};

use super::*;

const WRAPPERS: Framing = Framing::Json(&["conversations", "tickets"]);

/// What is found: `line:byte text` of every record, `line:byte reason: text` of what is broken; the same at every size of
/// block and read.
fn found(text: &[u8]) -> Vec<String> {
    let mut seen: Option<Vec<String>> = None;
    for block_bytes in [1, 2, 7, 64, 10_000] {
        for step in [1, 5, 10_000] {
            let mut found = Vec::new();
            for piece in pieces(text, WRAPPERS, block_bytes, step, MAX_RECORD_BYTES) {
                match piece {
                    Piece::Block(block) => {
                        for (record, at) in block.records() {
                            let byte = at.ordinal - 100;
                            found.push(format!("{}:{byte} {}", at.line - 7, String::from_utf8_lossy(record)));
                        }
                    }
                    Piece::Broken { reason, at, record } => {
                        let (line, byte) = (at.line - 7, at.ordinal - 100);
                        found.push(format!("{line}:{byte} {reason}: {}", String::from_utf8_lossy(&record)));
                    }
                }
            }
            assert_eq!(*seen.get_or_insert_with(|| found.clone()), found, "{block_bytes} {step}");
        }
    }
    seen.unwrap_or_default()
}

/// The values of records without their places; what is broken is text.
fn values(text: &str) -> Vec<Value> {
    let value = |found: String| {
        let (_, record) = found.split_once(' ').unwrap();
        serde_json::from_str(record).unwrap_or_else(|_| Value::from(record))
    };
    found(text.as_bytes()).into_iter().map(value).collect()
}

#[test]
fn values_are_found_in_streams_arrays_and_pages() {
    let (one, two) = (json!({"id": 1, "deep": [{"conversations": [1]}]}), json!({"id": 2, "text": "]}\\\" {["}));
    let page = json!({"type": "list", "tags": [[1], {}], "conversations": [one, two], "pages": {"next": [null]}});
    let both = [one.clone(), two.clone()];
    for text in [
        format!("{one}{two}"),
        format!("{one}\r\n\n{two}\n"),
        format!("{one:#}\n{two:#}"),
        format!("[{one},{two}]"),
        format!("[\n{one:#} ,\n{two:#}\n]\n"),
        format!("[[{one}],[{two}]]"),
        format!("{page}"),
        format!("{page:#}"),
        format!(r#"{{"conversations":[{one}],"x":{{"tickets":[3]}},"tickets":[{two}]}}"#),
        format!(r#"{{"conversations":[{one}]}}{{"tickets" : [ {two} ] }}"#),
        format!(r#"[{{"conversations":[{one}]}},{two}]"#),
        // Pages and arrays that were cut in two.
        format!("{one},{two}]"),
        format!(",{one},{two}\n]"),
        format!(r#"[{one},{two}"#),
        format!(r#"{{"conversations":[{one},{two},"#),
        format!(r#"{one},{two}],"pages":{{"next":1}}}}"#),
        format!("\u{feff}{one}\n\u{feff}{two}"),
    ] {
        assert_eq!(values(&text), both, "{text}");
    }
    for empty in ["", " \n", "[]", "[ ]\n", r#"{"conversations":[]}"#, r#"{"conversations": [ ], "pages": [{}]}"#, ","]
    {
        assert_eq!(values(empty), Vec::<Value>::new(), "{empty}");
    }
}

#[test]
fn a_key_of_pages_without_an_array_makes_no_page() {
    for record in [
        json!({"conversations": {"id": 1}, "x": []}),
        json!({"conversations": null, "x": [{"id": 1}]}),
        json!({"id": 1, "x": {"conversations": [{"id": 2}]}}),
        json!({"id": "conversations", "x": [1]}),
    ] {
        assert_eq!(values(&record.to_string()), std::slice::from_ref(&record));
        // Nor is an element of a page one.
        let element = json!({"conversations": [1], "id": 3});
        let page = json!({"tickets": [record, element]});
        assert_eq!(values(&page.to_string()), [record, element]);
    }
}

#[test]
fn records_have_their_places() {
    let text = b"[\n  {\"a\":\n1},\n\n {\"b\":2}, 3\n , \"x\" ]\n{\"c\":4}";
    assert_eq!(found(text), ["1:4 {\"a\":\n1}", "4:16 {\"b\":2}", "4:25 3", "5:30 \"x\"", "6:36 {\"c\":4}"]);
}

#[test]
fn what_is_no_value_is_given_to_the_reader() {
    assert_eq!(
        found(b"hello {x}\n}}\n: \"b\" tru"),
        ["0:0 hello", "0:6 {x}", "1:10 }}", "2:13 :", "2:15 \"b\"", "2:19 tru"]
    );
    assert_eq!(found(b"[{\"a\":1,},{\"b\":2}]"), ["0:1 {\"a\":1,}", "0:10 {\"b\":2}"]);
    assert_eq!(found(b"{\"a\":1}}\n{\"b\":2}"), ["0:0 {\"a\":1}", "0:7 }", "1:9 {\"b\":2}"]);
}

#[test]
fn behind_a_broken_record_reading_goes_on_at_a_line_like_its_own() {
    let rest = "\n  },\n  {\n    \"id\": 2\n  }\n]\n";
    // A text without end, a bracket too few, a bracket of another kind.
    for broken in [r#"{ "id": 1, "t": "abc"#, r#"{ "id": 1, "x": {"y": 2"#, r#"{ "id": 1, "x": [2}"#] {
        let text = format!("[\n  {broken}{rest}");
        let next = text.find("  {\n").unwrap() + 2;
        let line = text[..next].matches('\n').count();
        assert_eq!(
            found(text.as_bytes()),
            [format!("1:4 broken JSON: {broken}\n  }},"), format!("{line}:{next} {{\n    \"id\": 2\n  }}")]
        );
    }
    // On lines of their own each costs itself.
    assert_eq!(found(b"{abc\n{\"a\":1}\n{abc\n"), ["0:0 broken JSON: {abc", "1:5 {\"a\":1}", "2:13 broken JSON: {abc"]);
    let pages = b"{\"tickets\":[{\"id\":1},{\"id\":[}]}\n{\"tickets\":[{\"id\":3}]}\n";
    assert_eq!(found(pages), ["0:12 {\"id\":1}", "0:21 broken JSON: {\"id\":[}]}", "1:44 {\"id\":3}"]);
    // No such line: the rest goes with it.
    assert_eq!(found(b"[{\"a\":1},{\"b\":[},{\"c\":2}]\n"), ["0:1 {\"a\":1}", "0:9 broken JSON: {\"b\":[},{\"c\":2}]"]);
    assert_eq!(found(b"{\"a\":1}\n{\"b\":\"x"), ["0:0 {\"a\":1}", "1:8 broken JSON: {\"b\":\"x"]);
}

#[test]
fn nesting_without_end_is_no_record() {
    let text = [&b"{\"a\":"[..], &b"[".repeat(600), b"\n{\"b\":2}"].concat();
    let found = found(&text);
    assert!(found[0].starts_with("0:0 broken JSON: {\"a\":[[["), "{}", found[0]);
    assert_eq!(found[1..], ["1:606 {\"b\":2}"]);
}

#[test]
fn a_value_over_the_limit_is_given_up_alone() {
    let long = "x".repeat(30);
    for block_bytes in [1, 8] {
        let lines = |text: &str| described(text.as_bytes(), WRAPPERS, block_bytes, 12).concat();
        let text = format!("{{\"a\":1}}\n{{\"b\":\"{long}\"}}{{\"c\":2}}\n{{\"d\":3}}");
        let expected = format!("{{\"a\":1}}\nlonger than 64 MiB at 8: {{\"b\":\"{long}\"}}{{\"c\":2}}\n{{\"d\":3}}");
        assert_eq!(lines(&text), expected);
        let text = format!("[{{\"a\":1}},{{\"b\":\"{long}\"}},{{\"c\":2}}]");
        let expected = format!("[{{\"a\":1}},longer than 64 MiB at 7: {{\"b\":\"{long}\"}},{{\"c\":2}}]");
        assert_eq!(lines(&text), expected);
        // A value of just the limit is read.
        assert_eq!(lines("{\"a\":12345}x"), "{\"a\":12345}x");
    }
}

/// Damage anywhere: all bytes are accounted for, and the same is found whatever the blocks ([`found`] asserts both).
#[test]
fn damage_is_read_alike_at_every_size_of_block() {
    let text = json!([{"id": 1, "t": "a\"b"}, {"id": 2, "x": [{"y": null}]}, {"conversations": [3, {"id": 4}]}]);
    for text in [text.to_string(), format!("{text:#}")] {
        for at in 0..text.len() {
            for change in ["", "}", "]", "\"", "\n", "\\", ","] {
                let damaged = [&text.as_bytes()[..at], change.as_bytes(), &text.as_bytes()[at + 1..]].concat();
                found(&damaged);
            }
        }
    }
}
