//! Rows of a cell as they come, and what they add up to.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::seek::Seeker;
use crate::error::QueryError;
use crate::plan::result::plain_type;

/// Rows whose events are sought in one reading of the events: some twenty megabytes of rows.
const CHUNK_ROWS: usize = 65_536;

/// What a row of a drill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listed {
    /// A wait, with the question that opened it and what ended it.
    Waits,
    /// A session, with the start and the end of its resolution.
    Sessions,
    /// A conversation, with its messages in the cell counted.
    Conversations,
    /// A message.
    Messages,
    /// An event.
    Events,
    /// An opt-out or opt-in.
    Changes,
    /// A contact, with what became of its subscriptions.
    Contacts,
    /// A row of a definition's own table.
    Rows,
}

impl Listed {
    /// The word for several.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Sessions => "sessions",
            Self::Conversations => "conversations",
            Self::Messages => "messages",
            Self::Events => "events",
            Self::Changes => "changes",
            Self::Contacts => "contacts",
            Self::Rows => "rows",
        }
    }
}

/// A measure of the cell, and of its rows: they were found to be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellValue {
    /// Its name.
    pub measure: String,
    /// Its value as text; `None` for null.
    pub value: Option<String>,
}

/// Rows that are left out for a reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// What the clocks of a cell add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockTotals {
    /// Rows with a length.
    pub counted: u64,
    /// Sum of the lengths in microseconds.
    pub sum_us: i128,
    /// The measure of the KPI that is the mean of the lengths, if it has one.
    pub mean_measure: Option<String>,
    /// The other rows, by why they have no length.
    pub left_out: Vec<LeftOut>,
}

impl ClockTotals {
    /// Sum over number, in seconds; `None` of no rows (kpi-rules A2).
    pub fn mean_s(&self) -> Option<f64> {
        (self.counted > 0).then(|| self.sum_us as f64 / self.counted as f64 / 1e6)
    }
}

/// What all rows of a cell add up to, shown or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillTotals {
    /// What a row is.
    pub listed: Listed,
    /// Rows of the cell.
    pub rows: u64,
    /// Rows that are shown.
    pub shown: u64,
    /// Messages in all rows, where a row is a conversation.
    pub messages: Option<u64>,
    /// Where rows have a length.
    pub clock: Option<ClockTotals>,
    /// The measures of the cell, which are those of its rows.
    pub cell: Vec<CellValue>,
    /// Measures that the rows of one cell cannot give, because they look at other cells as well.
    pub over_windows: Vec<String>,
}

/// The rows behind a cell, batch by batch, and what they add up to. After an error nothing more comes.
pub struct DrillResult {
    /// What all rows add up to.
    pub totals: DrillTotals,
    /// The query that lists the rows, without the events of their clocks.
    pub sql: String,
    /// What a reader should know, such as that there are no close events.
    pub notes: Vec<String>,
    schema: SchemaRef,
    stream: SendableRecordBatchStream,
    seeker: Seeker,
    ended: bool,
}

impl DrillResult {
    pub(super) fn new(
        stream: SendableRecordBatchStream,
        seeker: Seeker,
        totals: DrillTotals,
        sql: String,
        notes: Vec<String>,
    ) -> Self {
        let schema = plain_schema(&stream.schema());
        Self { totals, sql, notes, schema, stream, seeker, ended: false }
    }

    /// The columns of every batch; text is plain.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// [`QueryError::MissingEvent`], [`QueryError::Resources`], [`QueryError::Storage`], [`QueryError::Internal`].
    pub async fn next_batch(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        if self.ended {
            return None;
        }
        let next = self.chunk().await;
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }

    /// All rows in one batch.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    pub async fn collect_rows(mut self) -> Result<RecordBatch, QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch().await {
            batches.push(batch?);
        }
        concat_batches(&self.schema, &batches).map_err(|e| QueryError::of_engine("joining batches", e.into()))
    }

    async fn chunk(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        let doing = QueryError::while_doing("listing the rows of a cell");
        let (mut held, mut rows) = (Vec::new(), 0);
        while rows < CHUNK_ROWS {
            let Some(batch) = self.stream.next().await else { break };
            let batch = batch.map_err(&doing)?;
            rows += batch.num_rows();
            held.push(plain(&batch, &self.schema).map_err(|e| doing(e.into()))?);
        }
        if rows == 0 {
            return Ok(None);
        }
        let rows = concat_batches(&self.schema, &held).map_err(|e| doing(e.into()))?;
        self.seeker.filled(rows).await.map(Some)
    }
}

impl std::fmt::Debug for DrillResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DrillResult").field("totals", &self.totals).finish_non_exhaustive()
    }
}

/// The columns with views as plain text, all of them nullable.
fn plain_schema(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| Field::new(field.name(), plain_type(field.data_type()), true);
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

fn plain(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns: Vec<ArrayRef> =
        columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<_, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}
