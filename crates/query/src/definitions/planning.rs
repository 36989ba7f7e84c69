//! Whether the SQL of a definition fits the tables: every part of it planned over tables without rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::SchemaError;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;
use tapemeasure_facts::DeletedIds;
use tapemeasure_model::zone::{Grain, WeekStart, Zone};

use super::columns::schema_of;
use super::written::unknown;
use super::{Definition, Definitions, Expression, Kind, Part, ROLLUPS, Selection, Stock, TABLES, is_derived};
use crate::error::{QueryError, one_line};
use crate::functions;
use crate::functions::local_time::Clocks;
use crate::plan::hours::{self, Hours};
use crate::plan::period::Asked;
use crate::plan::sql::{Query, ended, instant};

/// What is wrong with the SQL of a definition: unknown columns and functions, types that do not fit, conditions that are
/// none, aggregates of aggregates. Each with its line; none if everything can be run. Reads nothing.
///
/// # Errors
/// [`QueryError::UnknownKpi`]; [`QueryError::Internal`] if there can be no tables.
pub async fn check(definitions: &Definitions, name: &str) -> Result<Vec<QueryError>, QueryError> {
    let definition = definitions.get(name)?;
    let context = session().map_err(QueryError::while_doing("making tables without rows"))?;
    Ok(match &definition.kind {
        Kind::Flow => of_flow(&context, definition).await,
        Kind::Stock(stock) => of_stock(&context, definition, stock).await,
        Kind::Derived(parts) => of_derived(&context, definitions, definition, parts).await,
    })
}

/// An error of this crate while it worked out a KPI: if the definition is the reason, what is wrong with that.
pub(crate) async fn blamed(definitions: &Definitions, name: &str, error: QueryError) -> QueryError {
    if !matches!(error, QueryError::Internal { .. }) {
        return error;
    }
    let mut names = vec![name];
    if let Ok(Kind::Derived(parts)) = definitions.get(name).map(|definition| &definition.kind) {
        names.extend(parts.iter().map(|part| part.kpi.as_str()));
    }
    for name in names {
        // What went wrong first is the better answer where there is none here.
        if let Ok(faults) = check(definitions, name).await
            && let Some(fault) = faults.into_iter().next()
        {
            return fault;
        }
    }
    error
}

/// A session with every table, without rows, and every function.
fn session() -> Result<SessionContext, DataFusionError> {
    let context = SessionContext::new();
    let clocks = Arc::new(Clocks::new(Zone::UTC, WeekStart::Monday, (0, 0)));
    functions::register(&context, &clocks, &Arc::new(DeletedIds::new(std::iter::empty())));
    for table in TABLES.iter().chain(ROLLUPS) {
        if let Some(schema) = schema_of(table) {
            context.register_table(*table, Arc::new(MemTable::try_new(schema, vec![Vec::new()])?))?;
        }
    }
    Ok(context)
}

/// What a part of a definition says, and what is wrong with it.
struct Checker<'a> {
    context: &'a SessionContext,
    definition: &'a Definition,
    /// The columns of its table, then its measures: what its SQL can name.
    columns: Vec<String>,
    /// What those are, for errors.
    of: String,
    faults: Vec<QueryError>,
}

impl<'a> Checker<'a> {
    fn new(context: &'a SessionContext, definition: &'a Definition) -> Self {
        let of = format!("column of {}", table_of(definition));
        Self { context, definition, columns: Vec::new(), of, faults: Vec::new() }
    }

    /// Plans a query; the columns of its result, if it can be run.
    async fn plan(&mut self, part: &str, sql: &str) -> Option<SchemaRef> {
        match planned(self.context, sql).await {
            Ok(schema) => Some(schema),
            Err(error) => {
                let reason = self.reason(&error);
                self.fault(part, reason);
                None
            }
        }
    }

    fn fault(&mut self, part: &str, reason: impl Into<String>) {
        self.faults.push(self.definition.error(part, reason));
    }

    fn reason(&self, error: &DataFusionError) -> String {
        if let DataFusionError::SchemaError(schema, _) = error.find_root()
            && let SchemaError::FieldNotFound { field, .. } = schema.as_ref()
        {
            let known: Vec<&str> = self.columns.iter().map(String::as_str).collect();
            return unknown(&self.of, field.name(), &known);
        }
        one_line(error)
    }

    /// From here on SQL names measures.
    fn over_measures(&mut self, names: Vec<String>) {
        self.columns = names;
        self.of = "measure".to_owned();
    }

    /// The definition's SQL as it runs, at the beginning of 1970.
    fn dated(sql: &str) -> String {
        ended(sql.replace("{as_of}", &instant(0)))
    }
}

/// The table as messages name it.
fn table_of(definition: &Definition) -> &str {
    match (&definition.kind, &definition.view) {
        (Kind::Derived(_), _) => "its measures",
        (_, Some(_)) => "the view",
        (_, None) => &definition.table,
    }
}

