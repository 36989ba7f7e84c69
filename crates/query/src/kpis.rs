//! The KPIs of one snapshot, as of one instant: what an engine and SQL's `kpi(...)` share.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use tapemeasure_model::calendar::CalendarError;
use tapemeasure_model::settings::Settings;
use tokio::sync::RwLock;

use crate::definitions::{Definition, Definitions, Kind, Requirement, Selection};
use crate::error::QueryError;
use crate::functions::local_time::Clocks;
use crate::loaded::{self, Loaded};
use crate::plan::derived::Derived;
use crate::plan::period::{Asked, Period};
use crate::plan::sql::Query;
use crate::plan::{Hours, KpiRequest, KpiResult, fill, filter, flow, hours, result, rollup, stock, targets};

/// One snapshot with its definitions, settings and clocks. An engine owns it; what is registered in `context` holds it
/// weakly, for it holds the context.
pub(crate) struct Kpis {
    pub(crate) context: SessionContext,
    pub(crate) definitions: Definitions,
    pub(crate) settings: Settings,
    pub(crate) clocks: Arc<Clocks>,
    /// The as-of time, microseconds since 1970 UTC.
    pub(crate) as_of_us: i64,
    /// The earliest event, if there is any.
    pub(crate) first_us: Option<i64>,
    /// Whether any event closes a conversation.
    pub(crate) has_closes: bool,
    /// The period whose waits and sessions are in memory. Held by every KPI until it is worked out: its tables must not
    /// be exchanged meanwhile.
    pub(crate) loaded: RwLock<Option<Loaded>>,
}

impl std::fmt::Debug for Kpis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kpis").field("as_of_us", &self.as_of_us).finish_non_exhaustive()
    }
}

impl Kpis {
    /// Works out a KPI: see [`Engine::kpi`](crate::Engine::kpi).
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn answer(&self, request: &KpiRequest) -> Result<KpiResult, QueryError> {
        if let Some(derived) = self.derived(request)? {
            return derived.answer(self).await;
        }
        let held = self.loaded.read().await;
        let Prepared { query, period, refusal } = self.prepared(request, *held).await?;
        let definition = query.definition;
        let (rows, sql, tables) = match &definition.kind {
            Kind::Flow => {
                let sql = query.flow();
                let in_memory = query.table != definition.table;
                let narrow = in_memory.then(|| loaded::on_one_thread(&self.context));
                let context = narrow.as_ref().unwrap_or(&self.context);
                (flow::run(context, &query, &sql, &period, request.fill).await?, sql, flow::tables(&query))
            }
            Kind::Stock(stock) => {
                let texts = stock::texts(&query, stock);
                let rows = stock::run(&self.context, &query, &texts, &period, request.fill).await?;
                (rows, texts.shown(), texts.tables(&query))
            }
            Kind::Derived(_) => return Err(definition.made_of_others()),
        };
        let served_by = match refusal {
            Some(reason) => format!("{tables}: the rollup cannot be used because {reason}"),
            None => tables,
        };
        let batch = result::dressed(&fill::sorted(&rows, query.by.len())?, &period)?;
        Ok(KpiResult { batch, sql, served_by, notes: self.notes(&query, request) })
    }

    /// The SQL that [`answer`](Self::answer) would run.
    ///
    /// # Errors
    /// As [`answer`](Self::answer), but for those of running it.
    pub(crate) async fn explain(&self, request: &KpiRequest) -> Result<String, QueryError> {
        if let Some(derived) = self.derived(request)? {
            return derived.explain(self).await;
        }
        let held = self.loaded.read().await;
        let Prepared { query, .. } = self.prepared(request, *held).await?;
        Ok(match &query.definition.kind {
            Kind::Flow => query.flow(),
            Kind::Stock(stock) => stock::texts(&query, stock).shown(),
            Kind::Derived(_) => return Err(query.definition.made_of_others()),
        })
    }

