//! Lists and structs as JSON text, for formats whose cells hold one value.
//!
//! ```text
//! list    struct             list    struct
//! [1, 2]  {n: 3}      ──►    [1,2]   {"n":3}
//! null    null               null    null
//! ```

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::error::ArrowError;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;

/// The only column of the rows that are written.
const CELL: &str = "cell";

/// What stands before a value in its row.
const BEFORE: &str = "{\"cell\":";

/// What stands behind it.
const BEHIND: &str = "}";

/// A batch with JSON text in the place of lists, structs and maps; null stays null.
///
/// # Errors
/// A column has a type that JSON does not have.
pub fn plain(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    if !schema.fields().iter().any(|field| field.data_type().is_nested()) {
        return Ok(batch.clone());
    }
    let mut fields: Vec<FieldRef> = Vec::with_capacity(batch.num_columns());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if field.data_type().is_nested() {
            fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
            columns.push(Arc::new(texts(column)?));
        } else {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The values of a column as JSON.
fn texts(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let rows = RecordBatch::try_from_iter_with_nullable([(CELL, Arc::clone(column), true)])?;
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut bytes);
    writer.write(&rows)?;
    writer.finish()?;
    drop(writer);
    let lines = String::from_utf8_lossy(&bytes);
    let texts = lines.lines().map(|line| {
        let text = line.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(BEHIND));
        let value = text.map(|text| (text != "null").then_some(text));
        value.ok_or_else(|| ArrowError::JsonError(format!("{line} is no row of one value")))
    });
    Ok(StringArray::from(texts.collect::<Result<Vec<Option<&str>>, ArrowError>>()?))
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, ListArray, StructArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn lists_and_structs_are_json_and_the_rest_stays() {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a \"b\"\n"), None, Some("null")]));
        let structs = StructArray::from(vec![(Arc::new(Field::new("t", DataType::Utf8, true)), text)]);
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("list", Arc::new(lists) as ArrayRef, true),
            ("n", Arc::clone(&numbers), false),
            ("struct", Arc::new(structs) as ArrayRef, true),
        ])
        .unwrap();
        let plain = plain(&batch).unwrap();
        let texts = |column: usize| plain.column(column).as_string::<i32>().iter().collect::<Vec<_>>();
        assert_eq!(texts(0), [Some("[1,null]"), None, Some("[]")]);
        assert_eq!(plain.column(1), &numbers);
        assert_eq!(texts(2), [Some(r#"{"t":"a \"b\"\n"}"#), Some(r#"{"t":null}"#), Some(r#"{"t":"null"}"#)]);
        let names: Vec<String> = plain.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["list", "n", "struct"]);
    }
}
