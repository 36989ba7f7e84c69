//! A definition and a request to one SQL text.
//!
//! The text has three steps: `base` adds bucket, derived dimensions and target to the rows of the period; `grouped`
//! works out the aggregates; the last `SELECT` what is made of them. It is what runs, and what people see.

use tapemeasure_model::instant::format_instant;
use tapemeasure_model::zone::Grain;

use super::hours::{self, Hours};
use super::period::Asked;
use crate::definitions::{Definition, Expression, Measure, Rollup, Selection, is_derived};

/// The column that counts the rows that can still change.
pub(crate) const OPEN_ROWS: &str = "open_rows";

/// What a text is made from.
pub(crate) struct Query<'a> {
    pub(crate) definition: &'a Definition,
    /// What of the definition is worked out.
    pub(crate) measures: Selection<'a>,
    /// Dimensions, all of them allowed.
    pub(crate) by: &'a [String],
    pub(crate) asked: Asked,
    /// The user's condition, known to be one over the table's columns and the dimensions.
    pub(crate) filter: Option<&'a str>,
    /// The target, where the definition names one.
    pub(crate) target: Option<String>,
    /// The table with the rows: the definition's, or one with the same rows of the period.
    pub(crate) table: &'a str,
    /// The column of time can be null.
    pub(crate) time_nullable: bool,
    /// Read instead of the table: by a flow for everything, by a stock for contacts that are known.
    pub(crate) rollup: Option<&'a Rollup>,
    /// What spans are measured in.
    pub(crate) hours: Hours,
}

