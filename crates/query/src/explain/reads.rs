//! The tables that are read: rows of the period, kept, left out and why.
//!
//! One query a table puts every row in one place, the first that fits, and counts:
//!
//! ```text
//! place  rows that
//! -2     have no time
//! -1     lie outside of the period
//!  1..   miss a condition of the definition, or the user's: the first that they miss
//!  0     are kept
//! ```

use std::collections::HashMap;

use arrow::array::{Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_int64_array, as_string_array};
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result as EngineResult;

use super::Read;
use super::words::left_out_by;
use crate::definitions::{Kind, Stock, names};
use crate::drill::LeftOut;
use crate::drill::counted::conjuncts;
use crate::drill::rows::reason;
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::plan::sql::{Query, columns, in_parens, indented, instant};
use crate::plan::{Hours, gather, hours};

/// What the user's condition leaves out.
const FILTERED: &str = "the condition of the request does not hold";

/// What deletions leave out (kpi-rules E3).
const DELETED: &str = "deleted: they never happened";

/// What a message is, for those that are left out by that.
const KIND: &str = "CASE
  WHEN kind = 'question' THEN 'questions'
  WHEN kind = 'answer' THEN 'answers'
  WHEN kind = 'bot' THEN 'bot messages'
  WHEN private THEN 'notes'
  WHEN author = 'system' THEN 'system messages'
  WHEN direction = 'inbound' AND automated THEN 'automated inbound messages'
  ELSE 'other messages'
END";

/// A measure, and how many of the kept rows it counts.
pub(super) struct Counted {
    pub(super) measure: String,
    pub(super) rows: u64,
}

/// What a query about a table is made from.
#[derive(Debug, Clone)]
pub(super) struct Reading<'a> {
    pub(super) table: &'a str,
    /// What stands behind `FROM`: the table, or its rows with business lengths.
    pub(super) from: String,
    pub(super) time: &'a str,
    pub(super) wanted: &'static str,
    pub(super) since_us: Option<i64>,
    pub(super) until_us: Option<i64>,
    /// The conditions of the definition, in the order in which they are asked.
    pub(super) conditions: Vec<String>,
    /// The user's.
    pub(super) filter: Option<&'a str>,
    /// Columns beside those of the table.
    pub(super) derived: Vec<String>,
    /// Measures, with the condition for the rows that they count.
    pub(super) measures: &'a [(String, Option<String>)],
}

/// The rows of a flow, and how many of them each measure counts.
pub(super) async fn of_flow(
    kpis: &Kpis,
    query: &Query<'_>,
    measures: &[(String, Option<String>)],
) -> Result<(Read, Vec<Counted>), QueryError> {
    debug_assert_eq!(query.definition.kind, Kind::Flow, "only flows have rows that measures count");
    let doing = QueryError::while_doing("counting the rows that are read");
    let definition = query.definition;
    let mut derived = query.derived(&definition.time);
    derived.extend(query.target.as_ref().map(|target| format!("{target} AS target_us")));
    let filter = definition.filter.as_deref().map(|filter| query.dated(filter));
    let reading = Reading {
        table: &definition.table,
        from: match query.hours {
            Hours::Elapsed => definition.table.clone(),
            Hours::Business => hours::rows(definition, &definition.table),
        },
        time: &definition.time,
        wanted: "rows",
        since_us: query.asked.since_us,
        until_us: query.asked.until_us,
        conditions: match &filter {
            Some(filter) => conjuncts(filter).map_err(&doing)?,
            None => Vec::new(),
        },
        filter: query.filter,
        derived,
        measures,
    };
    reading.counted(kpis).await
}

