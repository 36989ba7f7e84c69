//! The answer to a query, batch by batch.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{Stream, StreamExt};

use crate::error::QueryError;

/// The rows that a query gives, as they come. A [`Stream`] of batches; after an error nothing more comes.
pub struct ResultStream {
    schema: SchemaRef,
    stream: SendableRecordBatchStream,
    reading: Reading,
}

/// How far a running query has come. A handle of its own, because the rows are often taken by another task.
#[derive(Debug, Clone)]
pub struct Reading {
    plan: Arc<dyn ExecutionPlan>,
}

impl Reading {
    /// Rows that the query has read from tables so far, filters aside.
    pub fn rows(&self) -> u64 {
        rows_of_leaves(&self.plan)
    }
}

fn rows_of_leaves(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let inputs = plan.children();
    if inputs.is_empty() {
        return plan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0) as u64;
    }
    inputs.into_iter().map(rows_of_leaves).sum()
}

impl ResultStream {
    /// Plans the query and starts it.
    ///
    /// # Errors
    /// Those of a query that the user wrote.
    pub(crate) async fn of(frame: DataFrame) -> Result<Self, QueryError> {
        let task = Arc::new(frame.task_ctx());
        let plan = frame.create_physical_plan().await.map_err(QueryError::of_user)?;
        let stream = execute_stream(Arc::clone(&plan), task).map_err(QueryError::of_user)?;
        Ok(Self { schema: stream.schema(), stream, reading: Reading { plan } })
    }

    /// How far the query has come.
    pub fn reading(&self) -> Reading {
        self.reading.clone()
    }

    /// The columns of every batch.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// The next batch; `None` after the last.
    pub async fn next_batch(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        self.next().await
    }

    /// All rows in one batch.
    ///
    /// # Errors
    /// Whatever the query fails with on the way.
    pub async fn collect_rows(mut self) -> Result<RecordBatch, QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch().await {
            batches.push(batch?);
        }
        concat_batches(&self.schema, &batches).map_err(|e| QueryError::of_engine("joining batches", e.into()))
    }
}

impl std::fmt::Debug for ResultStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResultStream").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Stream for ResultStream {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next_unpin(cx).map(|next| next.map(|batch| batch.map_err(QueryError::of_user)))
    }
}
