//! A request as a table.

use std::sync::{Arc, Weak};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::project_schema;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::exec::KpiExec;
use super::{as_datafusion, held};
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::plan::KpiRequest;

/// The answer to a request, worked out when it is read. Columns as [`KpiResult::batch`](crate::KpiResult).
#[derive(Debug)]
pub(super) struct KpiTable {
    kpis: Weak<Kpis>,
    request: KpiRequest,
    schema: SchemaRef,
    /// The SQL of a view that is this table.
    definition: Option<String>,
}

impl KpiTable {
    /// The table of a request; `definition` is the SQL of the view that it is.
    ///
    /// # Errors
    /// As [`Kpis::columns`].
    pub(super) async fn new(
        kpis: &Arc<Kpis>,
        request: KpiRequest,
        definition: Option<String>,
    ) -> Result<Self, QueryError> {
        let schema = kpis.columns(&request).await?;
        Ok(Self { kpis: Arc::downgrade(kpis), request, schema, definition })
    }

    /// The request for the columns of a projection: measures that nobody reads cost nothing.
    fn narrowed(&self, kpis: &Kpis, read: &SchemaRef) -> Result<KpiRequest, QueryError> {
        let definition = kpis.definitions.get(&self.request.name)?;
        let visible = || definition.visible().map(|measure| &measure.name);
        let mut measures: Vec<String> =
            visible().filter(|&name| read.column_with_name(name).is_some()).cloned().collect();
        if measures.is_empty() {
            // An empty list asks for all; one is enough to find buckets and groups.
            measures.extend(visible().next().cloned());
        }
        Ok(KpiRequest { measures: Some(measures), ..self.request.clone() })
    }
}

#[async_trait]
impl TableProvider for KpiTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    // Conditions on the rows of a KPI stay above it: the rows behind them are counted whole.
    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let kpis = held(&self.kpis)?;
        let schema = project_schema(&self.schema, projection)?;
        let request = self.narrowed(&kpis, &schema).map_err(as_datafusion)?;
        let inputs = kpis.inputs(&request).await.map_err(as_datafusion)?;
        Ok(Arc::new(KpiExec::new(kpis, request, inputs, schema)))
    }
}
