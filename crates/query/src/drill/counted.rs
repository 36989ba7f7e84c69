//! The rows that a measure counts: those that its aggregates do not leave out.
//!
//! ```text
//! count(*) FILTER (WHERE end_reason = 'open')   ──►  (end_reason = 'open')
//! mean_s(wait_us)                               ──►  (wait_us) IS NOT NULL
//! percentiles['p90_s']                          ──►  as percentiles_s(wait_us), of which it is made
//! count(*)                                      ──►  all rows
//! ```

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::error::{DataFusionError, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, visit_expressions,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use crate::definitions::{Definition, Expression, Measure, names};

/// SQL condition for the rows of the table that a measure of a flow counts; `None` if it counts all. `aggregates` are
/// the names of aggregate functions, in lower case; `dated` puts the as-of time into SQL.
///
/// Aggregates ignore rows in which an argument is null, which is true of those that build lists only in so far as such
/// a row adds nothing but a null.
///
/// # Errors
/// The SQL of the measure does not parse, which a definition that was read does not have.
pub(crate) fn condition(
    aggregates: &HashSet<String>,
    definition: &Definition,
    measure: &Measure,
    dated: &dyn Fn(&str) -> String,
) -> Result<Option<String>> {
    let mut parts = Vec::new();
    match &measure.expression {
        Expression::Aggregate(sql) => parts.extend(of_aggregates(aggregates, &dated(sql))?),
        Expression::Row(sql) => {
            let named = names(sql);
            for part in &definition.measures {
                if let Expression::Aggregate(sql) = &part.expression
                    && named.contains(&part.name)
                {
                    parts.extend(of_aggregates(aggregates, &dated(sql))?);
                }
            }
        }
        // Neither has rows of the table.
        Expression::Contacts(_) | Expression::OfKpi(_) => {}
    }
    Ok(any_of(parts))
}

/// The conditions of an expression that are joined by `AND`, as texts; of one that has none, itself.
///
/// # Errors
/// It does not parse.
pub(crate) fn conjuncts(sql: &str) -> Result<Vec<String>> {
    let mut parts = Vec::new();
    split(&parsed(sql)?, &mut parts);
    Ok(parts)
}

fn split(expression: &Expr, parts: &mut Vec<String>) {
    match expression {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            split(left, parts);
            split(right, parts);
        }
        Expr::Nested(inner) => split(inner, parts),
        other => parts.push(other.to_string()),
    }
}

/// Any of some conditions; all rows if one of them is that, or there are none.
fn any_of(conditions: Vec<Option<String>>) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for condition in conditions {
        let condition = condition?;
        if !parts.contains(&condition) {
            parts.push(condition);
        }
    }
    match parts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(several.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" OR ")),
    }
}

/// The condition of each aggregate in an expression; `None` for one that counts all rows.
fn of_aggregates(aggregates: &HashSet<String>, sql: &str) -> Result<Vec<Option<String>>> {
    let expression = parsed(sql)?;
    let mut found = Vec::new();
    let _ = visit_expressions(&expression, |inner| {
        if let Expr::Function(function) = inner
            && aggregates.contains(&function.name.to_string().to_lowercase())
        {
            found.push(of_aggregate(function));
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(found)
}

fn of_aggregate(function: &Function) -> Option<String> {
    let mut parts: Vec<String> = function.filter.iter().map(|filter| format!("({filter})")).collect();
    if let FunctionArguments::List(list) = &function.args {
        for argument in &list.args {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
                parts.extend(not_null(argument));
            }
        }
    }
    parts.extend(function.within_group.iter().filter_map(|order| not_null(&order.expr)));
    if parts.is_empty() { None } else { Some(parts.join(" AND ")) }
}

/// That an argument is not null; `None` if it is the same for all rows.
fn not_null(argument: &Expr) -> Option<String> {
    let names_column = visit_expressions(argument, |inner| match inner {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    names_column.is_break().then(|| format!("({argument}) IS NOT NULL"))
}

fn parsed(sql: &str) -> Result<Expr> {
    let error = |error: ParserError| DataFusionError::SQL(Box::new(error), None);
    Parser::new(&GenericDialect {}).try_with_sql(sql).map_err(error)?.parse_expr().map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    fn aggregates() -> HashSet<String> {
        let names = ["count", "sum", "min", "max", "mean_s", "percentiles_s", "longest", "count_distinct_pair"];
        names.into_iter().map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(kpi: &str, measure: &str, expected: Option<&str>) {
        let definitions = Definitions::built_in();
        let definition = definitions.get(kpi).unwrap();
        let measure = definition.measures.iter().find(|m| m.name == measure).unwrap();
        let dated = |sql: &str| sql.replace("{as_of}", "instant('x')");
        let found = condition(&aggregates(), definition, measure, &dated).unwrap();
        assert_eq!(found.as_deref(), expected, "{kpi} {}", measure.name);
    }

    #[test]
    fn filters_and_nulls_leave_rows_out() {
        check("average_response_time", "n", Some("(wait_us) IS NOT NULL"));
        check("average_response_time", "max_s", Some("(wait_us) IS NOT NULL"));
        check("average_response_time", "p90_s", Some("(wait_us) IS NOT NULL"));
        check("average_response_time", "n_open", Some("(end_reason = 'open')"));
        check(
            "average_response_time",
            "n_breached",
            Some(
                "(wait_us > target_us OR end_reason = 'abandoned' OR (end_reason = 'open' \
                 AND elapsed_us(opened_at, instant('x')) > target_us))",
            ),
        );
        check("longest_wait_time", "oldest_open_s", Some("(end_reason = 'open') AND (opened_at) IS NOT NULL"));
        check(
            "longest_wait_time",
            "conversation_id",
            Some("(wait_us) IS NOT NULL AND (opened_at) IS NOT NULL AND (conversation_id) IS NOT NULL"),
        );
        check("inbound_message_volume", "messages", None);
        check("inbound_message_volume", "contacts", Some("(source) IS NOT NULL AND (contact_id) IS NOT NULL"));
    }

    #[test]
    fn what_is_made_of_several_counts_the_rows_of_any() {
        check(
            "message_volume_by_channel",
            "share",
            Some("((kind = 'question')) OR ((kind = 'answer')) OR ((kind = 'bot'))"),
        );
        check(
            "resolution_time",
            "within_target",
            Some("((resolution_us) IS NOT NULL) OR ((resolution_us <= target_us))"),
        );
        check("unsubscribed_contacts", "unsubscribed", None);
    }

    #[test]
    fn conditions_are_taken_apart_at_their_ands() {
        assert_eq!(conjuncts("is_first").unwrap(), ["is_first"]);
        assert_eq!(
            conjuncts("contact_id IS NOT NULL AND (direction = 'outbound' AND private IS NOT TRUE)").unwrap(),
            ["contact_id IS NOT NULL", "direction = 'outbound'", "private IS NOT TRUE"]
        );
        assert_eq!(conjuncts("a = 1 OR b = 2 AND c = 3").unwrap(), ["a = 1 OR b = 2 AND c = 3"]);
        assert!(matches!(conjuncts("a = "), Err(DataFusionError::SQL(..))));
    }
}
