//! The views `kpi_<name>`: each definition by day, with the dimensions of its own choice.
//!
//! They stand beside the tables of the archive and are planned when they are named: an engine that nobody asks for them
//! does not pay for them.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::exec_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::TableType;
use tapemeasure_model::zone::Grain;

use super::table::KpiTable;
use super::{KPI, VIEW_PREFIX, as_datafusion, held};
use crate::kpis::Kpis;
use crate::plan::KpiRequest;

/// The tables of a schema, and the views.
#[derive(Debug)]
pub(super) struct KpiViews {
    tables: Arc<dyn SchemaProvider>,
    kpis: Weak<Kpis>,
}

impl KpiViews {
    /// The views of all definitions, beside what is in `tables`.
    pub(super) fn new(tables: Arc<dyn SchemaProvider>, kpis: Weak<Kpis>) -> Self {
        Self { tables, kpis }
    }

    /// The KPI that a name is the view of.
    fn kpi(&self, name: &str) -> Option<String> {
        let kpi = name.strip_prefix(VIEW_PREFIX)?;
        let kpis = self.kpis.upgrade()?;
        kpis.definitions.names().any(|known| known == kpi).then(|| kpi.to_owned())
    }
}

#[async_trait]
impl SchemaProvider for KpiViews {
    fn table_names(&self) -> Vec<String> {
        let mut names = self.tables.table_names();
        if let Some(kpis) = self.kpis.upgrade() {
            names.extend(kpis.definitions.names().map(|name| format!("{VIEW_PREFIX}{name}")));
        }
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some(kpi) = self.kpi(name) else { return self.tables.table(name).await };
        let request = KpiRequest { grain: Grain::Day, ..KpiRequest::new(kpi.as_str()) };
        let definition = format!("CREATE VIEW {name} AS SELECT * FROM {KPI}('{kpi}', 'day')");
        let table = KpiTable::new(&held(&self.kpis)?, request, Some(definition)).await.map_err(as_datafusion)?;
        Ok(Some(Arc::new(table)))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        if self.kpi(name).is_some() {
            return Ok(Some(TableType::View));
        }
        self.tables.table_type(name).await
    }

    fn register_table(&self, name: String, table: Arc<dyn TableProvider>) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.kpi(&name).is_some() {
            return exec_err!("{name} is the view of a KPI; choose another name");
        }
        self.tables.register_table(name, table)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.kpi(name).is_some() {
            return exec_err!("{name} is the view of a KPI, which cannot be dropped");
        }
        self.tables.deregister_table(name)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.kpi(name).is_some() || self.tables.table_exist(name)
    }
}
