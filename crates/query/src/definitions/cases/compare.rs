//! The rows that must come against those that come.

use arrow::array::RecordBatch;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use serde_json::{Map, Value};
use tapemeasure_model::instant::parse_instant;

use crate::definitions::written::unknown;
use crate::error::QueryError;

/// How far apart two fractions may be, of the larger one: sums of fractions depend on their order.
const TOLERANCE: f64 = 1e-9;

/// What differs, a line each; none if the rows are those that are expected. Rows are compared in their order, of each
/// the fields that `expect` names. Instants are equal if they are the same moment.
///
/// # Errors
/// [`QueryError::Internal`] if the rows cannot be written.
pub fn differences(expect: &[Map<String, Value>], found: &RecordBatch) -> Result<Vec<String>, QueryError> {
    let rows = rows(found)?;
    let mut lines = Vec::new();
    if rows.len() != expect.len() {
        lines.push(format!("expected {}, found {}", of_rows(expect.len()), of_rows(rows.len())));
    }
    for (row_idx, (expected, row)) in expect.iter().zip(&rows).enumerate() {
        for (name, value) in expected {
            match row.get(name) {
                None => {
                    let known: Vec<&str> = row.keys().map(String::as_str).collect();
                    lines.push(format!("row {}: {}", row_idx + 1, unknown("field", name, &known)));
                }
                Some(got) if is_same(value, got) => {}
                Some(got) => lines.push(format!("row {}: {name} is {got}, expected {value}", row_idx + 1)),
            }
        }
    }
    if !lines.is_empty() {
        lines.extend(
            rows.into_iter()
                .enumerate()
                .map(|(row_idx, row)| format!("found row {}: {}", row_idx + 1, Value::Object(row))),
        );
    }
    Ok(lines)
}

fn of_rows(n: usize) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{n} rows") }
}

fn rows(batch: &RecordBatch) -> Result<Vec<Map<String, Value>>, QueryError> {
    let doing = "writing the rows of a test";
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut bytes);
    writer.write(batch).and_then(|()| writer.finish()).map_err(|error| QueryError::of_engine(doing, error.into()))?;
    drop(writer);
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in serde_json::Deserializer::from_slice(&bytes).into_iter::<Map<String, Value>>() {
        rows.push(row.map_err(|error| {
            QueryError::of_engine(doing, datafusion::error::DataFusionError::External(error.into()))
        })?);
    }
    Ok(rows)
}

fn is_same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0),
            _ => a == b,
        },
        (Value::String(a), Value::String(b)) if a != b => match (parse_instant(a), parse_instant(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        },
        (a, b) => a == b,
    }
}