/// The rows of a stock: those that make contacts known, those by which they are reached, and the changes.
pub(super) async fn of_stock(kpis: &Kpis, query: &Query<'_>, stock: &Stock) -> Result<Vec<Read>, QueryError> {
    let doing = QueryError::while_doing("counting the rows that are read");
    let definition = query.definition;
    let (since_us, until_us) = (query.asked.since_us, query.asked.until_us);
    let known = Reading {
        table: &definition.table,
        from: definition.table.clone(),
        time: &definition.time,
        wanted: "contacts that are known",
        since_us: None,
        until_us,
        conditions: conjuncts(&stock.known).map_err(&doing)?,
        filter: query.filter,
        derived: query.derived(&definition.time),
        measures: &[],
    };
    let reached = Reading {
        wanted: "contacts that are reached",
        since_us,
        conditions: conjuncts(&stock.reached).map_err(&doing)?,
        ..known.clone()
    };
    let changes = Reading {
        table: "subscriptions",
        from: "subscriptions".to_owned(),
        time: "changed_at",
        wanted: "who opted out and in",
        conditions: vec!["opted_out <> was_opted_out".to_owned()],
        derived: query.derived("changed_at"),
        ..known.clone()
    };
    let mut reads = Vec::with_capacity(3);
    for reading in [known, reached, changes] {
        reads.push(reading.counted(kpis).await?.0);
    }
    Ok(reads)
}