async fn planned(context: &SessionContext, sql: &str) -> Result<SchemaRef, DataFusionError> {
    let state = context.state();
    let plan = state.create_logical_plan(sql).await?;
    Ok(state.create_physical_plan(&plan).await?.schema())
}

/// Whether something stands behind the first expression of a text: a bracket too many would close that of the query.
fn goes_on(condition: &str) -> bool {
    let parser = Parser::new(&GenericDialect {}).try_with_sql(condition);
    // What is no expression at all is told when it is planned.
    parser.is_ok_and(|mut parser| parser.parse_expr().is_ok() && parser.peek_token().token != Token::EOF)
}

async fn of_flow(context: &SessionContext, definition: &Definition) -> Vec<QueryError> {
    let mut checker = Checker::new(context, definition);
    let Some(schema) = table(&mut checker).await else { return checker.faults };
    checker.columns = schema.fields().iter().map(|field| field.name().clone()).collect();
    time(&mut checker, &schema);
    dimensions(&mut checker, &schema).await;
    if !checker.faults.is_empty() {
        // All other SQL is over rows that cannot be had.
        return checker.faults;
    }
    let table = &definition.table;
    for (part, condition) in [("filter", &definition.filter), ("unsettled", &definition.unsettled)] {
        if let Some(condition) = condition {
            let from = rows(definition);
            let condition = Checker::dated(condition);
            if goes_on(&condition) {
                checker.fault(part, "it goes on behind its condition; write one condition, with its brackets in pairs");
                continue;
            }
            checker.plan(part, &format!("SELECT 1 FROM ({from}) WHERE (\n{condition}\n)")).await;
        }
    }
    let mut all = vec!["0 AS bucket".to_owned(), "count(*) AS n_rows".to_owned()];
    let mut has_all = true;
    for measure in &definition.measures {
        let part = format!("measures.{}", measure.name);
        if let Expression::Aggregate(sql) = &measure.expression {
            let sql = Checker::dated(sql);
            // Beside a count, what is no aggregate is an error.
            let query = format!("SELECT count(*) AS n_rows, {sql} AS {} FROM ({})", measure.name, rows(definition));
            match checker.plan(&part, &query).await {
                Some(_) => all.push(format!("{sql} AS {}", measure.name)),
                None => has_all = false,
            }
            if let (Some(sum), Some(rollup)) = (&measure.rollup, &definition.rollup) {
                let query = format!("SELECT count(*) AS n_rows, {} AS m FROM {}", Checker::dated(sum), rollup.table);
                checker.plan(&part, &query).await;
            }
        }
    }
    let grouped = format!("SELECT {} FROM ({})", all.join(", "), rows(definition));
    checker.over_measures(definition.measures.iter().map(|measure| measure.name.clone()).collect());
    // Over measures that cannot be had everything is wrong.
    for measure in definition.measures.iter().filter(|_| has_all) {
        if let Expression::Row(sql) = &measure.expression {
            let part = format!("measures.{}", measure.name);
            checker.plan(&part, &format!("SELECT {} AS m FROM ({grouped})", Checker::dated(sql))).await;
        }
    }
    if definition.hours == Hours::Business
        && let Err(fault) = hours::check(definition)
    {
        checker.faults.push(fault);
    }
    if checker.faults.is_empty() {
        // As it runs, by everything that it brings itself.
        let by: Vec<String> = definition.own_dimensions.iter().map(|own| own.name.clone()).collect();
        let sql = whole(definition, &by, table);
        if let Some(sql) = sql {
            checker.plan("name", &sql).await;
        }
    }
    checker.faults
}

/// The text of a flow by days; `None` if its measures cannot be chosen, which was found before.
fn whole(definition: &Definition, by: &[String], table: &str) -> Option<String> {
    let query = Query {
        definition,
        measures: Selection::new(definition, None).ok()?,
        by,
        asked: Asked { grain: Grain::Day, since_us: None, until_us: None, as_of_us: 0, first_us: None },
        filter: None,
        target: definition.has_target().then(|| "1".to_owned()),
        table,
        time_nullable: true,
        rollup: None,
        hours: Hours::Elapsed,
    };
    Some(query.flow())
}

/// The rows of a definition, with its own dimensions and a target.
fn rows(definition: &Definition) -> String {
    let own: String =
        definition.own_dimensions.iter().map(|own| format!(", (\n{}\n) AS {}", own.sql, own.name)).collect();
    let target = if definition.has_target() { ", 1 AS target_us" } else { "" };
    format!("SELECT *{own}{target} FROM {}", definition.table)
}

/// The columns of a definition's table; its view is made first.
async fn table(checker: &mut Checker<'_>) -> Option<SchemaRef> {
    match made(checker.context, checker.definition).await {
        Ok(schema) => Some(schema),
        Err(error) => {
            checker.faults.push(error);
            None
        }
    }
}