impl Query<'_> {
    /// The SQL of a flow. Columns of its result: `bucket`, the dimensions, the measures asked for, and [`OPEN_ROWS`] if
    /// the definition says what is unsettled.
    pub(crate) fn flow(&self) -> String {
        let total = self.asked.grain == Grain::Total;
        let mut keys: Vec<String> = if total { Vec::new() } else { vec!["bucket".to_owned()] };
        keys.extend(self.by.iter().cloned());

        let mut grouped = vec![if total { "0 AS bucket" } else { "bucket" }.to_owned()];
        grouped.extend(self.by.iter().cloned());
        let mut selected = vec!["bucket".to_owned()];
        selected.extend(self.by.iter().cloned());
        for measure in self.measures.needed() {
            if let Expression::Aggregate(sql) = &measure.expression {
                grouped.push(format!("{} AS {}", ended(self.aggregate(measure, sql)), measure.name));
            }
        }
        for measure in self.measures.shown() {
            match &measure.expression {
                Expression::Aggregate(_) => selected.push(measure.name.clone()),
                Expression::Row(sql) => selected.push(format!("{} AS {}", ended(self.dated(sql)), measure.name)),
                // A flow has rows to count, neither contacts nor fields of others.
                Expression::Contacts(_) | Expression::OfKpi(_) => {}
            }
        }
        if let Some(unsettled) = &self.definition.unsettled {
            grouped.push(format!("count(*) FILTER (WHERE {}) AS {OPEN_ROWS}", ended(self.dated(unsettled))));
            selected.push(OPEN_ROWS.to_owned());
        }
        if keys.is_empty() && grouped.len() == 1 {
            // Without an aggregate there would be a row for each of the table.
            grouped.push("count(*) AS n_rows".to_owned());
        }
        let filter = self.filter.map(|filter| format!("\n  WHERE {}", in_parens(filter, 2))).unwrap_or_default();
        let group_by = if keys.is_empty() { String::new() } else { format!("\n  GROUP BY {}", keys.join(", ")) };
        // The total of no rows is a row as well, with or without rollup.
        let having = match self.rollup.and_then(|rollup| rollup.having.as_ref()) {
            Some(having) if !keys.is_empty() => format!("\n  HAVING {having}"),
            _ => String::new(),
        };
        let order_by = if keys.is_empty() { String::new() } else { format!("\nORDER BY {}", order(&keys)) };
        format!(
            "WITH base AS (\n  {}\n),\ngrouped AS (\n  SELECT\n    {}\n  FROM base{filter}{group_by}{having}\n)\n\
             SELECT\n  {}\nFROM grouped{order_by}",
            indented(&self.base(), 2),
            columns(&grouped, 4),
            columns(&selected, 2),
        )
    }

    /// A measure as SQL over the rows, or over the cells of the rollup.
    fn aggregate(&self, measure: &Measure, sql: &str) -> String {
        match (self.rollup, &measure.rollup) {
            (Some(_), Some(sum)) => format!("coalesce({}, 0)", self.dated(sum)),
            _ => self.dated(sql),
        }
    }

    /// Whether any of the SQL over rows names the target.
    pub(crate) fn names_target(&self) -> bool {
        let aggregates = self.measures.needed().any(|measure| match &measure.expression {
            Expression::Aggregate(sql) => sql.contains("target_us"),
            Expression::Row(_) | Expression::Contacts(_) | Expression::OfKpi(_) => false,
        });
        aggregates || self.definition.unsettled.as_ref().is_some_and(|sql| sql.contains("target_us"))
    }

    /// The rows of the table in the period, with `bucket`, derived dimensions and `target_us` beside their columns.
    pub(crate) fn base(&self) -> String {
        let (table, time, filter) = match self.rollup {
            Some(rollup) => (rollup.table.as_str(), &rollup.time, None),
            None => (self.table, &self.definition.time, self.definition.filter.as_ref()),
        };
        let table = match self.hours {
            Hours::Elapsed => table.to_owned(),
            Hours::Business => hours::rows(self.definition, table),
        };
        // The first cell of the period may begin before it, if no rows do.
        let step_us = self.rollup.and_then(|rollup| rollup.step_us);
        let since_us = self.asked.since_us.map(|us| us - step_us.map_or(0, |step_us| us.rem_euclid(step_us)));
        let mut selected = vec!["*".to_owned()];
        if self.asked.grain != Grain::Total {
            selected.push(format!("bucket_id({time}, '{}') AS bucket", self.asked.grain));
        }
        selected.extend(self.derived(time));
        if let Some(target) = &self.target
            && self.names_target()
        {
            selected.push(format!("{target} AS target_us"));
        }
        let mut conditions: Vec<String> =
            filter.iter().map(|filter| format!("({})", ended(self.dated(filter)))).collect();
        conditions.extend(since_us.map(|us| format!("{time} >= {}", instant(us))));
        conditions.extend(self.asked.until_us.map(|us| format!("{time} < {}", instant(us))));
        let bounded = self.asked.since_us.is_some() || self.asked.until_us.is_some();
        if self.time_nullable && self.rollup.is_none() && !bounded {
            conditions.push(format!("{time} IS NOT NULL"));
        }
        let conditions =
            if conditions.is_empty() { String::new() } else { format!("\nWHERE {}", conditions.join("\n  AND ")) };
        format!("SELECT\n  {}\nFROM {table}{conditions}", columns(&selected, 2))
    }

    /// The dimensions that are no columns, as columns: those that the request groups by, or that its condition names.
    pub(crate) fn derived(&self, time: &str) -> Vec<String> {
        let named = |dimension: &str| self.filter.is_some_and(|filter| filter.to_lowercase().contains(dimension));
        let mut columns = Vec::new();
        for dimension in self.definition.dimensions.iter().filter(|d| self.by.contains(d) || named(d)) {
            if is_derived(dimension) {
                columns.push(format!("{dimension}({time}) AS {dimension}"));
            } else if let Some(sql) = self.definition.own_dimension(dimension) {
                columns.push(format!("{} AS {dimension}", in_parens(&self.dated(sql), 0)));
            }
        }
        columns
    }

    /// SQL of a definition with the as-of time put in, and its ages in the hours asked for.
    pub(crate) fn dated(&self, sql: &str) -> String {
        let sql = match self.hours {
            Hours::Elapsed => sql.to_owned(),
            Hours::Business => hours::in_business_time(sql),
        };
        sql.replace("{as_of}", &instant(self.asked.as_of_us))
    }
}