impl Reading<'_> {
    async fn counted(&self, kpis: &Kpis) -> Result<(Read, Vec<Counted>), QueryError> {
        let doing = QueryError::while_doing("counting the rows that are read");
        let rows = gather(kpis.context.sql(&self.text()).await.map_err(&doing)?).await.map_err(&doing)?;
        let (mut read, counted) = self.read(&rows).map_err(&doing)?;
        if self.table == "messages" {
            let sql = self.deleted(kpis.as_of_us);
            let rows = gather(kpis.context.sql(&sql).await.map_err(&doing)?).await.map_err(&doing)?;
            let number = |name: &str| number(&rows, name, 0);
            let (total, inside) = (number("n_deleted").map_err(&doing)?, number("n_inside").map_err(&doing)?);
            read.total += total;
            read.rows += inside;
            read.outside += total.saturating_sub(inside);
            if inside > 0 {
                read.left_out.push(LeftOut { reason: DELETED.to_owned(), rows: inside });
            }
        }
        read.left_out.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.reason.cmp(&b.reason)));
        Ok((read, counted))
    }

    /// The query that puts every row in its place.
    pub(super) fn text(&self) -> String {
        let Self { from, time, .. } = self;
        let mut selected = vec!["*".to_owned()];
        selected.extend(self.derived.iter().cloned());
        let mut places = vec![format!("WHEN {time} IS NULL THEN -2")];
        places.extend(self.since_us.map(|us| format!("WHEN {time} < {} THEN -1", instant(us))));
        places.extend(self.until_us.map(|us| format!("WHEN {time} >= {} THEN -1", instant(us))));
        for (place, condition) in self.conditions.iter().enumerate() {
            places.push(format!("WHEN ({condition}) IS NOT TRUE THEN {}", place + 1));
        }
        if let Some(filter) = self.filter {
            places.push(format!("WHEN {} IS NOT TRUE THEN {}", in_parens(filter, 6), self.conditions.len() + 1));
        }
        let detail = indented(&self.detail(), 2);
        let mut counts = vec![
            "explained_place".to_owned(),
            format!("{detail} AS detail"),
            "CAST(count(*) AS BIGINT) AS n_rows".to_owned(),
        ];
        for (place, (_, condition)) in self.measures.iter().enumerate() {
            counts.push(match condition {
                Some(condition) => format!("count(*) FILTER (WHERE {condition}) AS n_counted_{place}"),
                None => format!("count(*) AS n_counted_{place}"),
            });
        }
        format!(
            "WITH rows_read AS (\n  SELECT\n    {}\n  FROM {from}\n),\nplaced AS (\n  SELECT\n    *,\n    CASE\n      {}\n      \
             ELSE 0\n    END AS explained_place\n  FROM rows_read\n)\nSELECT\n  {}\nFROM placed\nGROUP BY 1, 2",
            columns(&selected, 4),
            places.join("\n      "),
            counts.join(",\n  "),
        )
    }

    /// What tells the rows of one place apart: why they are in no mean, or what they are.
    fn detail(&self) -> String {
        let named = |wanted: &[&str]| -> Vec<String> {
            let places = self.conditions.iter().enumerate();
            let hit = |condition: &str| names(condition).iter().any(|name| wanted.contains(&name.as_str()));
            places.filter(|(_, condition)| hit(condition)).map(|(place, _)| (place + 1).to_string()).collect()
        };
        match self.table {
            "waits" => format!("CASE explained_place WHEN 0 THEN\n  {}\nEND", indented(&reason("waits"), 2)),
            "sessions" => {
                let mut places = named(&["resolution_us", "close_reason"]);
                places.push("0".to_owned());
                let reason = indented(&reason("sessions"), 2);
                format!("CASE WHEN explained_place IN ({}) THEN\n  {reason}\nEND", places.join(", "))
            }
            "messages" => match named(&["kind"]) {
                places if places.is_empty() => "CAST(NULL AS VARCHAR)".to_owned(),
                places => {
                    format!("CASE WHEN explained_place IN ({}) THEN\n  {}\nEND", places.join(", "), indented(KIND, 2))
                }
            },
            _ => "CAST(NULL AS VARCHAR)".to_owned(),
        }
    }

    /// The query for messages that were deleted: all of them up to the as-of time, and those of the period.
    fn deleted(&self, as_of_us: i64) -> String {
        let mut inside: Vec<String> = Vec::new();
        inside.extend(self.since_us.map(|us| format!("occurred_at >= {}", instant(us))));
        inside.extend(self.until_us.map(|us| format!("occurred_at < {}", instant(us))));
        let inside = if inside.is_empty() { "true".to_owned() } else { inside.join(" AND ") };
        format!(
            "SELECT\n  count(*) AS n_deleted,\n  count(*) FILTER (WHERE {inside}) AS n_inside\nFROM events\nWHERE event_type = \
             'message'\n  AND occurred_at <= {}\n  AND is_deleted(source, event_id)",
            instant(as_of_us)
        )
    }

    fn read(&self, rows: &RecordBatch) -> EngineResult<(Read, Vec<Counted>)> {
        let mut read = Read {
            table: self.table.to_owned(),
            wanted: self.wanted,
            total: 0,
            outside: 0,
            without_time: 0,
            rows: 0,
            kept: 0,
            left_out: Vec::new(),
            beside: Vec::new(),
        };
        let mut counted: Vec<Counted> =
            self.measures.iter().map(|(measure, _)| Counted { measure: measure.clone(), rows: 0 }).collect();
        let mut left_out: HashMap<String, u64> = HashMap::new();
        let places = column(rows, "explained_place")?;
        let places = as_int64_array(&places)?.clone();
        let details = cast(&column(rows, "detail")?, &DataType::Utf8)?;
        let details = as_string_array(&details)?;
        for row in 0..rows.num_rows() {
            let n = number(rows, "n_rows", row)?;
            let detail = details.is_valid(row).then(|| details.value(row).to_owned());
            read.total += n;
            match places.value(row) {
                -2 => read.without_time += n,
                -1 => read.outside += n,
                0 => {
                    read.kept += n;
                    read.beside.extend(detail.map(|reason| LeftOut { reason, rows: n }));
                    for (place, counted) in counted.iter_mut().enumerate() {
                        counted.rows += number(rows, &format!("n_counted_{place}"), row)?;
                    }
                }
                place => {
                    // Places count from 1.
                    let condition = usize::try_from(place - 1).ok().and_then(|place| self.conditions.get(place));
                    let reason = match (detail, condition) {
                        (Some(detail), _) => detail,
                        (None, Some(condition)) => left_out_by(condition),
                        (None, None) => FILTERED.to_owned(),
                    };
                    *left_out.entry(reason).or_default() += n;
                }
            }
        }
        read.rows = read.kept + left_out.values().sum::<u64>();
        read.left_out = left_out.into_iter().map(|(reason, rows)| LeftOut { reason, rows }).collect();
        read.beside.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.reason.cmp(&b.reason)));
        Ok((read, counted))
    }
}

/// A column of whole numbers or text, whole numbers as 64 bits.
fn column(rows: &RecordBatch, name: &str) -> EngineResult<arrow::array::ArrayRef> {
    let column =
        rows.column_by_name(name).ok_or_else(|| internal_datafusion_err!("no column {name} among the counts"))?;
    match column.data_type() {
        data_type if data_type.is_integer() => Ok(cast(column, &DataType::Int64)?),
        _ => Ok(column.clone()),
    }
}

/// A count.
fn number(rows: &RecordBatch, name: &str, row: usize) -> EngineResult<u64> {
    let column = column(rows, name)?;
    let column = as_int64_array(&column)?;
    Ok(if column.len() <= row { 0 } else { column.value(row).unsigned_abs() })
}
