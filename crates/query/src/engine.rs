//! One snapshot of one archive, as of one instant, ready to be asked.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use tapemeasure_archive::{Archive, Snapshot};
use tapemeasure_facts::Facts;
use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US, format_instant};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{WeekStart, Zone};
use tokio::sync::RwLock;

use crate::baselines::Baselines;
use crate::cooperation::CooperativeJoins;
use crate::definitions::{Definitions, blamed};
use crate::error::QueryError;
use crate::functions::local_time::Clocks;
use crate::kpis::Kpis;
use crate::loaded::{self, Loaded};
use crate::plan::{KpiRequest, KpiResult};
use crate::stream::ResultStream;
use crate::tables::Coded;
use crate::{functions, params, relations, tables};

/// Rows of a batch: DataFusion's default, on which its operators are tuned.
const BATCH_ROWS: usize = 8_192;

/// Room for the footers of Parquet files, so that the second of several KPIs does not read them again. The footer of a
/// file of 4 million events takes about 100 kB.
const FOOTER_CACHE_BYTES: usize = 256 << 20;

/// How much an engine may use, and in which zone it thinks.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// Partitions that queries are cut into; at least one.
    pub threads: usize,
    /// Bound of the memory of operators; what does not fit is spilled, or fails. `None` is no bound.
    pub memory_bytes: Option<usize>,
    /// The zone of buckets, weekdays and hours.
    pub time_zone: Zone,
    /// First day of a week.
    pub week_start: WeekStart,
}

