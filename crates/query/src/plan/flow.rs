//! Flows: one query, and the rows that it leaves out.

use arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
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
    if !fill || query.asked.grain == Grain::Total {
        return Ok(rows);
    }
    let mut empty: Vec<Empty> = query.definition.visible().map(|measure| measure.empty).collect();
    if query.definition.unsettled.is_some() {
        debug_assert!(rows.column_by_name(OPEN_ROWS).is_some(), "what is unsettled is counted");
        empty.push(Empty::Zero);
    }
    fill::fill(&rows, query.by, &empty, period)
}
