//! A cell as conditions: the values of its dimensions, and what the user adds.

use arrow::datatypes::Schema;

use crate::definitions::{Definition, is_derived};
use crate::error::QueryError;
use crate::functions::is_text;
use crate::plan::sql::in_parens;
use crate::plan::targets::quoted;

/// The SQL conditions for the rows of a cell, one a dimension. `schema` is that of the definition's table; dimensions
/// are known to be the definition's.
///
/// # Errors
/// [`QueryError::BadCell`] for a weekday or an hour that there is not.
pub(super) fn conditions(
    definition: &Definition,
    schema: &Schema,
    cell: &[(String, Option<String>)],
) -> Result<Vec<String>, QueryError> {
    cell.iter().map(|(dimension, value)| condition(definition, schema, dimension, value.as_deref())).collect()
}

fn condition(
    definition: &Definition,
    schema: &Schema,
    dimension: &str,
    value: Option<&str>,
) -> Result<String, QueryError> {
    let Some(value) = value else { return Ok(format!("{dimension} IS NULL")) };
    if is_derived(dimension) {
        let there_are = if dimension == "day_of_week" { 1_i32..=7 } else { 0..=23 };
        let Some(number) = value.trim().parse::<i32>().ok().filter(|number| there_are.contains(number)) else {
            return Err(QueryError::BadCell {
                kpi: definition.name.clone(),
                dimension: dimension.to_owned(),
                value: value.to_owned(),
            });
        };
        return Ok(format!("{dimension} = {number}"));
    }
    // A dimension that the definition brings can be of any type.
    if schema.field_with_name(dimension).is_ok_and(|field| is_text(field.data_type())) {
        Ok(format!("{dimension} = {}", quoted(value)))
    } else {
        Ok(format!("CAST({dimension} AS VARCHAR) = {}", quoted(value)))
    }
}

/// The conditions of a cell and that of the user, each in brackets.
pub(super) fn with_filter(conditions: &[String], filter: Option<&str>) -> Vec<String> {
    let mut all: Vec<String> = conditions.iter().map(|condition| format!("({condition})")).collect();
    all.extend(filter.map(|filter| in_parens(filter, 4)));
    all
}

/// Conditions behind a table, each on a line.
pub(super) fn filtered(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!("\n  WHERE {}", conditions.join("\n    AND ")) }
}