/// One snapshot of one archive, as of one instant.
pub struct Engine {
    pub(crate) kpis: Arc<Kpis>,
    /// What [`preload`](Self::preload) reads.
    coded: Coded,
    /// What was saved in the archive.
    pub(crate) baselines: Baselines,
    /// Names of its tables and views, which statements cannot take away.
    own_tables: HashSet<String>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("as_of_us", &self.kpis.as_of_us).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over a snapshot and the facts derived from it, with the tables `events`, `messages`, `waits`,
    /// `sessions`, `subscriptions`, `message_cells`, `contacts`, a view `kpi_<name>` for every definition, and all
    /// functions. Reads no rows.
    ///
    /// # Errors
    /// [`QueryError::Path`] and [`QueryError::ObjectPath`] for an archive in a place that cannot be named,
    /// [`QueryError::Internal`] if DataFusion refuses a table, [`QueryError::DefinitionValue`] for a definition whose own
    /// view is no query over the tables.
    pub async fn new(
        archive: &Archive,
        snapshot: &Snapshot,
        facts: Facts,
        settings: &Settings,
        mut definitions: Definitions,
        options: EngineOptions,
    ) -> Result<Self, QueryError> {
        let runtime = runtime(&options).map_err(QueryError::while_doing("preparing memory"))?;
        let state = SessionStateBuilder::new()
            .with_config(config(&options))
            .with_runtime_env(runtime)
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(CooperativeJoins))
            .build();
        let context = SessionContext::new_with_state(state);
        let range = (facts.first_us.unwrap_or(facts.as_of_us), facts.as_of_us);
        let clocks = Clocks::new(options.time_zone, options.week_start, range);
        let clocks = clocks.with_fiscal_year_start(settings.fiscal_year_start).with_calendars(settings);
        let clocks = Arc::new(clocks);
        functions::register(&context, &clocks, &facts.deletions);
        tables::register(&context, archive, snapshot, &facts).await?;
        let coded = Coded::of(&facts)?;
        definitions.make_views(&context).await?;
        let kpis = Arc::new(Kpis {
            context,
            definitions,
            settings: settings.clone(),
            clocks,
            as_of_us: facts.as_of_us,
            first_us: facts.first_us,
            has_closes: facts.has_closes,
            loaded: RwLock::new(None),
        });
        relations::register(&kpis).map_err(QueryError::while_doing("registering KPIs"))?;
        let own_tables = own_tables(&kpis.context);
        Ok(Self { kpis, coded, baselines: Baselines::new(archive), own_tables })
    }

    /// What the KPIs are.
    pub fn definitions(&self) -> &Definitions {
        &self.kpis.definitions
    }

    /// The as-of time, microseconds since 1970 UTC.
    pub fn as_of_us(&self) -> i64 {
        self.kpis.as_of_us
    }

    /// Where tables and functions are registered.
    pub(crate) fn context(&self) -> &SessionContext {
        &self.kpis.context
    }

    /// Runs one statement. Values of parameters (`$name`) are given by their names without the `$`, as text.
    ///
    /// Tables of the archive cannot be written; `CREATE VIEW`, `CREATE TABLE AS` and `SET` work and last as long as the
    /// engine.
    ///
    /// # Errors
    /// [`QueryError::BadQuery`], [`QueryError::OwnTable`], [`QueryError::UnknownParameter`], [`QueryError::BadParameter`]; while rows come also
    /// [`QueryError::Resources`] and [`QueryError::Storage`]. A query with `kpi(...)` can have the errors of
    /// [`kpi`](Self::kpi), [`QueryError::BadCall`] and [`QueryError::UnknownTime`].
    pub async fn sql(&self, query: &str, params: &[(String, String)]) -> Result<ResultStream, QueryError> {
        let context = &self.kpis.context;
        let plan = context.state().create_logical_plan(query).await.map_err(QueryError::of_user)?;
        SQLOptions::new().with_allow_dml(false).verify_plan(&plan).map_err(QueryError::of_user)?;
        self.check_own_tables(&plan)?;
        let plan = params::bound(plan, params)?;
        let frame = context.execute_logical_plan(plan).await.map_err(QueryError::of_user)?;
        ResultStream::of(frame).await
    }

    /// That a statement takes none of the engine's own tables and views away.
    fn check_own_tables(&self, plan: &LogicalPlan) -> Result<(), QueryError> {
        let LogicalPlan::Ddl(statement) = plan else { return Ok(()) };
        let name = match statement {
            DdlStatement::DropTable(drop) => drop.name.table(),
            DdlStatement::DropView(drop) => drop.name.table(),
            DdlStatement::CreateView(create) if create.or_replace => create.name.table(),
            DdlStatement::CreateMemoryTable(create) if create.or_replace => create.name.table(),
            _ => return Ok(()),
        };
        if self.own_tables.contains(name) {
            return Err(QueryError::OwnTable { name: name.to_owned() });
        }
        Ok(())
    }

    /// Loads waits opened and sessions closed in `[since_us, until_us)` into memory, with the columns that the built-in
    /// KPIs name. KPIs of periods within, that need nothing else, read those rows from then on; all others read the
    /// files. Worth it for many questions about one period. Loading another period drops this one.
    ///
    /// Takes some 100 bytes a row, which do not count towards [`EngineOptions::memory_bytes`].
    ///
    /// # Errors
    /// [`QueryError::EmptyPeriod`], [`QueryError::Resources`], [`QueryError::Storage`]; nothing is loaded then.
    pub async fn preload(&self, since_us: i64, until_us: i64) -> Result<(), QueryError> {
        let since_us = since_us.clamp(MIN_INSTANT_US, MAX_INSTANT_US);
        let until_us = until_us.clamp(MIN_INSTANT_US, MAX_INSTANT_US);
        if since_us >= until_us {
            return Err(QueryError::EmptyPeriod { since: format_instant(since_us), until: format_instant(until_us) });
        }
        let doing = QueryError::while_doing("loading facts into memory");
        let period = Loaded { since_us, until_us };
        let context = &self.kpis.context;
        let mut held = self.kpis.loaded.write().await;
        *held = None;
        for shape in loaded::SHAPES {
            context.deregister_table(shape.name).map_err(&doing)?;
        }
        // Side by side: where one waits for the disk, the other goes on.
        let tables = loaded::SHAPES.iter().map(|shape| {
            let rows = loaded::source(shape, &self.coded);
            loaded::load(context, rows, shape, period)
        });
        let tables = futures::future::try_join_all(tables).await.map_err(&doing)?;
        for (shape, table) in loaded::SHAPES.iter().zip(tables) {
            context.register_table(shape.name, Arc::new(table)).map_err(&doing)?;
        }
        *held = Some(period);
        Ok(())
    }

    /// The table in memory that has the rows of `[since, until)` of a table of the archive, and some of its columns; none
    /// where they are not [loaded](Self::preload).
    pub async fn in_memory(&self, table: &str, since_us: i64, until_us: i64) -> Option<&'static str> {
        let held = (*self.kpis.loaded.read().await)?;
        let shape = loaded::SHAPES.iter().find(|shape| shape.table == table)?;
        held.holds(since_us, until_us).then_some(shape.name)
    }

    /// Works out a KPI.
    ///
    /// # Errors
    /// [`QueryError::UnknownKpi`], [`QueryError::UnknownDimension`], [`QueryError::RepeatedDimension`],
    /// [`QueryError::UnknownMeasure`], [`QueryError::EmptyPeriod`], [`QueryError::BadFilter`],
    /// [`QueryError::TooManyRows`], [`QueryError::Resources`], [`QueryError::Storage`], [`QueryError::DefinitionValue`] if
    /// the SQL of the definition does not fit the tables.
    pub async fn kpi(&self, request: &KpiRequest) -> Result<KpiResult, QueryError> {
        match self.kpis.answer(request).await {
            Ok(result) => Ok(result),
            Err(error) => Err(blamed(&self.kpis.definitions, &request.name, error).await),
        }
    }

    /// The SQL that [`kpi`](Self::kpi) would run.
    ///
    /// # Errors
    /// As [`kpi`](Self::kpi), but for those of running it.
    pub async fn explain(&self, request: &KpiRequest) -> Result<String, QueryError> {
        self.kpis.explain(request).await
    }
}

/// The names of all tables and views.
fn own_tables(context: &SessionContext) -> HashSet<String> {
    let mut names = HashSet::new();
    for catalog in context.catalog_names().into_iter().filter_map(|name| context.catalog(&name)) {
        for schema in catalog.schema_names().into_iter().filter_map(|name| catalog.schema(&name)) {
            names.extend(schema.table_names());
        }
    }
    names
}

fn config(options: &EngineOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(options.threads.max(1))
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(true)
        .with_parquet_pruning(true)
        .with_parquet_page_index_pruning(true)
        .with_collect_statistics(true);
    // Errors in a user's query say where.
    config.options_mut().sql_parser.collect_spans = true;
    config
}

fn runtime(options: &EngineOptions) -> Result<Arc<RuntimeEnv>, DataFusionError> {
    let mut builder = RuntimeEnvBuilder::new().with_metadata_cache_limit(FOOTER_CACHE_BYTES);
    if let Some(bytes) = options.memory_bytes {
        // An error names the five operators that hold most.
        let shown = NonZeroUsize::MIN.saturating_add(4);
        builder = builder.with_memory_pool(Arc::new(TrackConsumersPool::new(FairSpillPool::new(bytes), shown)));
    }
    builder.build_arc()
}
