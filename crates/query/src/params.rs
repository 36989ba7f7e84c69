//! Values for the parameters of a query: text from the command line, in the type that the query wants.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use tapemeasure_model::instant::parse_instant;

use crate::error::QueryError;

/// The plan with values for its parameters (`$name`), given without the `$`.
///
/// # Errors
/// [`QueryError::UnknownParameter`], [`QueryError::BadParameter`]; [`QueryError::BadQuery`] if one has no value.
pub(crate) fn bound(plan: LogicalPlan, values: &[(String, String)]) -> Result<LogicalPlan, QueryError> {
    let types = plan.get_parameter_types().map_err(QueryError::of_user)?;
    let types: BTreeMap<&str, Option<&DataType>> =
        types.iter().map(|(name, wanted)| (name.trim_start_matches('$'), wanted.as_ref())).collect();
    if types.is_empty() && values.is_empty() {
        return Ok(plan);
    }
    let mut scalars = Vec::with_capacity(values.len());
    for (name, value) in values {
        let Some(wanted) = types.get(name.as_str()) else {
            let known: Vec<&str> = types.keys().copied().collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(QueryError::UnknownParameter { name: name.clone(), known });
        };
        let scalar = scalar(value, *wanted).map_err(|source| QueryError::BadParameter {
            name: name.clone(),
            value: value.clone(),
            expected: wanted.map_or_else(|| "text".to_owned(), ToString::to_string),
            source: Box::new(source),
        })?;
        scalars.push((name.clone(), scalar));
    }
    plan.with_param_values(scalars).map_err(QueryError::of_user)
}

/// A text as a value of the wanted type; where the query does not say, as what it looks like.
fn scalar(text: &str, wanted: Option<&DataType>) -> Result<ScalarValue, DataFusionError> {
    match (wanted, parse_instant(text)) {
        (Some(wanted), Ok(us)) if matches!(wanted, DataType::Timestamp(..)) => {
            ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into())).cast_to(wanted)
        }
        (Some(other), _) => ScalarValue::try_from_string(text.to_owned(), other),
        (None, _) => Ok(guessed(text)),
    }
}

fn guessed(text: &str) -> ScalarValue {
    if let Ok(number) = text.parse::<i64>() {
        return ScalarValue::from(number);
    }
    if let Ok(number) = text.parse::<f64>() {
        return ScalarValue::from(number);
    }
    match text.parse::<bool>() {
        Ok(flag) => ScalarValue::from(flag),
        Err(_) => ScalarValue::from(text),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::plan::gather;

    async fn run(sql: &str, values: &[(&str, &str)]) -> Result<usize, QueryError> {
        let context = SessionContext::new();
        let table = "CREATE TABLE t AS SELECT * FROM (VALUES (1, 'a', 0.5), (2, '2', 1.5)) AS v (n, id, x)";
        gather(context.sql(table).await.unwrap()).await.unwrap();
        let plan = context.state().create_logical_plan(sql).await.unwrap();
        let values: Vec<(String, String)> = values.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        let frame = context.execute_logical_plan(bound(plan, &values)?).await.map_err(QueryError::of_user)?;
        Ok(gather(frame).await.map_err(QueryError::of_user)?.num_rows())
    }

    #[tokio::test]
    async fn values_take_the_type_of_their_place() {
        assert_eq!(run("SELECT * FROM t WHERE n = $n", &[("n", "2")]).await.unwrap(), 1);
        assert_eq!(run("SELECT * FROM t WHERE id = $id", &[("id", "2")]).await.unwrap(), 1);
        assert_eq!(run("SELECT * FROM t WHERE x > $x AND n < $n", &[("x", "0.1"), ("n", "2")]).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        let error = run("SELECT * FROM t WHERE n = $n", &[("m", "2")]).await.unwrap_err().to_string();
        assert_eq!(error, "the query has no parameter \"m\"; it has n");
        let error = run("SELECT * FROM t WHERE n = $n", &[("n", "two")]).await.unwrap_err().to_string();
        assert!(error.starts_with("parameter n cannot be \"two\"; the query wants Int64 there"), "{error}");
        let error = run("SELECT * FROM t WHERE n = $n", &[]).await.unwrap_err();
        assert!(matches!(error, QueryError::BadQuery { .. }), "{error:?}");
    }
}
