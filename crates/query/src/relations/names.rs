//! Names of arguments, `kpi('...', grain => 'week')`, and what SQL lets through unread.
//!
//! DataFusion 55 refuses names in `f(a => 1)`, and ignores them in `LATERAL f(a => 1)`; it reads no `TABLESAMPLE`,
//! `WITH ORDINALITY` and `FOR SYSTEM_TIME`, and goes on as if they were not there. A number that rests on half of a
//! question is wrong: here the names of `kpi` are put in their order before the call is planned, and the rest is
//! refused.

use datafusion::common::Result;
use datafusion::logical_expr::planner::{RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, TableFactor, Value, ValueWithSpan,
};

use super::call::{ARGUMENTS, bad};
use super::{KPI, as_datafusion};
use crate::error::QueryError;
use crate::functions::catalog::FUNCTIONS;
use crate::nearest::Meant;

/// Reads tables and calls before DataFusion does.
#[derive(Debug)]
pub(super) struct Names;

impl RelationPlanner for Names {
    fn plan_relation(
        &self,
        mut relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        match &mut relation {
            TableFactor::Table { name, args, version, with_ordinality, sample, .. } => {
                let ignored = [
                    ("TABLESAMPLE", sample.is_some()),
                    ("WITH ORDINALITY", *with_ordinality),
                    ("a version of a table", version.is_some()),
                ];
                if let Some((what, _)) = ignored.iter().find(|(_, there)| *there) {
                    return Err(unread(what));
                }
                if let Some(args) = args
                    && let Some(function) = called(name, &*context)
                {
                    // DataFusion looks table functions up letter for letter.
                    *name = ObjectName::from(vec![Ident::new(function)]);
                    if function == KPI {
                        args.args = in_order(std::mem::take(&mut args.args), &*context).map_err(as_datafusion)?;
                    }
                }
            }
            TableFactor::Derived { sample: Some(_), .. } => return Err(unread("TABLESAMPLE")),
            TableFactor::Function { args, with_ordinality, .. } => {
                if *with_ordinality {
                    return Err(unread("WITH ORDINALITY"));
                }
                if args.iter().any(|arg| !matches!(arg, FunctionArg::Unnamed(_))) {
                    return Err(unread("the names of arguments after LATERAL"));
                }
            }
            _ => {}
        }
        Ok(RelationPlanning::Original(Box::new(relation)))
    }
}

fn unread(what: &str) -> datafusion::error::DataFusionError {
    as_datafusion(QueryError::Unread { what: what.to_owned() })
}

/// The table function of ours that a call names, in any case of letters.
fn called(name: &ObjectName, context: &dyn RelationPlannerContext) -> Option<&'static str> {
    let [part] = name.0.as_slice() else { return None };
    let name = context.normalize_ident(part.as_ident()?.clone());
    [KPI, FUNCTIONS].into_iter().find(|known| *known == name)
}

/// Arguments in the order of [`ARGUMENTS`], null where one before a named one is left out.
///
/// # Errors
/// [`QueryError::BadCall`] for a name that is none or comes twice, an argument without name after one with, and texts
/// without their quotes.
fn in_order(args: Vec<FunctionArg>, context: &dyn RelationPlannerContext) -> Result<Vec<FunctionArg>, QueryError> {
    let mut ordered: Vec<Option<FunctionArg>> = Vec::with_capacity(ARGUMENTS.len());
    let mut named = false;
    for arg in args {
        match arg {
            FunctionArg::Unnamed(value) => {
                if named {
                    return Err(bad(format!("{value} comes after a named argument; give it a name too")));
                }
                check(&value, context)?;
                ordered.push(Some(FunctionArg::Unnamed(value)));
            }
            FunctionArg::Named { name, arg: value, .. }
            | FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: value, .. } => {
                named = true;
                let name = context.normalize_ident(name);
                let Some(at) = ARGUMENTS.iter().position(|known| *known == name) else {
                    let (meant, known) = (Meant::of(&name, ARGUMENTS), ARGUMENTS.join(", "));
                    return Err(bad(format!("no argument {name:?}; {meant}known are {known}")));
                };
                check(&value, context)?;
                if ordered.len() <= at {
                    ordered.resize(at + 1, None);
                }
                if ordered[at].is_some() {
                    return Err(bad(format!("{name} is given twice; give it once")));
                }
                ordered[at] = Some(FunctionArg::Unnamed(value));
            }
            FunctionArg::ExprNamed { name, .. } => {
                return Err(bad(format!("{name} is no name of an argument; known are {}", ARGUMENTS.join(", "))));
            }
        }
    }
    let null = || FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(Value::Null)));
    Ok(ordered.into_iter().map(|arg| arg.unwrap_or_else(null)).collect())
}

/// Finds what people write in the place of a constant.
fn check(value: &FunctionArgExpr, context: &dyn RelationPlannerContext) -> Result<(), QueryError> {
    match value {
        FunctionArgExpr::Expr(Expr::Identifier(ident)) => {
            Err(bad(format!("{ident} is no constant; write '{}' in single quotes", ident.value)))
        }
        FunctionArgExpr::Expr(Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. })) => {
            Err(bad(format!("{name} is a parameter, and the columns depend on it; write the value itself")))
        }
        FunctionArgExpr::Expr(Expr::BinaryOp { left, op: BinaryOperator::Eq, right }) => match left.as_ref() {
            Expr::Identifier(name) if ARGUMENTS.contains(&context.normalize_ident(name.clone()).as_str()) => {
                Err(bad(format!("{name} = {right} is a comparison; name an argument by {name} => {right}")))
            }
            _ => Ok(()),
        },
        FunctionArgExpr::Expr(_) => Ok(()),
        other => Err(bad(format!("{other} is no constant; texts stand in single quotes"))),
    }
}
