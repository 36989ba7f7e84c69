//! What a KPI says, from which rows, by which SQL: everything that a number rests on, counted.
//!
//! | file | is |
//! |---|---|
//! | [`words`] | definitions, and conditions that are known, in words |
//! | [`reads`] | the tables that are read: rows of the period, kept, left out and why |
//! | [`settings`] | the settings that change the numbers |

mod reads;
mod settings;
#[cfg(test)]
mod tests;
mod words;

use serde::Serialize;
use tapemeasure_model::instant::format_instant;

use crate::definitions::{Contacts, Definition, Expression, Kind, Measure};
use crate::drill::LeftOut;
use crate::drill::counted;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::plan::KpiRequest;
use crate::plan::sql::Query;
use reads::Counted;
pub use settings::Setting;

/// A KPI, explained for one request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Its name.
    pub kpi: String,
    /// Its name for people.
    pub title: String,
    /// What it means.
    pub description: String,
    /// The file that says so; `built in` where it is part of the program.
    pub file: String,
    /// Who answers for that.
    pub owner: Option<String>,
    /// Changes with everything of the definition that changes a number.
    pub fingerprint: String,
    /// What the headline is measured in.
    pub unit: String,
    /// `lower`, `higher` or `neither`.
    pub better: &'static str,
    /// The measure that stands for it.
    pub headline: String,
    /// Sentences: which rows, when they count, what they are held against, what is left out.
    pub words: Vec<String>,
    /// What it can be grouped by.
    pub dimensions: Vec<String>,
    /// First instant of the period, RFC 3339; none for the earliest event.
    pub since: Option<String>,
    /// First instant after it; none for the as-of time, itself included.
    pub until: Option<String>,
    /// The as-of time.
    pub as_of: String,
    /// Its values, hidden ones included, in the order of the definition.
    pub measures: Vec<MeasureExplained>,
    /// The settings that change the numbers, as they hold.
    pub settings: Vec<Setting>,
    /// Hash of these: 16 hexadecimal digits.
    pub settings_hash: String,
    /// The tables that say what the numbers are, and what became of their rows.
    pub reads: Vec<Read>,
    /// The rollups that the definition names.
    pub rollups: Vec<RollupUse>,
    /// Which tables the numbers came from.
    pub served_by: String,
    /// Rows of the answer.
    pub groups: u64,
    /// What was run.
    pub sql: String,
    /// What a reader should know about the archive.
    pub notes: Vec<String>,
}

/// A measure, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeasureExplained {
    /// Its name.
    pub name: String,
    /// It is there for other measures only.
    pub hidden: bool,
    /// `rows`, `measures`, `contacts` or `kpi`: what it is worked out from.
    pub from: &'static str,
    /// How: SQL over rows or measures, the sort of contacts, or a field of another KPI.
    pub sql: String,
    /// SQL condition for the rows that it counts; none if it counts all, or is not worked out from rows.
    pub counts: Option<String>,
    /// Rows that it counts; none if it is not worked out from rows.
    pub rows: Option<u64>,
    /// Rows of the KPI that it does not count.
    pub left_out: Option<u64>,
}

/// A table, and what became of its rows. `rows` is `kept` and what is left out; with `outside` and `without_time` it is
/// `total`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Read {
    /// The table.
    pub table: String,
    /// What its rows are read for.
    pub wanted: &'static str,
    /// Rows of the table up to the as-of time. Of messages also those that were deleted.
    pub total: u64,
    /// Rows whose time lies outside of the period.
    pub outside: u64,
    /// Rows that have no time to be counted at, such as sessions that are not closed.
    pub without_time: u64,
    /// Rows of the period.
    pub rows: u64,
    /// Rows that the KPI is over.
    pub kept: u64,
    /// The others of the period, by reason, most first.
    pub left_out: Vec<LeftOut>,
    /// Of the rows that are kept those that are in no mean, by reason: they are counted beside it.
    pub beside: Vec<LeftOut>,
}

/// A rollup that could serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollupUse {
    /// Its table.
    pub table: String,
    /// It served.
    pub used: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl Engine {
    /// Works out a KPI and explains it. Reads each table that the definition names once more than the KPI does, to count
    /// its rows.
    ///
    /// # Errors
    /// As [`Engine::kpi`].
    pub async fn explanation(&self, request: &KpiRequest) -> Result<Explanation, QueryError> {
        explained(&self.kpis, request).await
    }
}

