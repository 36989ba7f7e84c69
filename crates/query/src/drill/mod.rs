//! What is behind a number: the conversations of one cell of a KPI, with the events that started and stopped each clock.
//!
//! A *cell* is what `tape kpi` prints in one row: a bucket, a value for each dimension, a condition. Its rows are those
//! of the definition's table; what they add up to is held against what the KPI says before any of them is shown.
//!
//! ```text
//! cell of first_response_time: topic = 'billing', 2025-03-03
//! conversation  opened_at  opening_event_id  ended_at  ending_event_id  wait_s
//! c1            09:00:00   e1                09:00:30  e4                   30
//! c7            09:10:00   e9                09:11:10  e12                  70   sum 100 / n 2 = mean_s 50 = the cell
//! ```
//!
//! | file | is |
//! |---|---|
//! | [`request`] | what is asked, and which part of the period that is |
//! | [`cell`] | a cell as conditions |
//! | [`counted`] | the rows that a measure counts |
//! | [`rows`] | SQL for rows of a period, by table |
//! | [`contacts`] | SQL for the contacts of a stock |
//! | [`seek`] | the events that start and stop clocks |
//! | [`check`] | whether the rows are the cell |
//! | [`result`](self::result) | rows as they come, and what they add up to |

mod cell;
mod check;
mod contacts;
pub(crate) mod counted;
mod request;
mod result;
pub(crate) mod rows;
mod seek;
#[cfg(test)]
mod tests;

use tapemeasure_model::zone::Grain;

use crate::definitions::{Definition, Kind, Selection};
use crate::engine::Engine;
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::plan::period::Asked;
use crate::plan::{KpiRequest, gather};
use check::Found;
pub use request::{DrillOrder, DrillRequest};
pub use result::{CellValue, ClockTotals, DrillResult, DrillTotals, LeftOut, Listed};
use rows::Rows;
use seek::{Seeker, Sought};

/// The queries of a drill.
#[derive(Debug, PartialEq)]
pub(crate) struct Texts {
    /// What a row is.
    pub(crate) listed: Listed,
    /// The rows that are shown, in order.
    pub(crate) rows: String,
    /// One row with what all rows of the cell add up to.
    pub(crate) totals: String,
    /// Which clocks the rows have.
    pub(crate) sought: Sought,
}

impl Engine {
    /// The rows behind a cell of a KPI, and what they add up to.
    ///
    /// At most [`DrillRequest::limit`] rows come; the events of clocks are looked up for those only, some ten thousand
    /// rows at a time. The totals are those of the whole cell.
    ///
    /// # Errors
    /// As [`Engine::kpi`]; [`QueryError::UnknownBucket`], [`QueryError::BadCell`], [`QueryError::NoMessages`],
    /// [`QueryError::MadeOfOthers`]; [`QueryError::DrillMismatch`] if the rows are not what the KPI counted.
    pub async fn drill(&self, request: &DrillRequest) -> Result<DrillResult, QueryError> {
        drilled(&self.kpis, request).await
    }
}

async fn drilled(kpis: &Kpis, request: &DrillRequest) -> Result<DrillResult, QueryError> {
    let definition = kpis.definitions.get(&request.name)?;
    if let Kind::Derived(_) = definition.kind {
        return Err(definition.made_of_others());
    }
    let asked = request.kpi();
    let prepared = kpis.prepared(&asked, None).await?;
    let (since_us, until_us) = request.part(&prepared.period)?;
    let doing = QueryError::while_doing("reading columns");
    let schema = kpis.context.table_provider(definition.table.as_str()).await.map_err(doing)?.schema();
    let mut conditions = cell::conditions(definition, &schema, &request.cell)?;
    let mut query = prepared.query;
    query.asked = Asked { grain: Grain::Total, since_us, until_us, ..query.asked };
    let named: Option<Vec<String>> = request.measure.clone().map(|measure| vec![measure]);
    let measures = Selection::new(definition, named.as_deref())?;
    let texts = match &definition.kind {
        Kind::Flow => {
            query.rollup = None;
            query.table = &definition.table;
            conditions.extend(counted_rows(kpis, definition, request, &|sql| query.dated(sql))?);
            let listed = listed(definition, request)?;
            let (order, limit) = (request.order, request.limit);
            Rows { query: &query, measures: &measures, schema: &schema, conditions, listed, order, limit }.texts()
        }
        Kind::Stock(stock) => {
            if request.events {
                return Err(no_messages(definition));
            }
            contacts::texts(&query, stock, &measures, &conditions, request)
        }
        Kind::Derived(_) => return Err(definition.made_of_others()),
    };

    let doing = QueryError::while_doing("adding up the rows of a cell");
    let sums = gather(kpis.context.sql(&texts.totals).await.map_err(&doing)?).await.map_err(&doing)?;
    let whole = KpiRequest { since_us, until_us, measures: named, fill: false, ..asked.clone() };
    let answer = kpis.answer(&whole).await?;
    let found = Found { definition, measures: &measures, sums: &sums, answer: &answer.batch, cell: &request.cell };
    let totals = found.totals(texts.listed, request.limit)?;

    let doing = QueryError::while_doing("listing the rows of a cell");
    let stream = kpis.context.sql(&texts.rows).await.map_err(&doing)?.execute_stream().await.map_err(&doing)?;
    let seeker = Seeker::new(&kpis.context, &kpis.settings, texts.sought);
    Ok(DrillResult::new(stream, seeker, totals, texts.rows, answer.notes))
}

/// The condition for the rows that the measure of the request counts, if it names one that does not count all.
fn counted_rows(
    kpis: &Kpis,
    definition: &Definition,
    request: &DrillRequest,
    dated: &dyn Fn(&str) -> String,
) -> Result<Option<String>, QueryError> {
    let Some(name) = &request.measure else { return Ok(None) };
    let Some(measure) = definition.visible().find(|measure| measure.name == *name) else { return Ok(None) };
    counted::condition(&kpis.aggregates(), definition, measure, dated)
        .map_err(QueryError::while_doing("reading the SQL of a measure"))
}

/// What a row of a flow is.
fn listed(definition: &Definition, request: &DrillRequest) -> Result<Listed, QueryError> {
    let listed = match (definition.table.as_str(), request.events) {
        ("messages", true) => Listed::Messages,
        (_, true) => return Err(no_messages(definition)),
        ("messages", false) => Listed::Conversations,
        ("waits", false) => Listed::Waits,
        ("sessions", false) => Listed::Sessions,
        ("events", false) => Listed::Events,
        ("subscriptions", false) => Listed::Changes,
        (_, false) => Listed::Rows,
    };
    Ok(listed)
}

fn no_messages(definition: &Definition) -> QueryError {
    QueryError::NoMessages { kpi: definition.name.clone() }
}
