//! Values of dimensions as conditions.

use arrow::datatypes::{DataType, Schema};

use crate::definitions::{Definition, is_derived};
use crate::error::QueryError;
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
    let is_text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    // A dimension that the definition brings can be of any type.
    if schema.field_with_name(dimension).is_ok_and(|field| is_text(field.data_type())) {
        Ok(format!("{dimension} = {}", quoted(value)))
    } else {
        Ok(format!("CAST({dimension} AS VARCHAR) = {}", quoted(value)))
    }
}