/// Makes the view of a definition, if it has one; the columns of its table.
///
/// # Errors
/// [`QueryError::DefinitionValue`] if the view is no query over the tables, or there is no such table.
pub(crate) async fn made(context: &SessionContext, definition: &Definition) -> Result<SchemaRef, QueryError> {
    let Definition { table, view, .. } = definition;
    let wrong = |error: DataFusionError| {
        let reason = match error.find_root() {
            schema @ DataFusionError::SchemaError(..) => schema.to_string(),
            _ => one_line(&error),
        };
        definition.error("view", reason.trim_start_matches("Schema error: ").trim_end_matches('.'))
    };
    if let Some(view) = view {
        context.sql(&format!("CREATE VIEW {table} AS\n{view}")).await.map_err(wrong)?;
    }
    Ok(context.table_provider(table.as_str()).await.map_err(wrong)?.schema())
}

fn time(checker: &mut Checker<'_>, schema: &SchemaRef) {
    let Definition { time, .. } = checker.definition;
    let table = table_of(checker.definition);
    match schema.field_with_name(time) {
        Ok(field) if matches!(field.data_type(), DataType::Timestamp(..)) => {}
        Ok(_) => checker.fault("time", format!("{time} of {table} is no instant; name a column that is one")),
        Err(_) => {
            let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            checker.fault("time", unknown(&format!("column of {table}"), time, &known));
        }
    }
}

async fn dimensions(checker: &mut Checker<'_>, schema: &SchemaRef) {
    let definition = checker.definition;
    let has = |name: &str| is_derived(name) || schema.column_with_name(name).is_some();
    let table = table_of(definition);
    for name in definition.dimensions.iter().filter(|name| definition.own_dimension(name).is_none()) {
        if definition.lists_dimensions && !has(name) {
            let reason = format!("{table} has no column {name} to group by; leave it out of the dimensions");
            checker.fault("dimensions", reason);
        }
    }
    for own in &definition.own_dimensions {
        let part = format!("dimensions.{}", own.name);
        if schema.column_with_name(&own.name).is_some() {
            checker.fault(&part, format!("{table} has a column {} already; choose another name", own.name));
            continue;
        }
        let query = format!("SELECT *, (\n{}\n) AS {} FROM {}", own.sql, own.name, definition.table);
        checker.plan(&part, &query).await;
    }
}

async fn of_stock(context: &SessionContext, definition: &Definition, stock: &Stock) -> Vec<QueryError> {
    let mut checker = Checker::new(context, definition);
    let Some(schema) = table(&mut checker).await else { return checker.faults };
    checker.columns = schema.fields().iter().map(|field| field.name().clone()).collect();
    time(&mut checker, &schema);
    for condition in [&stock.known, &stock.reached] {
        let query = format!("SELECT 1 FROM {} WHERE (\n{condition}\n)", definition.table);
        checker.plan("stock", &query).await;
    }
    let fields = definition.measures.iter().filter(|m| matches!(m.expression, Expression::Contacts(_)));
    let fields = fields.map(|measure| Field::new(&measure.name, DataType::Int64, true)).collect();
    over_fields(&mut checker, fields).await;
    checker.faults
}

/// The fields of the parts have the types that they have there.
async fn of_derived(
    context: &SessionContext,
    definitions: &Definitions,
    definition: &Definition,
    parts: &[Part],
) -> Vec<QueryError> {
    let mut checker = Checker::new(context, definition);
    let mut fields = Vec::new();
    for part in parts {
        let Ok(other) = definitions.get(&part.kpi) else { continue };
        let schema = match other.kind {
            Kind::Flow => {
                // Views of parts are made where the part itself is checked; here their types do not matter.
                let sql = if other.view.is_none() { whole(other, &[], &other.table) } else { None };
                match sql {
                    Some(sql) => planned(context, &sql).await.ok(),
                    None => None,
                }
            }
            Kind::Stock(_) | Kind::Derived(_) => None,
        };
        for measure in &definition.measures {
            let Expression::OfKpi(of) = &measure.expression else { continue };
            if of.kpi == part.kpi {
                let known = schema.as_ref().and_then(|schema| schema.field_with_name(&of.field).ok());
                let data_type = known.map_or(DataType::Float64, |field| field.data_type().clone());
                fields.push(Field::new(&measure.name, data_type, true));
            }
        }
    }
    over_fields(&mut checker, fields).await;
    checker.faults
}

/// Plans what is made of measures over those measures.
async fn over_fields(checker: &mut Checker<'_>, mut fields: Vec<Field>) {
    let definition = checker.definition;
    fields.push(Field::new("bucket", DataType::Int64, false));
    checker.over_measures(fields.iter().map(|field| field.name().clone()).collect());
    let made = MemTable::try_new(Arc::new(Schema::new(fields)), vec![Vec::new()]);
    let registered = made.and_then(|table| checker.context.register_table("fields_of_parts", Arc::new(table)));
    if let Err(error) = registered {
        checker.fault("name", one_line(&error));
        return;
    }
    for measure in &definition.measures {
        if let Expression::Row(sql) = &measure.expression {
            let query = format!("SELECT {} AS m FROM fields_of_parts", Checker::dated(sql));
            checker.plan(&format!("measures.{}", measure.name), &query).await;
        }
    }
}
