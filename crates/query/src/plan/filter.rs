//! The condition that a user gives with a KPI: checked before it becomes a part of the SQL.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::prelude::SessionContext;

use super::sql::instant;
use crate::definitions::{Definition, Kind, is_derived};
use crate::error::{QueryError, one_line};

/// Checks that a text is one condition over the columns of the definition's table and its dimensions; of a stock also
/// over those of `subscriptions`.
///
/// # Errors
/// [`QueryError::BadFilter`] with what is wrong, [`QueryError::Internal`] if the table is not there.
pub(crate) async fn check(context: &SessionContext, definition: &Definition, filter: &str) -> Result<(), QueryError> {
    let tables = match definition.kind {
        Kind::Flow => vec![definition.table.as_str()],
        Kind::Stock(_) => vec![definition.table.as_str(), "subscriptions"],
        // The condition goes to its parts, which check it.
        Kind::Derived(_) => Vec::new(),
    };
    for table in tables {
        let schema = schema(context, table, definition).await.map_err(QueryError::while_doing("reading columns"))?;
        let bad = |reason, source: Option<DataFusionError>| QueryError::BadFilter {
            kpi: definition.name.clone(),
            table: table.to_owned(),
            filter: filter.to_owned(),
            reason,
            source: source.map(Box::new),
        };
        match fault(context, &schema, filter) {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(bad(reason.to_owned(), None)),
            Err(error) => return Err(bad(one_line(&error), Some(error))),
        }
    }
    Ok(())
}

/// The columns that a condition can name.
async fn schema(context: &SessionContext, table: &str, definition: &Definition) -> Result<DFSchema, DataFusionError> {
    let schema = context.table_provider(table).await?.schema();
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let derived = definition.dimensions.iter().filter(|dimension| is_derived(dimension));
    fields.extend(derived.map(|dimension| Field::new(dimension, DataType::Int32, true)));
    let columns = DFSchema::try_from(schema.as_ref().clone())?;
    for own in &definition.own_dimensions {
        let sql = own.sql.replace("{as_of}", &instant(0));
        let data_type = context.parse_sql_expr(&sql, &columns)?.get_type(&columns)?;
        fields.push(Field::new(&own.name, data_type, true));
    }
    DFSchema::try_from(Schema::new(fields))
}

/// What is wrong with a text that is SQL, but no condition.
fn fault(context: &SessionContext, schema: &DFSchema, filter: &str) -> Result<Option<&'static str>, DataFusionError> {
    let expression = context.parse_sql_expr(filter, schema)?;
    if matches!(expression, Expr::Alias(_)) {
        return Ok(Some("it gives the condition a name"));
    }
    if expression.exists(|e| Ok(matches!(e, Expr::AggregateFunction(_) | Expr::WindowFunction(_))))? {
        return Ok(Some("it has an aggregate in it, and is asked of every row"));
    }
    if expression.exists(|e| Ok(matches!(e, Expr::Placeholder(_))))? {
        return Ok(Some("it has a parameter in it; write the value"));
    }
    // Planning it finds types that do not fit, which SQL's parser lets through.
    let planned = context.create_physical_expr(expression, schema)?;
    match planned.data_type(schema.as_arrow())? {
        DataType::Boolean => Ok(None),
        _ => Ok(Some("it is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{BooleanArray, Int64Array, RecordBatch, StringViewArray};
    use std::sync::Arc;

    use super::*;
    use crate::definitions::Definitions;

    async fn reason(filter: &str) -> Option<String> {
        let context = SessionContext::new();
        let waits = RecordBatch::try_from_iter([
            ("channel", Arc::new(StringViewArray::from(vec![Some("sms")])) as arrow::array::ArrayRef),
            ("wait_us", Arc::new(Int64Array::from(vec![1])) as arrow::array::ArrayRef),
            ("is_first", Arc::new(BooleanArray::from(vec![true])) as arrow::array::ArrayRef),
        ])
        .unwrap();
        context.register_batch("waits", waits).unwrap();
        let definitions = Definitions::built_in();
        match check(&context, definitions.get("first_response_time").unwrap(), filter).await {
            Ok(()) => None,
            Err(QueryError::BadFilter { reason, .. }) => Some(reason),
            Err(other) => unreachable!("{other}"),
        }
    }

    #[tokio::test]
    async fn conditions_pass() {
        for filter in ["channel = 'sms'", "is_first", "wait_us > 5 -- more", "day_of_week IN (6, 7) OR hour_of_day < 8"]
        {
            assert_eq!(reason(filter).await, None, "{filter}");
        }
    }

    #[tokio::test]
    async fn everything_else_is_named() {
        for (filter, expected) in [
            ("wait_us", "it is neither true nor false"),
            ("count(*) > 1", "it has an aggregate in it"),
            ("is_first AS x", "it gives the condition a name"),
            ("chanel = 'sms'", "chanel"),
            ("channel = ", "sql parser error"),
            ("true) OR (true", "end of expression"),
            ("channel = $1", "it has a parameter in it"),
        ] {
            let reason = reason(filter).await.unwrap_or_default();
            assert!(reason.contains(expected), "{filter}: {reason}");
            assert!(!reason.contains('\n'), "{filter}: {reason}");
        }
    }
}