async fn explained(kpis: &Kpis, request: &KpiRequest) -> Result<Explanation, QueryError> {
    let answer = kpis.answer(request).await?;
    let definition = kpis.definitions.get(&request.name)?;
    let settings = settings::that_matter(definition, request, &kpis.settings, &kpis.clocks.zone());
    let bound = |us: Option<i64>| us.map(format_instant);
    let mut explanation = Explanation {
        kpi: definition.name.clone(),
        title: definition.title.clone(),
        description: definition.description.trim().to_owned(),
        file: definition.file.clone(),
        owner: definition.owner.clone(),
        fingerprint: definition.fingerprint(),
        unit: definition.unit.clone(),
        better: definition.better.as_str(),
        headline: definition.headline.clone(),
        words: words::of_definition(definition),
        dimensions: definition.dimensions.clone(),
        since: bound(request.since_us),
        until: bound(request.until_us),
        as_of: format_instant(kpis.as_of_us),
        measures: Vec::new(),
        settings_hash: settings::hash(&settings),
        settings,
        reads: Vec::new(),
        rollups: Vec::new(),
        served_by: answer.served_by,
        groups: answer.batch.num_rows() as u64,
        sql: answer.sql,
        notes: answer.notes,
    };
    let dated = |sql: &str| sql.to_owned();
    if matches!(definition.kind, Kind::Derived(_)) {
        explanation.measures = definition.measures.iter().map(|measure| measure_explained(measure, &dated)).collect();
        return Ok(explanation);
    }
    // Every measure is explained, whatever the request asks for.
    let whole = KpiRequest { measures: None, ..request.clone() };
    let prepared = kpis.prepared(request, None).await?;
    if let Some(rollup) = &definition.rollup {
        let used = prepared.query.rollup.is_some();
        explanation.rollups.push(RollupUse { table: rollup.table.clone(), used, reason: prepared.refusal });
    }
    let mut query = kpis.prepared(&whole, None).await?.query;
    query.rollup = None;
    query.table = &definition.table;
    let dated = |sql: &str| query.dated(sql);
    explanation.measures = definition.measures.iter().map(|measure| measure_explained(measure, &dated)).collect();
    match &definition.kind {
        Kind::Flow => {
            let conditions = counted_rows(kpis, definition, &query)?;
            let (read, counted) = reads::of_flow(kpis, &query, &conditions).await?;
            for Counted { measure, rows } in counted {
                if let Some(explained) = explanation.measures.iter_mut().find(|found| found.name == measure) {
                    explained.rows = Some(rows);
                    explained.left_out = Some(read.kept.saturating_sub(rows));
                }
            }
            for (name, condition) in conditions {
                if let Some(explained) = explanation.measures.iter_mut().find(|found| found.name == name) {
                    explained.counts = condition;
                }
            }
            explanation.reads.push(read);
        }
        Kind::Stock(stock) => explanation.reads = reads::of_stock(kpis, &query, stock).await?,
        Kind::Derived(_) => {}
    }
    Ok(explanation)
}

/// The measures over rows, each with the condition for those that it counts.
fn counted_rows(
    kpis: &Kpis,
    definition: &Definition,
    query: &Query<'_>,
) -> Result<Vec<(String, Option<String>)>, QueryError> {
    let aggregates = kpis.aggregates();
    let over_rows = |measure: &&Measure| matches!(measure.expression, Expression::Aggregate(_));
    definition
        .measures
        .iter()
        .filter(over_rows)
        .map(|measure| {
            let condition = counted::condition(&aggregates, definition, measure, &|sql| query.dated(sql))
                .map_err(QueryError::while_doing("reading the SQL of a measure"))?;
            Ok((measure.name.clone(), condition))
        })
        .collect()
}

fn measure_explained(measure: &Measure, dated: &dyn Fn(&str) -> String) -> MeasureExplained {
    let (from, sql) = match &measure.expression {
        Expression::Aggregate(sql) => ("rows", dated(sql)),
        Expression::Row(sql) => ("measures", dated(sql)),
        Expression::Contacts(which) => ("contacts", sort_of_contacts(*which).to_owned()),
        Expression::OfKpi(field) => ("kpi", format!("{} of {}", field.field, field.kpi)),
    };
    MeasureExplained {
        name: measure.name.clone(),
        hidden: measure.hidden,
        from,
        sql,
        counts: None,
        rows: None,
        left_out: None,
    }
}

fn sort_of_contacts(which: Contacts) -> &'static str {
    match which {
        Contacts::Known => "known by the end of the bucket",
        Contacts::Out => "opted out on any channel at the end of the bucket",
        Contacts::WentOut => "opted out within the bucket",
        Contacts::Reached => "written to within the bucket",
    }
}
