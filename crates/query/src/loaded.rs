//! Rows of facts in memory, for many questions about one period.
//!
//! A report asks some thirty questions about the same weeks. Reading their waits and sessions from files once, with the
//! columns that the built-in KPIs name, leaves the arithmetic.

use std::slice::from_ref;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::project_schema;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, cast};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::prelude::SessionContext;

use crate::definitions::{Expression, is_derived, names};
use crate::plan::period::Asked;
use crate::plan::sql::{Query, instant};
use crate::tables::Coded;

/// A table that can be loaded.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The table of the archive.
    pub(crate) table: &'static str,
    /// The table in memory.
    pub(crate) name: &'static str,
    /// The column of time that decides which rows are loaded. Rows without are not: no KPI over it counts them.
    time: &'static str,
    /// The columns that are loaded and can be grouped by.
    columns: &'static [&'static str],
    /// Columns of ids that are loaded beside them, as plain texts: a view of each would be read by nobody.
    ids: &'static [&'static str],
}

/// What is loaded. Open waits are among the rows, so that what they make provisional stays so.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        table: "waits",
        name: "waits_loaded",
        time: "opened_at",
        columns: &["opened_at", "wait_us", "end_reason", "is_first", "channel", "topic", "source"],
        ids: &["conversation_id"],
    },
    Shape {
        table: "sessions",
        name: "sessions_loaded",
        time: "closed_at",
        columns: &["closed_at", "resolution_us", "auto_closed", "close_reason", "channel", "source"],
        ids: &[],
    },
];

/// The period of which rows are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// First instant.
    pub(crate) since_us: i64,
    /// First instant after it.
    pub(crate) until_us: i64,
}

impl Loaded {
    /// Whether every row of a period lies in it.
    pub(crate) fn covers(self, asked: &Asked) -> bool {
        let Some(since_us) = asked.since_us.or(asked.first_us) else { return false };
        self.holds(since_us, asked.until_us.unwrap_or(asked.as_of_us.saturating_add(1)))
    }

    /// Whether `[since, until)` lies in it.
    pub(crate) fn holds(self, since_us: i64, until_us: i64) -> bool {
        self.since_us <= since_us && until_us <= self.until_us
    }
}

/// Where the rows of a shape are read from.
pub(crate) fn source(shape: &Shape, coded: &Coded) -> Arc<dyn TableProvider> {
    Arc::clone(if shape.table == "waits" { &coded.waits } else { &coded.sessions })
}

/// The rows of `[since, until)` of a table.
pub(crate) async fn load(
    context: &SessionContext,
    rows: Arc<dyn TableProvider>,
    shape: &Shape,
    period: Loaded,
) -> Result<LoadedTable> {
    let frame = context.read_table(rows)?;
    let within =
        format!("{time} >= {} AND {time} < {}", instant(period.since_us), instant(period.until_us), time = shape.time);
    let within = context.parse_sql_expr(&within, frame.schema())?;
    let frame = frame.filter(within)?.select_columns(&[shape.columns, shape.ids].concat())?;
    let read = frame.schema().as_arrow();
    let coded = with_coded_views(read);
    let mut rows = Vec::new();
    for batch in frame.collect_partitioned().await?.into_iter().flatten() {
        if batch.num_rows() > 0 {
            let columns = batch.columns().iter().map(with_view_values).collect::<Result<Vec<_>>>()?;
            rows.push(RecordBatch::try_new(Arc::clone(&coded), columns)?);
        }
    }
    Ok(LoadedTable { views: decoded(&coded), coded, rows })
}

/// The context for a query over what is loaded: one thread reads it. Of many questions at a time that costs less than
/// dealing the rows of each out to all threads.
pub(crate) fn on_one_thread(context: &SessionContext) -> SessionContext {
    let state = context.state();
    // A default catalog would take the place of the one with the tables.
    let config = state.config().clone().with_target_partitions(1).with_create_default_catalog_and_schema(false);
    SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).with_config(config).build())
}

/// Rows in memory, whose texts with few values are numbers. Who asks gets views of those, as from the table of the archive:
/// they are made batch by batch of the columns that are read, and never for all rows at once.
#[derive(Debug)]
pub(crate) struct LoadedTable {
    views: SchemaRef,
    coded: SchemaRef,
    rows: Vec<RecordBatch>,
}

#[async_trait]
impl TableProvider for LoadedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.views)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows =
            MemorySourceConfig::try_new_exec(from_ref(&self.rows), Arc::clone(&self.coded), projection.cloned())?;
        let schema = rows.schema();
        let told = project_schema(&self.views, projection)?;
        let columns = told.fields().iter().enumerate().map(|(place, field)| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
            Ok((cast(column, &schema, field.data_type().clone())?, field.name().clone()))
        });
        let columns: Vec<(Arc<dyn PhysicalExpr>, String)> = columns.collect::<Result<_>>()?;
        Ok(Arc::new(ProjectionExec::try_new(columns, rows)?))
    }
}

