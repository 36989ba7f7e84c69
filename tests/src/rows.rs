//! When two rows are the same: text, integers and instants exactly, floats to 1e-9 relative.

use chrono::DateTime;
use serde_json::{Map, Number, Value};

/// One row: a JSON object.
pub type Row = Map<String, Value>;

/// The agreement between the oracle and the engine: sums of floats differ in their last digits by their order.
const RELATIVE: f64 = 1e-9;

/// The instant that an RFC 3339 text means, in microseconds since 1970 UTC; `None` for any other text.
pub fn instant_us(text: &str) -> Option<i64> {
    // Cheap first: most texts are names.
    let divided = matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' '));
    let parsed = divided.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten();
    parsed.map(|instant| instant.timestamp_micros())
}

/// Whether `got` is the value `want`: an integer is wanted exactly and as an integer, a float to 1e-9 relative, a text
/// letter for letter unless both are instants. Lists and objects must agree wholly.
pub fn same(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::String(want), Value::String(got)) => {
            want == got || matches!((instant_us(want), instant_us(got)), (Some(a), Some(b)) if a == b)
        }
        (Value::Number(want), Value::Number(got)) => same_number(want, got),
        (Value::Array(want), Value::Array(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| same(want, got))
        }
        (Value::Object(want), Value::Object(got)) => {
            want.len() == got.len() && want.iter().all(|(name, want)| got.get(name).is_some_and(|got| same(want, got)))
        }
        _ => want == got,
    }
}

/// Whether `got` holds what a case states: objects by the fields that the case names, lists by length and order.
pub fn matches(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            want.iter().all(|(name, want)| got.get(name).is_some_and(|got| matches(want, got)))
        }
        (Value::Array(want), Value::Array(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| matches(want, got))
        }
        _ => same(want, got),
    }
}

/// Asserts that two lists of rows agree row for row and column for column, and shows the first difference.
#[track_caller]
pub fn assert_same_rows(what: &str, want: &[Row], got: &[Row]) {
    for (row_idx, (want_row, got_row)) in want.iter().zip(got).enumerate() {
        for (name, want_value) in want_row {
            let got_value = got_row.get(name);
            assert!(
                got_value.is_some_and(|got_value| same(want_value, got_value)),
                "{what}: row {row_idx} (from 0), column {name}\n  want {}\n  got  {}",
                Value::Object(want_row.clone()),
                Value::Object(got_row.clone())
            );
        }
        let extra: Vec<&String> = got_row.keys().filter(|name| !want_row.contains_key(*name)).collect();
        assert!(extra.is_empty(), "{what}: row {row_idx} (from 0) has columns that nobody asked for: {extra:?}");
    }
    let first_left_over = want.get(got.len()).or_else(|| got.get(want.len())).cloned();
    assert!(
        want.len() == got.len(),
        "{what}: want {} rows, got {}; the first that only one side has is {}",
        want.len(),
        got.len(),
        Value::Object(first_left_over.unwrap_or_default())
    );
}

fn same_number(want: &Number, got: &Number) -> bool {
    if want.is_i64() || want.is_u64() {
        return want == got;
    }
    let (Some(want), Some(got)) = (want.as_f64(), got.as_f64()) else { return false };
    (want - got).abs() <= RELATIVE * want.abs().max(got.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instants_are_the_same_in_any_spelling_and_names_only_letter_for_letter() {
        assert!(same(&json!("2025-03-03T09:00:00.000000Z"), &json!("2025-03-03T10:00:00+01:00")));
        assert!(!same(&json!("2025-03-03T09:00:00.000000Z"), &json!("2025-03-03T09:00:00.000001Z")));
        assert!(!same(&json!("2025-03-03T14:00:00+0545"), &json!("2025-03-03T08:15:00+0000")));
        assert!(!same(&json!("c1"), &json!("C1")));
    }

    #[test]
    fn integers_are_exact_and_floats_relative() {
        assert!(!same(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)));
        assert!(!same(&json!(3), &json!(3.0)));
        assert!(same(&json!(3.0), &json!(3)));
        assert!(same(&json!(1e9), &json!(1e9 + 0.5)));
        assert!(!same(&json!(1e-3), &json!(1.000001e-3)));
        assert!(!same(&json!(0.0), &Value::Null));
    }

    #[test]
    fn a_case_states_only_the_fields_that_it_is_about() {
        assert!(matches(&json!([{"n": 1}]), &json!([{"n": 1, "mean_s": 2.0}])));
        assert!(!matches(&json!([{"n": 1}]), &json!([{"n": 1}, {"n": 2}])));
        assert!(!matches(&json!({"topic": null}), &json!({})));
    }
}