    /// The columns that the answer to a request has, without working it out. Waits for nothing: the tables are in
    /// memory.
    ///
    /// # Errors
    /// As [`answer`](Self::answer), but for those of running it.
    pub(crate) async fn columns(&self, request: &KpiRequest) -> Result<SchemaRef, QueryError> {
        if let Some(derived) = self.derived(request)? {
            return derived.columns(self).await;
        }
        let Prepared { query, .. } = self.prepared(request, None).await?;
        let doing = QueryError::while_doing("planning a KPI");
        let columns = match &query.definition.kind {
            Kind::Flow => {
                let state = self.context.state();
                let plan = state.create_logical_plan(&query.flow()).await.map_err(&doing)?;
                let plan = state.optimize(&plan).map_err(&doing)?;
                plan.schema().as_arrow().clone()
            }
            Kind::Stock(stock) => {
                stock::columns(&self.context, &query, &stock::texts(&query, stock)).await.map_err(&doing)?
            }
            Kind::Derived(_) => return Err(query.definition.made_of_others()),
        };
        Ok(Arc::new(result::dressed_schema(&columns)))
    }

    /// The queries behind a request, as plans without physical optimization: they become part of a larger plan, which
    /// is optimized as a whole. [`finished`](Self::finished) wants their rows in the same order.
    ///
    /// # Errors
    /// As [`answer`](Self::answer), but for those of running it.
    pub(crate) async fn inputs(&self, request: &KpiRequest) -> Result<Vec<Arc<dyn ExecutionPlan>>, QueryError> {
        if let Some(derived) = self.derived(request)? {
            return derived.inputs(self).await;
        }
        let Prepared { query, .. } = self.prepared(request, None).await?;
        let texts = match &query.definition.kind {
            Kind::Flow => vec![query.flow()],
            Kind::Stock(stock) => stock::texts(&query, stock).asked(),
            Kind::Derived(_) => return Err(query.definition.made_of_others()),
        };
        let doing = QueryError::while_doing("planning a KPI");
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_physical_optimizer_rules(Vec::new())
            .build();
        let mut inputs = Vec::with_capacity(texts.len());
        for text in texts {
            let plan = state.create_logical_plan(&text).await.map_err(&doing)?;
            inputs.push(state.create_physical_plan(&plan).await.map_err(&doing)?);
        }
        Ok(inputs)
    }

    /// The answer to a request from the rows of its [`inputs`](Self::inputs), one batch each.
    ///
    /// # Errors
    /// [`QueryError::TooManyRows`], [`QueryError::Resources`], [`QueryError::Internal`].
    pub(crate) async fn finished(
        &self,
        request: &KpiRequest,
        answers: Vec<RecordBatch>,
    ) -> Result<RecordBatch, QueryError> {
        if let Some(derived) = self.derived(request)? {
            return derived.finished(self, answers).await;
        }
        let Prepared { query, period, .. } = self.prepared(request, None).await?;
        let rows = match &query.definition.kind {
            Kind::Flow => {
                let rows = answers.into_iter().next().ok_or_else(|| {
                    let missing = DataFusionError::Internal("a flow has one query".to_owned());
                    QueryError::of_engine("putting a KPI together", missing)
                })?;
                flow::finished(rows, &query, &period, request.fill)?
            }
            Kind::Stock(stock) => {
                let texts = stock::texts(&query, stock);
                let answers = texts.answers(answers).map_err(QueryError::while_doing("putting a KPI together"))?;
                stock::finished(&self.context, &query, &answers, &period, request.fill).await?
            }
            Kind::Derived(_) => return Err(query.definition.made_of_others()),
        };
        result::dressed(&fill::sorted(&rows, query.by.len())?, &period)
    }

