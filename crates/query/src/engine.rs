//! One snapshot of one archive, as of one instant, ready to be asked.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use tapemeasure_archive::{Archive, Snapshot};
use tapemeasure_facts::Facts;
use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US, format_instant};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{WeekStart, Zone};
use tokio::sync::RwLock;

use crate::definitions::{Definition, Definitions, Kind, Requirement, Selection};
use crate::error::QueryError;
use crate::functions::local_time::Clocks;
use crate::loaded::{self, Loaded};
use crate::params;
use crate::plan::period::{Asked, Period};
use crate::plan::sql::Query;
use crate::plan::{KpiRequest, KpiResult, fill, filter, flow, result, rollup, stock, targets};
use crate::stream::ResultStream;
use crate::{aggregates, functions, tables};

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
    context: SessionContext,
    definitions: Definitions,
    settings: Settings,
    clocks: Arc<Clocks>,
    threads: usize,
    as_of_us: i64,
    first_us: Option<i64>,
    has_closes: bool,
    /// The period whose waits and sessions are in memory. Held by every KPI until it is worked out: its tables must not
    /// be exchanged meanwhile.
    loaded: RwLock<Option<Loaded>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("as_of_us", &self.as_of_us).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over a snapshot and the facts derived from it, with the tables `events`, `messages`, `waits`,
    /// `sessions`, `subscriptions`, `message_cells`, `contacts` and all functions. Reads no rows.
    ///
    /// # Errors
    /// [`QueryError::Path`] and [`QueryError::ObjectPath`] for an archive in a place that cannot be named,
    /// [`QueryError::Internal`] if DataFusion refuses a table.
    pub async fn new(
        archive: &Archive,
        snapshot: &Snapshot,
        facts: Facts,
        settings: &Settings,
        options: EngineOptions,
    ) -> Result<Self, QueryError> {
        let runtime = runtime(&options).map_err(QueryError::while_doing("preparing memory"))?;
        let context = SessionContext::new_with_config_rt(config(&options), runtime);
        let range = (facts.first_us.unwrap_or(facts.as_of_us), facts.as_of_us);
        let clocks = Arc::new(Clocks::new(options.time_zone, options.week_start, range));
        for function in functions::all(&clocks, &facts.deletions) {
            context.register_udf(function);
        }
        for function in aggregates::all() {
            context.register_udaf(function);
        }
        tables::register(&context, archive, snapshot, &facts).await?;
        Ok(Self {
            context,
            definitions: Definitions::built_in(),
            settings: settings.clone(),
            clocks,
            threads: options.threads.max(1),
            as_of_us: facts.as_of_us,
            first_us: facts.first_us,
            has_closes: facts.has_closes,
            loaded: RwLock::new(None),
        })
    }

    /// What the KPIs are.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The as-of time, microseconds since 1970 UTC.
    pub fn as_of_us(&self) -> i64 {
        self.as_of_us
    }

    /// Runs one statement. Values of parameters (`$name`) are given by their names without the `$`, as text.
    ///
    /// Tables of the archive cannot be written; `CREATE VIEW`, `CREATE TABLE AS` and `SET` work and last as long as the
    /// engine.
    ///
    /// # Errors
    /// [`QueryError::BadQuery`], [`QueryError::UnknownParameter`], [`QueryError::BadParameter`]; while rows come also
    /// [`QueryError::Resources`] and [`QueryError::Storage`].
    pub async fn sql(&self, query: &str, params: &[(String, String)]) -> Result<ResultStream, QueryError> {
        let plan = self.context.state().create_logical_plan(query).await.map_err(QueryError::of_user)?;
        SQLOptions::new().with_allow_dml(false).verify_plan(&plan).map_err(QueryError::of_user)?;
        let plan = params::bound(plan, params)?;
        let frame = self.context.execute_logical_plan(plan).await.map_err(QueryError::of_user)?;
        Ok(ResultStream::new(frame.execute_stream().await.map_err(QueryError::of_user)?))
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
        let mut held = self.loaded.write().await;
        *held = None;
        for shape in loaded::SHAPES {
            self.context.deregister_table(shape.name).map_err(&doing)?;
        }
        for shape in loaded::SHAPES {
            let table = loaded::load(&self.context, shape, period, self.threads).await.map_err(&doing)?;
            self.context.register_table(shape.name, Arc::new(table)).map_err(&doing)?;
        }
        *held = Some(period);
        Ok(())
    }

    /// Works out a KPI.
    ///
    /// # Errors
    /// [`QueryError::UnknownKpi`], [`QueryError::UnknownDimension`], [`QueryError::RepeatedDimension`],
    /// [`QueryError::UnknownMeasure`], [`QueryError::EmptyPeriod`], [`QueryError::BadFilter`],
    /// [`QueryError::TooManyRows`], [`QueryError::Resources`], [`QueryError::Storage`].
    pub async fn kpi(&self, request: &KpiRequest) -> Result<KpiResult, QueryError> {
        let held = self.loaded.read().await;
        let Prepared { query, period, refusal } = self.prepared(request, *held).await?;
        let definition = query.definition;
        let (rows, sql, tables) = match &definition.kind {
            Kind::Flow => {
                let sql = query.flow();
                (flow::run(&self.context, &query, &sql, &period, request.fill).await?, sql, flow::tables(&query))
            }
            Kind::Stock(stock) => {
                let texts = stock::texts(&query, stock);
                let rows = stock::run(&self.context, &query, &texts, &period, request.fill).await?;
                (rows, texts.shown(), texts.tables(&query))
            }
        };
        let served_by = match refusal {
            Some(reason) => format!("{tables}: the rollup cannot be used because {reason}"),
            None => tables,
        };
        let batch = result::dressed(&fill::sorted(&rows, query.by.len())?, &period)?;
        Ok(KpiResult { batch, sql, served_by, notes: self.notes(definition) })
    }

    /// The SQL that [`kpi`](Self::kpi) would run.
    ///
    /// # Errors
    /// As [`kpi`](Self::kpi), but for those of running it.
    pub async fn explain(&self, request: &KpiRequest) -> Result<String, QueryError> {
        let held = self.loaded.read().await;
        let Prepared { query, .. } = self.prepared(request, *held).await?;
        Ok(match &query.definition.kind {
            Kind::Flow => query.flow(),
            Kind::Stock(stock) => stock::texts(&query, stock).shown(),
        })
    }

    /// A request, checked, and where its rows come from.
    async fn prepared<'a>(
        &'a self,
        request: &'a KpiRequest,
        loaded: Option<Loaded>,
    ) -> Result<Prepared<'a>, QueryError> {
        let definition = self.definitions.get(&request.name)?;
        let by: &'a [String] = request.by.as_ref().unwrap_or(&definition.default_by);
        definition.check_dimensions(by)?;
        let measures = Selection::new(definition, request.measures.as_deref())?;
        let filter = request.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
        if let Some(filter) = filter {
            filter::check(&self.context, definition, filter).await?;
        }
        let asked = Asked {
            grain: request.grain,
            since_us: request.since_us,
            until_us: request.until_us,
            as_of_us: self.as_of_us,
            first_us: self.first_us,
        };
        let period = Period::new(asked, &self.clocks)?;
        let asked = *period.asked();
        let zone = self.clocks.zone();
        let about = rollup::Request { definition, measures: &measures, by, filter, asked: &asked, zone: &zone };
        let (rollup, refusal) = match rollup::choose(about) {
            Ok(rollup) => (rollup, None),
            Err(reason) => (None, Some(reason)),
        };
        let schema = self.schema(definition).await.map_err(QueryError::while_doing("reading columns"))?;
        let mut query = Query {
            definition,
            measures,
            by,
            asked,
            filter,
            target: definition.target.map(|t| targets::expression(&self.settings, t, request.target_us)),
            table: &definition.table,
            // A table that does not have the column says so when it is asked.
            time_nullable: schema.field_with_name(&definition.time).is_ok_and(|field| field.is_nullable()),
            rollup,
        };
        if definition.kind == Kind::Flow
            && loaded.is_some_and(|loaded| loaded.covers(&asked))
            && let Some(shape) = loaded::shape(&query, &schema)
        {
            query.table = shape.name;
        }
        Ok(Prepared { query, period, refusal })
    }

    /// The columns of a definition's table.
    async fn schema(&self, definition: &Definition) -> Result<SchemaRef, DataFusionError> {
        Ok(self.context.table_provider(definition.table.as_str()).await?.schema())
    }

    /// What a reader of a KPI should know about the archive.
    fn notes(&self, definition: &Definition) -> Vec<String> {
        match definition.requires {
            Some(Requirement::Closes) if !self.has_closes => vec!["no close events".to_owned()],
            Some(Requirement::Closes) | None => Vec::new(),
        }
    }
}

/// A request that can be run.
struct Prepared<'a> {
    query: Query<'a>,
    period: Period,
    /// Why the definition's rollup cannot be used, as the end of a sentence; none if it is used, or there is none.
    refusal: Option<String>,
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
