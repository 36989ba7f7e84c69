//! The table of saved baselines: read when it is asked for, as it is then, whatever version of the archive is open.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use tapemeasure_archive::Archive;

use crate::baselines::{Baselines, baselines_schema};

/// The baselines of an archive; no rows where there are none.
#[derive(Debug)]
pub(super) struct BaselinesTable {
    baselines: Baselines,
}

impl BaselinesTable {
    pub(super) fn new(archive: &Archive) -> Self {
        Self { baselines: Baselines::new(archive) }
    }
}

#[async_trait]
impl TableProvider for BaselinesTable {
    fn schema(&self) -> SchemaRef {
        baselines_schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // A few thousand rows, which filters above the scan go through in no time.
    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.baselines.read().await.map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(MemorySourceConfig::try_new_exec(&[rows], baselines_schema(), projection.cloned())?)
    }
}