/// An instant as SQL.
pub(crate) fn instant(us: i64) -> String {
    format!("instant('{}')", format_instant(us))
}

/// SQL that something else follows: what may end in a comment ends its line, so that the comment does not reach that.
pub(crate) fn ended(sql: String) -> String {
    if sql.contains("--") { format!("{sql}\n") } else { sql }
}

/// Columns one below the other; `indent` is that of the first.
pub(crate) fn columns(columns: &[String], indent: usize) -> String {
    let columns: Vec<String> = columns.iter().map(|column| indented(column, indent)).collect();
    columns.join(&format!(",\n{:indent$}", ""))
}

/// A text of several lines, all but the first moved to the right.
pub(crate) fn indented(text: &str, indent: usize) -> String {
    text.lines().collect::<Vec<_>>().join(&format!("\n{:indent$}", ""))
}

/// The user's condition in parentheses. The closing one stands on a line of its own: a comment at the end of the
/// condition does not reach it. Lines are left as they are, for a text in quotes can go over several.
pub(crate) fn in_parens(filter: &str, indent: usize) -> String {
    format!("(\n{:inner$}{}\n{:indent$})", "", filter.trim(), "", inner = indent + 2)
}

/// The order of rows: by bucket, which is never null, then by dimensions, null first.
fn order(keys: &[String]) -> String {
    let key = |key: &String| if key == "bucket" { key.clone() } else { format!("{key} NULLS FIRST") };
    keys.iter().map(key).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    fn text(name: &str, by: &[&str], grain: Grain, since_us: Option<i64>, filter: Option<&str>) -> String {
        let definitions = Definitions::built_in();
        let by: Vec<String> = by.iter().map(|&d| d.to_owned()).collect();
        let definition = definitions.get(name).unwrap();
        let asked = Asked { grain, since_us, until_us: None, as_of_us: 0, first_us: None };
        let target = definition.target.map(|_| "600000000".to_owned());
        let measures = Selection::new(definition, None).unwrap();
        let table = &definition.table;
        let query = Query {
            definition,
            measures,
            by: &by,
            asked,
            filter,
            target,
            table,
            time_nullable: true,
            rollup: None,
            hours: Hours::Elapsed,
        };
        query.flow()
    }

    #[test]
    fn only_what_is_asked_is_in_the_text() {
        let definitions = Definitions::built_in();
        let definition = definitions.get("average_response_time").unwrap();
        let asked = Asked { grain: Grain::Total, since_us: None, until_us: None, as_of_us: 0, first_us: None };
        let query = Query {
            definition,
            measures: Selection::new(definition, Some(&["mean_s".to_owned(), "n".to_owned()])).unwrap(),
            by: &[],
            asked,
            filter: None,
            target: Some("1".to_owned()),
            table: "waits_loaded",
            time_nullable: false,
            rollup: None,
            hours: Hours::Elapsed,
        };
        assert_eq!(
            query.flow(),
            "WITH base AS (
  SELECT
    *
  FROM waits_loaded
),
grouped AS (
  SELECT
    0 AS bucket,
    count(wait_us) AS n,
    mean_s(wait_us) AS mean_s,
    count(*) FILTER (WHERE end_reason = 'open') AS open_rows
  FROM base
)
SELECT
  bucket,
  n,
  mean_s,
  open_rows
FROM grouped"
        );
    }

    #[test]
    fn a_rollup_takes_the_place_of_the_table() {
        let definitions = Definitions::built_in();
        let definition = definitions.get("inbound_message_volume").unwrap();
        let asked =
            Asked { grain: Grain::Day, since_us: Some(7), until_us: None, as_of_us: 900_000_000, first_us: Some(8) };
        let query = Query {
            definition,
            measures: Selection::new(definition, Some(&["messages".to_owned()])).unwrap(),
            by: &["channel".to_owned()],
            asked,
            filter: None,
            target: None,
            table: &definition.table,
            time_nullable: false,
            rollup: definition.rollup.as_ref(),
            hours: Hours::Elapsed,
        };
        assert_eq!(
            query.flow(),
            "WITH base AS (
  SELECT
    *,
    bucket_id(cell_start, 'day') AS bucket
  FROM message_cells
  WHERE cell_start >= instant('1970-01-01T00:00:00.000000Z')
),
grouped AS (
  SELECT
    bucket,
    channel,
    coalesce(sum(questions), 0) AS messages
  FROM base
  GROUP BY bucket, channel
  HAVING sum(questions) > 0
)
SELECT
  bucket,
  channel,
  messages
FROM grouped
ORDER BY bucket, channel NULLS FIRST"
        );
    }

    #[test]
    fn the_text_reads_from_top_to_bottom() {
        let found =
            text("message_volume_by_channel", &["channel", "hour_of_day"], Grain::Day, Some(0), Some("team = 'x'"));
        assert_eq!(
            found,
            "WITH base AS (
  SELECT
    *,
    bucket_id(occurred_at, 'day') AS bucket,
    hour_of_day(occurred_at) AS hour_of_day
  FROM messages
  WHERE (kind IN ('question', 'answer', 'bot'))
    AND occurred_at >= instant('1970-01-01T00:00:00.000000Z')
),
grouped AS (
  SELECT
    bucket,
    channel,
    hour_of_day,
    count(*) FILTER (WHERE kind = 'question') AS inbound,
    count(*) FILTER (WHERE kind = 'answer') AS agent,
    count(*) FILTER (WHERE kind = 'bot') AS bot
  FROM base
  WHERE (
    team = 'x'
  )
  GROUP BY bucket, channel, hour_of_day
)
SELECT
  bucket,
  channel,
  hour_of_day,
  inbound,
  agent,
  bot,
  CAST(inbound + agent + bot AS DOUBLE)
    / nullif(sum(inbound + agent + bot) OVER (PARTITION BY bucket), 0) AS share
FROM grouped
ORDER BY bucket, channel NULLS FIRST, hour_of_day NULLS FIRST"
        );
    }

    #[test]
    fn a_total_without_dimensions_groups_by_nothing() {
        let found = text("longest_wait_time", &[], Grain::Total, None, None);
        assert_eq!(
            found,
            "WITH base AS (
  SELECT
    *
  FROM waits
  WHERE opened_at IS NOT NULL
),
grouped AS (
  SELECT
    0 AS bucket,
    longest(wait_us, opened_at, conversation_id) AS row_of_max_s,
    CAST(elapsed_us(min(opened_at) FILTER (WHERE end_reason = 'open'), \
             instant('1970-01-01T00:00:00.000000Z')) AS DOUBLE) / 1000000 AS oldest_open_s,
    count(*) FILTER (WHERE end_reason = 'open') AS open_rows
  FROM base
)
SELECT
  bucket,
  CAST(row_of_max_s['us'] AS DOUBLE) / 1000000 AS max_s,
  row_of_max_s['id'] AS conversation_id,
  row_of_max_s['at'] AS opened_at,
  oldest_open_s,
  open_rows
FROM grouped"
        );
    }

    #[test]
    fn a_condition_can_name_a_derived_dimension_and_end_in_a_comment() {
        let found = text("first_response_time", &[], Grain::Total, None, Some("Day_Of_Week < 6 -- no weekends"));
        assert!(found.contains("    day_of_week(opened_at) AS day_of_week,\n    600000000 AS target_us\n"), "{found}");
        assert!(found.contains("  WHERE (\n    Day_Of_Week < 6 -- no weekends\n  )\n)"), "{found}");
    }
}
