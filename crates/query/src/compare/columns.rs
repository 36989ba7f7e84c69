//! Both sides to one result.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::error::DataFusionError;

use super::sides::{Side, SideRow};
use super::{Other, Others};
use crate::definitions::{Better, Definition};
use crate::error::QueryError;
use crate::plan::KpiResult;
use crate::verdict::{Verdict, between};

/// The verdict about two sides that are the same.
pub(super) const EQUAL: &str = "equal";

/// The verdict about a side that is not over, where the other cannot be cut to the same part.
pub(super) const INCOMPLETE: &str = "incomplete";

/// Values this close to each other, relative to the larger, are equal: sums of many numbers differ in their last digits.
const TOLERANCE: f64 = 1e-9;

/// The columns that a comparison adds, in their order.
pub(super) fn names(definition: &Definition) -> [String; 6] {
    [
        "other_bucket".to_owned(),
        format!("other_{}", definition.headline),
        "other_n".to_owned(),
        "difference".to_owned(),
        "ratio".to_owned(),
        "verdict".to_owned(),
    ]
}

/// Adds the other side to a result, before its last column, which says what is provisional.
///
/// # Errors
/// [`QueryError::Internal`] if the sides do not fit each other.
pub(super) fn joined(
    mut result: KpiResult,
    side: &Side,
    others: Others,
    definition: &Definition,
) -> Result<KpiResult, QueryError> {
    let doing = QueryError::while_doing("joining the sides of a comparison");
    result.batch = batch(&result.batch, side, &others, definition).map_err(doing)?;
    if let Some(sql) = others.sql {
        result.sql = format!("{}\n\n-- the other side\n{}", result.sql.trim_end(), sql.trim_end());
    }
    if let Some(served_by) = others.served_by.filter(|served_by| *served_by != result.served_by) {
        result.served_by = format!("{}; the other side: {served_by}", result.served_by);
    }
    result.notes.extend(others.notes);
    Ok(result)
}

fn batch(
    this: &RecordBatch,
    side: &Side,
    others: &Others,
    definition: &Definition,
) -> Result<RecordBatch, DataFusionError> {
    let rows = || side.rows.iter().zip(&others.rows);
    let values = others.rows.iter().map(|other| other.value);
    let headline: ArrayRef = if side.whole_numbers {
        Arc::new(values.map(|value| value.map(|value| value as i64)).collect::<Int64Array>())
    } else {
        Arc::new(values.collect::<Float64Array>())
    };
    let columns: [ArrayRef; 6] = [
        Arc::new(others.rows.iter().map(|other| other.bucket.as_deref()).collect::<StringArray>()),
        headline,
        Arc::new(others.rows.iter().map(|other| other.n).collect::<Int64Array>()),
        Arc::new(rows().map(|(row, other)| apart(row, other).0).collect::<Float64Array>()),
        Arc::new(rows().map(|(row, other)| apart(row, other).1).collect::<Float64Array>()),
        Arc::new(
            rows().map(|(row, other)| verdict(definition, row, other, others.counts_rows)).collect::<StringArray>(),
        ),
    ];
    let (mut fields, mut all): (Vec<FieldRef>, Vec<ArrayRef>) =
        (this.schema_ref().fields().iter().cloned().collect(), this.columns().to_vec());
    let last = fields.len().saturating_sub(1);
    let added = names(definition).into_iter().zip(columns);
    for (place, (name, column)) in added.enumerate() {
        fields.insert(last + place, Arc::new(Field::new(name, column.data_type().clone(), true)));
        all.insert(last + place, column);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), all)?)
}

/// Difference and ratio of a row: those that are known already, else those of the headlines.
fn apart(row: &SideRow, other: &Other) -> (Option<f64>, Option<f64>) {
    other.between.unwrap_or_else(|| between(row.value, other.value))
}

/// Which way a row differs (kpi-rules B2). Null where neither way is better. A definition that names no `n` has no least
/// number of rows.
fn verdict(definition: &Definition, row: &SideRow, other: &Other, counts_rows: bool) -> Option<&'static str> {
    if other.verdict.is_some() {
        return other.verdict;
    }
    let lower_is_better = match definition.better {
        Better::Lower => true,
        Better::Higher => false,
        Better::Neither => return None,
    };
    let is_enough = |n: Option<i64>| n.is_some_and(|n| u64::try_from(n).is_ok_and(|n| n >= definition.min_n));
    let (Some(value), Some(than)) = (row.value, other.value) else { return Some(Verdict::TooFew.as_str()) };
    if definition.n.is_some() && !(is_enough(row.n) && (is_enough(other.n) || !counts_rows)) {
        return Some(Verdict::TooFew.as_str());
    }
    if (value - than).abs() <= TOLERANCE * value.abs().max(than.abs()) {
        return Some(EQUAL);
    }
    Some(if (value < than) == lower_is_better { Verdict::Better.as_str() } else { Verdict::Worse.as_str() })
}
