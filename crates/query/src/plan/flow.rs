//! Flows: one query, and the rows that it leaves out.

use arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
use tapemeasure_model::instant::MINUTE_US;
use tapemeasure_model::zone::Grain;

use super::period::Period;
use super::sql::{OPEN_ROWS, Query};
use super::{fill, gather};
use crate::definitions::Empty;
use crate::error::QueryError;

/// Runs the SQL of a flow; with `fill`, every bucket of the period appears. Columns as [`Query::flow`] says.
///
/// # Errors
/// [`QueryError::TooManyRows`], [`QueryError::Resources`], [`QueryError::Storage`], [`QueryError::Internal`].
pub(crate) async fn run(
    context: &SessionContext,
    query: &Query<'_>,
    sql: &str,
    period: &Period,
    fill: bool,
) -> Result<RecordBatch, QueryError> {
    let doing = QueryError::while_doing("working out a KPI");
    let frame = context.sql(sql).await.map_err(&doing)?;
    let rows = gather(frame).await.map_err(&doing)?;
    finished(rows, query, period, fill)
}

/// The rows of a flow's SQL with the buckets that it leaves out, if `fill` asks for them.
///
/// # Errors
/// [`QueryError::TooManyRows`], [`QueryError::Internal`].
pub(crate) fn finished(
    rows: RecordBatch,
    query: &Query<'_>,
    period: &Period,
    fill: bool,
) -> Result<RecordBatch, QueryError> {
    if !fill || query.asked.grain == Grain::Total {
        return Ok(rows);
    }
    let mut empty: Vec<Empty> = query.measures.shown().map(|measure| measure.empty).collect();
    if query.definition.unsettled.is_some() {
        debug_assert!(rows.column_by_name(OPEN_ROWS).is_some(), "what is unsettled is counted");
        empty.push(Empty::Zero);
    }
    fill::fill(&rows, query.by, &empty, period)
}

/// The table that a flow reads, for people.
pub(crate) fn tables(query: &Query<'_>) -> String {
    match query.rollup.map(|rollup| (&rollup.table, rollup.step_us)) {
        Some((table, Some(step_us))) => format!("{table} ({}-minute rollup)", step_us / MINUTE_US),
        Some((table, None)) => format!("{table} (rollup)"),
        None if query.table == query.definition.table => query.table.to_owned(),
        None => format!("{} (in memory)", query.definition.table),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Hours;
    use super::super::period::Asked;
    use super::*;
    use crate::definitions::{Definitions, Selection};

    #[test]
    fn people_read_where_rows_came_from() {
        let definitions = Definitions::built_in();
        let definition = definitions.get("inbound_message_volume").unwrap();
        let asked = Asked { grain: Grain::Total, since_us: None, until_us: None, as_of_us: 0, first_us: None };
        let mut query = Query {
            definition,
            measures: Selection::new(definition, None).unwrap(),
            by: &[],
            asked,
            filter: None,
            target: None,
            table: &definition.table,
            time_nullable: false,
            rollup: definition.rollup.as_ref(),
            hours: Hours::Elapsed,
        };
        assert_eq!(tables(&query), "message_cells (15-minute rollup)");
        query.rollup = None;
        assert_eq!(tables(&query), "messages");
        query.table = "messages_loaded";
        assert_eq!(tables(&query), "messages (in memory)");
    }
}
