//! KPIs as tables of SQL: `kpi('first_response_time', 'week')`, and the views `kpi_<name>`.
//!
//! | file | is |
//! |---|---|
//! | [`call`] | the arguments of `kpi(...)` as a request |
//! | [`times`] | `since` and `until` as instants |
//! | [`names`] | names of arguments, and what SQL lets through unread |
//! | [`table`](self::table) | a request as a table |
//! | [`exec`] | the step of a plan that puts a KPI together |
//! | [`views`] | the views, planned when they are first named |
//!
//! The queries behind a KPI are ordinary plans, and the inputs of that step: the optimizer sees them, and an engine of
//! several machines can run them where the files are. What is left for the step is some rows a bucket and group.
//!
//! All of these hold the KPIs weakly: they are registered in the context that the KPIs hold.

pub(crate) mod call;
mod exec;
mod names;
mod table;
#[cfg(test)]
mod tests;
mod times;
mod views;

use std::sync::{Arc, Weak};

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::internal_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use futures::FutureExt;

use crate::error::QueryError;
use crate::functions::catalog;
use crate::kpis::Kpis;
use names::Names;
use table::KpiTable;
use views::KpiViews;

/// The table function.
pub(crate) const KPI: &str = "kpi";

/// What the names of the views begin with.
const VIEW_PREFIX: &str = "kpi_";

/// Registers `kpi(...)`, `functions()` and the views in the context of some KPIs.
///
/// # Errors
/// DataFusion does not have the schema of its own tables.
pub(crate) fn register(kpis: &Arc<Kpis>) -> Result<()> {
    let context = &kpis.context;
    context.register_udtf(KPI, Arc::new(KpiFunction { kpis: Arc::downgrade(kpis) }));
    context.register_udtf(catalog::FUNCTIONS, Arc::new(catalog::FunctionsTable));
    context.register_relation_planner(Arc::new(Names))?;
    let state = context.state();
    let options = &state.config_options().catalog;
    let missing = || internal_datafusion_err!("no schema for tables");
    let catalog = context.catalog(&options.default_catalog).ok_or_else(missing)?;
    let tables = catalog.schema(&options.default_schema).ok_or_else(missing)?;
    catalog.register_schema(&options.default_schema, Arc::new(KpiViews::new(tables, Arc::downgrade(kpis))))?;
    Ok(())
}

/// `kpi(name, grain, by, since, until, filter, target, hours, sparse)`.
#[derive(Debug)]
struct KpiFunction {
    kpis: Weak<Kpis>,
}

impl TableFunctionImpl for KpiFunction {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let kpis = held(&self.kpis)?;
        let request = call::request(args.exprs(), &kpis).map_err(as_datafusion)?;
        // Planning waits for nothing, for the tables are known; nor does it give way to other tasks.
        let table = tokio::task::unconstrained(KpiTable::new(&kpis, request, None)).now_or_never();
        let table = table.ok_or_else(|| internal_datafusion_err!("a table of the archive has to be waited for"))?;
        Ok(Arc::new(table.map_err(as_datafusion)?))
    }
}

/// The KPIs, if their engine is still there.
fn held(kpis: &Weak<Kpis>) -> Result<Arc<Kpis>> {
    kpis.upgrade().ok_or_else(|| internal_datafusion_err!("the engine of a KPI is gone"))
}

/// An error of ours on its way through DataFusion; [`QueryError::of_user`] takes it out again.
fn as_datafusion(error: QueryError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
