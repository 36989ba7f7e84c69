//! From a definition and a request to numbers.
//!
//! | file | is |
//! |---|---|
//! | [`filter`] | the user's condition, checked |
//! | [`period`] | the period that is asked for, and its buckets |
//! | [`targets`] | the target of a row, as SQL |
//! | [`hours`] | elapsed time or business hours |
//! | [`rollup`] | whether a table of sums gives the same numbers |
//! | [`sql`] | definition and request to one SQL text |
//! | [`flow`] | rows of a period: the query, and what it leaves out |
//! | [`fill`] | empty buckets, and the order of rows |
//! | [`derived`] | fields of other KPIs, side by side |
//! | [`stock`] | contacts in a state at the end of each bucket |
//! | [`result`](self::result) | rows to what people see |

pub(crate) mod derived;
pub(crate) mod fill;
pub(crate) mod filter;
pub(crate) mod flow;
pub(crate) mod hours;
pub(crate) mod period;
pub(crate) mod result;
pub(crate) mod rollup;
pub(crate) mod sql;
pub(crate) mod stock;
pub(crate) mod targets;
#[cfg(test)]
mod tests;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::common::runtime::SpawnedTask;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use futures::TryStreamExt;
use tapemeasure_model::zone::Grain;

use crate::definitions::Definition;
pub use hours::Hours;

/// What is asked of a KPI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiRequest {
    /// Its name.
    pub name: String,
    /// Dimensions to group by; `None` for the definition's own choice, an empty list for none at all.
    pub by: Option<Vec<String>>,
    /// Fields of the output to work out, in any order; `None` or an empty list for all. What is not asked for costs
    /// nothing.
    pub measures: Option<Vec<String>>,
    /// How long the buckets are.
    pub grain: Grain,
    /// First instant of the period, microseconds since 1970 UTC; `None` for the earliest event.
    pub since_us: Option<i64>,
    /// First instant after the period; `None` for the as-of time, itself included.
    pub until_us: Option<i64>,
    /// SQL condition over the columns of the definition's table and the dimensions.
    pub filter: Option<String>,
    /// A target for all rows, in microseconds, instead of those of the settings.
    pub target_us: Option<i64>,
    /// What spans are measured in.
    pub hours: Hours,
    /// Buckets without rows appear (kpi-rules T4).
    pub fill: bool,
}

impl KpiRequest {
    /// One number for everything there is.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            by: None,
            measures: None,
            grain: Grain::Total,
            since_us: None,
            until_us: None,
            filter: None,
            target_us: None,
            hours: Hours::Elapsed,
            fill: true,
        }
    }

    /// The dimensions to group by, of a KPI of that definition.
    pub(crate) fn dimensions<'a>(&'a self, definition: &'a Definition) -> &'a [String] {
        self.by.as_ref().unwrap_or(&definition.default_by)
    }
}

/// The numbers of a KPI.
#[derive(Debug, Clone)]
pub struct KpiResult {
    /// One row a bucket and combination of dimensions, in that order, null first: `bucket` (text, as the oracle writes
    /// it), the dimensions (text, or Int32 for those of time), the fields asked for in the definition's order (Int64,
    /// Float64, text or timestamp), `provisional`.
    pub batch: RecordBatch,
    /// What was run.
    pub sql: String,
    /// Which tables the rows came from, and where a rollup was not used, why.
    pub served_by: String,
    /// What a reader should know, such as that there are no close events.
    pub notes: Vec<String>,
}

/// All rows of a query in one batch. It is worked out in a task of its own: beside others, though it be of one partition.
pub(crate) async fn gather(frame: DataFrame) -> Result<RecordBatch, DataFusionError> {
    let rows = SpawnedTask::spawn(async {
        let stream = frame.execute_stream().await?;
        let schema = stream.schema();
        let batches: Vec<RecordBatch> = stream.try_collect().await?;
        Ok(concat_batches(&schema, &batches)?)
    });
    rows.await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}