/// The schema with views for the values of every dictionary.
fn with_coded_views(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Dictionary(keys, _) => {
            let coded = DataType::Dictionary(keys.clone(), Box::new(DataType::Utf8View));
            Arc::new(field.as_ref().clone().with_data_type(coded))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// The schema with every dictionary as its values.
fn decoded(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Dictionary(_, values) => Arc::new(field.as_ref().clone().with_data_type(values.as_ref().clone())),
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// A dictionary with views for values: of a row only its view is copied then.
fn with_view_values(column: &ArrayRef) -> Result<ArrayRef> {
    let Some(coded) = column.as_dictionary_opt::<Int32Type>() else { return Ok(Arc::clone(column)) };
    Ok(Arc::new(coded.with_values(arrow::compute::cast(coded.values(), &DataType::Utf8View)?)))
}

/// The loaded table that can answer a flow; `schema` is that of the definition's table. None if the flow names a column
/// that is not loaded, or has a condition of the user's.
pub(crate) fn shape(query: &Query<'_>, schema: &Schema) -> Option<&'static Shape> {
    if query.filter.is_some() || query.rollup.is_some() {
        return None;
    }
    let definition = query.definition;
    let shape = SHAPES.iter().find(|shape| shape.table == definition.table && shape.time == definition.time)?;
    let mut texts: Vec<&str> = Vec::new();
    texts.extend(definition.filter.as_deref());
    texts.extend(definition.unsettled.as_deref());
    texts.extend(query.target.as_deref());
    for measure in query.measures.needed() {
        if let Expression::Aggregate(sql) = &measure.expression {
            texts.push(sql);
        }
    }
    for text in texts {
        for name in names(text) {
            let is_loaded = shape.columns.iter().chain(shape.ids).any(|&loaded| loaded == name);
            if schema.column_with_name(&name).is_some() && !is_loaded {
                return None;
            }
        }
    }
    for dimension in query.by {
        if !is_derived(dimension) && !shape.columns.contains(&dimension.as_str()) {
            return None;
        }
    }
    Some(shape)
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::zone::{Grain, WeekStart, Zone};

    use super::*;
    use crate::definitions::{Definitions, Selection};
    use crate::functions::local_time::Clocks;
    use crate::plan::{Hours, gather};
    use crate::testing::{flags, instants, numbers, session, texts};

    fn waits() -> RecordBatch {
        RecordBatch::try_from_iter([
            ("source", texts([Some("s"); 4].into_iter())),
            ("conversation_id", texts(["a", "b", "c", "d"].into_iter().map(Some))),
            ("channel", texts([Some("sms"), None, None, None].into_iter())),
            ("team", texts([None; 4].into_iter())),
            ("topic", texts([None; 4].into_iter())),
            ("opened_at", instants([10, 20, 30, 40].into_iter())),
            ("end_reason", texts(["replied", "open", "replied", "open"].into_iter().map(Some))),
            ("is_first", flags([Some(true); 4].into_iter())),
            ("wait_us", numbers([Some(1), None, Some(3), None].into_iter())),
        ])
        .unwrap()
    }

    #[tokio::test]
    async fn the_rows_of_the_period_are_loaded_open_ones_too() {
        let clocks = Arc::new(Clocks::new(Zone::UTC, WeekStart::Monday, (0, 100)));
        let context = session(&clocks, vec![("waits", waits())]);
        let rows = context.table_provider("waits").await.unwrap();
        let table = load(&context, rows, &SHAPES[0], Loaded { since_us: 20, until_us: 40 }).await.unwrap();
        assert_eq!(table.schema().fields().len(), 8);
        context.register_table("waits_loaded", Arc::new(table)).unwrap();
        let sql = "SELECT conversation_id FROM waits_loaded ORDER BY conversation_id";
        let rows = gather(context.sql(sql).await.unwrap()).await.unwrap();
        assert_eq!(rows.column(0).as_ref(), texts(["b", "c"].into_iter().map(Some)).as_ref());
    }

    #[test]
    fn a_period_inside_is_covered() {
        let loaded = Loaded { since_us: 20, until_us: 41 };
        let asked =
            |since_us, until_us| Asked { grain: Grain::Total, since_us, until_us, as_of_us: 40, first_us: Some(10) };
        assert!(loaded.covers(&asked(Some(20), Some(41))));
        assert!(loaded.covers(&asked(Some(30), None)));
        assert!(!loaded.covers(&asked(Some(19), Some(41))));
        assert!(!loaded.covers(&asked(Some(20), Some(42))));
        assert!(!loaded.covers(&asked(None, Some(41))));
    }

    #[test]
    fn what_names_another_column_reads_the_files() {
        let definitions = Definitions::built_in();
        let schema = waits().schema();
        let found = |name: &str, by: &[&str], filter: Option<&'static str>| {
            let definition = definitions.get(name).unwrap();
            let by: Vec<String> = by.iter().map(|&d| d.to_owned()).collect();
            let asked = Asked { grain: Grain::Total, since_us: None, until_us: None, as_of_us: 40, first_us: Some(10) };
            let query = Query {
                definition,
                measures: Selection::new(definition, None).unwrap(),
                by: &by,
                asked,
                filter,
                target: definition.target.map(|_| "CASE WHEN channel = 'team' THEN 1 END".to_owned()),
                table: &definition.table,
                time_nullable: false,
                rollup: None,
                hours: Hours::Elapsed,
            };
            shape(&query, &schema).map(|shape| shape.name)
        };
        for name in ["first_response_time", "average_response_time", "longest_wait_time"] {
            assert_eq!(found(name, &["channel", "hour_of_day"], None), Some("waits_loaded"), "{name}");
            assert_eq!(found(name, &["team"], None), None, "{name}");
            assert_eq!(found(name, &[], Some("true")), None, "{name}");
        }
        assert_eq!(found("resolution_time", &["channel"], None), Some("sessions_loaded"));
        assert_eq!(found("inbound_message_volume", &[], None), None);
    }
}