    /// A request, checked, and where its rows come from; `loaded` is what may be read from memory.
    ///
    /// # Errors
    /// As [`answer`](Self::answer), but for those of running it.
    pub(crate) async fn prepared<'a>(
        &'a self,
        request: &'a KpiRequest,
        loaded: Option<Loaded>,
    ) -> Result<Prepared<'a>, QueryError> {
        let definition = self.definitions.get(&request.name)?;
        if let Kind::Derived(_) = definition.kind {
            return Err(definition.made_of_others());
        }
        let by = request.dimensions(definition);
        definition.check_dimensions(by)?;
        let measures = Selection::new(definition, request.measures.as_deref())?;
        let filter = request.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
        if let Some(filter) = filter {
            filter::check(&self.context, definition, filter).await?;
        }
        let period = Period::new(self.asked(request), &self.clocks)?;
        let asked = *period.asked();
        let zone = self.clocks.zone();
        let about = rollup::Request { definition, measures: &measures, by, filter, asked: &asked, zone: &zone };
        let hours = hours::of(definition, request.hours, filter);
        let (rollup, refusal) = match rollup::choose(about) {
            Ok(Some(_)) if hours == Hours::Business => (None, Some("it knows no business hours".to_owned())),
            Ok(rollup) => (rollup, None),
            Err(reason) => (None, Some(reason)),
        };
        if hours == Hours::Business {
            hours::check(definition)?;
            if self.settings.business_hours.is_empty() {
                return Err(QueryError::BusinessHours { error: CalendarError::NoneNamed });
            }
        }
        let schema = self.schema(definition).await.map_err(QueryError::while_doing("reading columns"))?;
        let mut query = Query {
            definition,
            measures,
            by,
            asked,
            filter,
            target: targets::expression(&self.settings, definition, request.target_us),
            table: &definition.table,
            // A table that does not have the column says so when it is asked.
            time_nullable: schema.field_with_name(&definition.time).is_ok_and(|field| field.is_nullable()),
            rollup,
            hours,
        };
        if definition.kind == Kind::Flow
            && hours == Hours::Elapsed
            && loaded.is_some_and(|loaded| loaded.covers(&asked))
            && let Some(shape) = loaded::shape(&query, &schema)
        {
            query.table = shape.name;
        }
        Ok(Prepared { query, period, refusal })
    }

    /// What a request says about time, beside what there is.
    pub(crate) fn asked(&self, request: &KpiRequest) -> Asked {
        Asked {
            grain: request.grain,
            since_us: request.since_us,
            until_us: request.until_us,
            as_of_us: self.as_of_us,
            first_us: self.first_us,
        }
    }

    /// A request for a KPI that is made of others; `None` for one that has rows of its own.
    fn derived<'a>(&'a self, request: &'a KpiRequest) -> Result<Option<Derived<'a>>, QueryError> {
        let definition = self.definitions.get(&request.name)?;
        match &definition.kind {
            Kind::Derived(parts) => Derived::new(definition, parts, request).map(Some),
            Kind::Flow | Kind::Stock(_) => Ok(None),
        }
    }

    /// The names of all aggregate functions, in lower case.
    pub(crate) fn aggregates(&self) -> HashSet<String> {
        self.context.state().aggregate_functions().keys().cloned().collect()
    }

    /// The columns of a definition's table.
    async fn schema(&self, definition: &Definition) -> Result<Arc<Schema>, DataFusionError> {
        Ok(self.context.table_provider(definition.table.as_str()).await?.schema())
    }

    /// What a reader of a KPI should know about the archive, and about what was asked.
    fn notes(&self, query: &Query<'_>, request: &KpiRequest) -> Vec<String> {
        let mut notes = match query.definition.requires {
            Some(Requirement::Closes) if !self.has_closes => vec!["no close events".to_owned()],
            Some(Requirement::Closes) | None => Vec::new(),
        };
        if request.hours == Hours::Business && query.hours == Hours::Elapsed {
            notes.push("it measures no spans of time: business hours make no difference".to_owned());
        }
        if request.target_us.is_some() && !query.names_target() {
            notes.push("it has no target: the one given makes no difference".to_owned());
        }
        notes
    }
}

/// A request that can be run.
pub(crate) struct Prepared<'a> {
    pub(crate) query: Query<'a>,
    pub(crate) period: Period,
    /// Why the definition's rollup cannot be used, as the end of a sentence; none if it is used, or there is none.
    pub(crate) refusal: Option<String>,
}
