//! The answer to a query, batch by batch.

use std::pin::Pin;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};

use crate::error::QueryError;

/// The rows that a query gives, as they come. A [`Stream`] of batches; after an error nothing more comes.
pub struct ResultStream {
    schema: SchemaRef,
    stream: SendableRecordBatchStream,
}

impl ResultStream {
    pub(crate) fn new(stream: SendableRecordBatchStream) -> Self {
        Self { schema: stream.schema(), stream }
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
