//! The step of a plan that puts a KPI together: from the rows of its queries to one row a bucket and group.

use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{internal_datafusion_err, internal_err};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements,
    Partitioning, PhysicalExpr, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream, execute_stream,
};
use futures::TryStreamExt;

use super::as_datafusion;
use crate::kpis::Kpis;
use crate::plan::KpiRequest;

/// The step. It has one partition, and wants each input in one.
#[derive(Debug)]
pub(super) struct KpiExec {
    kpis: Arc<Kpis>,
    request: KpiRequest,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl KpiExec {
    /// The columns `schema` of the answer to a request, from its [`inputs`](Kpis::inputs).
    pub(super) fn new(
        kpis: Arc<Kpis>,
        request: KpiRequest,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        schema: SchemaRef,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Self { kpis, request, inputs, properties }
    }
}

impl DisplayAs for KpiExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        match format {
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(f, "KpiExec: name={}, grain={}", self.request.name, self.request.grain)
            }
            DisplayFormatType::TreeRender => write!(f, "{}", self.request.name),
        }
    }
}

impl ExecutionPlan for KpiExec {
    fn name(&self) -> &str {
        "KpiExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.len() != self.inputs.len() {
            return internal_err!("a KPI of {} queries cannot have {} inputs", self.inputs.len(), children.len());
        }
        Ok(Arc::new(Self {
            kpis: Arc::clone(&self.kpis),
            request: self.request.clone(),
            inputs: children,
            properties: Arc::clone(&self.properties),
        }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a KPI has one partition, not {partition}");
        }
        let answer = answer(Arc::clone(&self.kpis), self.request.clone(), self.inputs.clone(), self.schema(), context);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), futures::stream::once(answer))))
    }
}

/// Runs the inputs one after the other, each with all threads to itself, and puts their rows together.
async fn answer(
    kpis: Arc<Kpis>,
    request: KpiRequest,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    schema: SchemaRef,
    context: Arc<TaskContext>,
) -> Result<RecordBatch> {
    let mut answers = Vec::with_capacity(inputs.len());
    for input in inputs {
        let stream = execute_stream(input, Arc::clone(&context))?;
        let columns = stream.schema();
        let batches: Vec<RecordBatch> = stream.try_collect().await?;
        answers.push(concat_batches(&columns, &batches)?);
    }
    let rows = kpis.finished(&request, answers).await.map_err(as_datafusion)?;
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let column = rows.column_by_name(field.name()).cloned();
            column.ok_or_else(|| internal_datafusion_err!("{} has no column {}", request.name, field.name()))
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}
