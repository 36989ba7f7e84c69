//! SQL for the rows of a period, by table.
//!
//! Three steps, as the text of a KPI has them: `base` is the same as there, `cell` what the cell and the conditions
//! leave of it; the last `SELECT` lists, or adds up. Columns of events are null in the text: they are sought for the
//! rows that are shown.

use arrow::datatypes::{DataType, Schema};
use datafusion::common::utils::quote_identifier;

use super::request::DrillOrder;
use super::result::Listed;
use super::seek::Sought;
use super::{Texts, cell, seek};
use crate::definitions::{Expression, Measure, Selection, names};
use crate::plan::sql::{Query, columns, indented};

/// Columns that listed events, changes and own rows do not have: texts of messages, and the key of the files.
const LEFT_OUT: &[&str] = &["body", "conversation_key"];

/// Why a wait is not in a mean, and its condition (kpi-rules A1).
const WAITS_LEFT_OUT: &[(&str, &str)] = &[
    ("open", "end_reason = 'open'"),
    ("closed unanswered", "end_reason = 'closed'"),
    ("opted out", "end_reason = 'opted_out'"),
    ("abandoned", "end_reason = 'abandoned'"),
];

/// Why a session has no resolution, and its condition (kpi-rules R1, S4, S5).
const SESSIONS_LEFT_OUT: &[(&str, &str)] = &[
    ("open", "close_reason = 'open'"),
    ("ended by silence", "close_reason = 'inactive'"),
    ("begun by an agent, without a question", "close_reason = 'closed' AND resolution_us IS NULL"),
];

/// Why rows of a table are not in its means, and the condition of each reason: no row has two, and every row without a
/// length has one. None for tables whose rows have no length.
pub(crate) fn left_out(table: &str) -> &'static [(&'static str, &'static str)] {
    match table {
        "waits" => WAITS_LEFT_OUT,
        "sessions" => SESSIONS_LEFT_OUT,
        _ => &[],
    }
}

/// The reason of a row as SQL; null for one that is in the mean.
pub(crate) fn reason(table: &str) -> String {
    let cases = left_out(table).iter().map(|(reason, condition)| format!("  WHEN {condition} THEN '{reason}'\n"));
    format!("CASE\n{}END", cases.collect::<String>())
}

/// What the texts of a flow are made from.
pub(super) struct Rows<'a, 'q> {
    /// The rows of the KPI: without rollup, for one bucket.
    pub(super) query: &'a Query<'q>,
    /// The measures that the totals work out.
    pub(super) measures: &'a Selection<'q>,
    /// Of the definition's table.
    pub(super) schema: &'a Schema,
    /// All of them hold for the rows of the cell; none ends in a comment.
    pub(super) conditions: Vec<String>,
    pub(super) listed: Listed,
    pub(super) order: DrillOrder,
    pub(super) limit: u64,
}

impl Rows<'_, '_> {
    pub(super) fn texts(&self) -> Texts {
        let base = self.query.base();
        // A definition whose measures name no target has none of its rows' either.
        let has_target = base.contains(" AS target_us");
        let cell = self.cell(&base);
        let sought = match self.listed {
            Listed::Waits => Sought::Waits,
            Listed::Sessions => Sought::Sessions,
            Listed::Conversations => Sought::Messages { cell: format!("{cell}\n{}", seek::MESSAGES) },
            _ => Sought::Nothing,
        };
        Texts { listed: self.listed, rows: self.rows(&cell, has_target), totals: self.totals(&cell), sought }
    }

    /// The rows of the cell, as the steps that other texts begin with.
    fn cell(&self, base: &str) -> String {
        let conditions = cell::filtered(&cell::with_filter(&self.conditions, self.query.filter));
        format!("WITH base AS (\n  {}\n),\ncell AS (\n  SELECT\n    *\n  FROM base{conditions}\n)", indented(base, 2))
    }

    fn rows(&self, cell: &str, has_target: bool) -> String {
        let selected = match self.listed {
            Listed::Waits => wait_columns(has_target),
            Listed::Sessions => session_columns(has_target),
            Listed::Conversations => conversation_columns(),
            Listed::Messages => self.message_columns(),
            Listed::Events | Listed::Changes | Listed::Rows | Listed::Contacts => self.own_columns(),
        };
        let group_by = match self.listed {
            Listed::Conversations => "\nGROUP BY source, conversation_id",
            _ => "",
        };
        format!(
            "{cell}\nSELECT\n  {}\nFROM cell{group_by}\nORDER BY {}\nLIMIT {}",
            columns(&selected.iter().map(|sql| self.query.dated(sql)).collect::<Vec<_>>(), 2),
            self.order_by().join(", "),
            self.limit,
        )
    }

    fn order_by(&self) -> Vec<String> {
        let time = &self.query.definition.time;
        let mut order: Vec<String> = match (self.listed, self.order) {
            (Listed::Waits, DrillOrder::Longest) => vec!["wait_us DESC NULLS LAST".to_owned(), "opened_at".to_owned()],
            (Listed::Sessions, DrillOrder::Longest) => {
                vec!["resolution_us DESC NULLS LAST".to_owned(), "opened_at".to_owned()]
            }
            (Listed::Conversations, DrillOrder::Longest) => {
                vec!["n_messages DESC".to_owned(), "first_at".to_owned()]
            }
            (Listed::Conversations, DrillOrder::Time) => vec!["first_at".to_owned()],
            _ => vec![format!("{time} NULLS LAST")],
        };
        match self.listed {
            Listed::Waits | Listed::Sessions | Listed::Conversations => {
                order.extend(["source".to_owned(), "conversation_id".to_owned()]);
            }
            // Whatever tells rows apart, so that rows of one instant always come in one order.
            _ => order.extend(self.own_columns().into_iter().filter(|name| name != time)),
        }
        order
    }

    /// The columns of the table, but for those that are nobody's business here.
    fn own_columns(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        let plain = fields.filter(|field| !matches!(field.data_type(), DataType::List(_) | DataType::Struct(_)));
        plain
            .map(|field| field.name())
            .filter(|name| !LEFT_OUT.contains(&name.as_str()))
            .map(|name| quote_identifier(name).into_owned())
            .collect()
    }

    /// The columns of a message, what it is before whose it is.
    fn message_columns(&self) -> Vec<String> {
        let mut columns = self.own_columns();
        columns.retain(|name| name != "kind");
        let behind_time = columns.iter().position(|name| name == "occurred_at").map_or(0, |at| at + 1);
        columns.insert(behind_time, "kind".to_owned());
        columns
    }

    /// One row: what the rows add up to, then the measures.
    fn totals(&self, cell: &str) -> String {
        let mut grouped = Grouped::default();
        for measure in self.measures.needed() {
            if let Expression::Aggregate(sql) = &measure.expression {
                grouped.push(self.query.dated(sql), &measure.name);
            }
        }
        let rows = grouped.find_or_push("count(*)".to_owned(), "drill_counted_rows");
        let mut selected: Vec<String> = Vec::new();
        if self.listed == Listed::Conversations {
            selected.push(
                "(SELECT count(*) FROM (SELECT source, conversation_id FROM cell GROUP BY source, conversation_id)) AS \
                 drill_rows"
                    .to_owned(),
            );
            selected.push(format!("{rows} AS drill_messages"));
        } else {
            selected.push(format!("{rows} AS drill_rows"));
        }
        let length = match self.listed {
            Listed::Waits => Some(("waits", "wait_us")),
            Listed::Sessions => Some(("sessions", "resolution_us")),
            _ => None,
        };
        if let Some((table, length)) = length {
            // Seconds and the rest apart: a sum of microseconds leaves 64 bits at some 290,000 years.
            let mut sums = vec![
                (format!("count({length})"), "drill_counted".to_owned()),
                (format!("sum({length} / 1000000)"), "drill_sum_s".to_owned()),
                (format!("sum({length} % 1000000)"), "drill_sum_rest_us".to_owned()),
            ];
            for (place, (_, condition)) in left_out(table).iter().enumerate() {
                sums.push((format!("count(*) FILTER (WHERE {condition})"), format!("drill_left_out_{place}")));
            }
            for (sql, name) in sums {
                let column = grouped.find_or_push(sql, &name);
                selected.push(if column == name { name } else { format!("{column} AS {name}") });
            }
        }
        for measure in checked(self.measures) {
            match &measure.expression {
                Expression::Aggregate(_) => selected.push(measure.name.clone()),
                Expression::Row(sql) => selected.push(format!("{} AS {}", self.query.dated(sql), measure.name)),
                // Neither belongs to a flow.
                Expression::Contacts(_) | Expression::OfKpi(_) => {}
            }
        }
        format!(
            "{cell},\ngrouped AS (\n  SELECT\n    {}\n  FROM cell\n)\nSELECT\n  {}\nFROM grouped",
            columns(&grouped.columns(), 4),
            columns(&selected, 2),
        )
    }
}

/// Aggregates and their names. None is worked out twice: DataFusion 55 refuses a query in which one of two equal
/// aggregates stands beside a field of a struct.
#[derive(Default)]
struct Grouped {
    aggregates: Vec<(String, String)>,
}

impl Grouped {
    fn push(&mut self, sql: String, name: &str) {
        self.aggregates.push((sql, name.to_owned()));
    }

    /// The name of an aggregate, which is `name` if it was not there.
    fn find_or_push(&mut self, sql: String, name: &str) -> String {
        if let Some((_, found)) = self.aggregates.iter().find(|(own, _)| *own == sql) {
            return found.clone();
        }
        self.push(sql, name);
        name.to_owned()
    }

    fn columns(&self) -> Vec<String> {
        let bucket = std::iter::once("0 AS bucket".to_owned());
        bucket.chain(self.aggregates.iter().map(|(sql, name)| format!("{sql} AS {name}"))).collect()
    }
}

/// The measures that a cell has by itself: those over windows need the other cells of the bucket.
pub(super) fn checked<'a>(measures: &Selection<'a>) -> impl Iterator<Item = &'a Measure> {
    measures.shown().filter(|measure| !is_over_window(measure))
}

/// Whether a measure looks at other groups.
pub(super) fn is_over_window(measure: &Measure) -> bool {
    matches!(&measure.expression, Expression::Row(sql) if names(sql).iter().any(|name| name == "over"))
}

/// A column that is filled from the events.
fn sought(name: &str) -> String {
    format!("CAST(NULL AS VARCHAR) AS {name}")
}

fn wait_columns(has_target: bool) -> Vec<String> {
    let mut selected = named(&["source", "conversation_id", "contact_id", "channel", "team", "topic", "agent_id"]);
    selected.extend(named(&["is_first", "opened_at"]));
    selected.push(sought(seek::OPENING));
    selected.extend(named(&["ended_at", "end_reason"]));
    selected.push(sought(seek::ENDING));
    selected.push("CAST(wait_us AS DOUBLE) / 1000000 AS wait_s".to_owned());
    selected.push(
        "CASE WHEN end_reason = 'open' THEN CAST(elapsed_us(opened_at, {as_of}) AS DOUBLE) / 1000000 END AS open_s"
            .to_owned(),
    );
    selected.push(if has_target {
        "CASE\n  WHEN end_reason = 'replied' THEN wait_us <= target_us\n  WHEN end_reason = 'abandoned' THEN false\n  \
         WHEN end_reason = 'open' AND elapsed_us(opened_at, {as_of}) > target_us THEN false\nEND AS within_target"
            .to_owned()
    } else {
        "CAST(NULL AS BOOLEAN) AS within_target".to_owned()
    });
    selected.push("wait_us IS NOT NULL AS counted".to_owned());
    selected.push(format!("{} AS not_counted_because", reason("waits")));
    selected
}

fn session_columns(has_target: bool) -> Vec<String> {
    let mut selected = named(&["source", "conversation_id", "contact_id", "channel", "team", "topic", "agent_id"]);
    selected.extend(named(&["initiated_by", "opened_at"]));
    selected.push("CASE WHEN initiated_by = 'agent' THEN first_inbound_at ELSE opened_at END AS started_at".to_owned());
    selected.push(sought(seek::START));
    selected.extend(named(&["closed_at", "close_reason"]));
    selected.push(sought(seek::CLOSE));
    selected.extend(named(&["auto_closed", "reopened"]));
    selected.push("CAST(resolution_us AS DOUBLE) / 1000000 AS resolution_s".to_owned());
    let within = if has_target { "resolution_us <= target_us" } else { "CAST(NULL AS BOOLEAN)" };
    selected.push(format!("{within} AS within_target"));
    selected.push("resolution_us IS NOT NULL AS counted".to_owned());
    selected.push(format!("{} AS not_counted_because", reason("sessions")));
    selected
}

/// Contact and channel are null where the messages have several.
fn conversation_columns() -> Vec<String> {
    let only = |name: &str| format!("CASE WHEN min({name}) = max({name}) THEN min({name}) END AS {name}");
    let mut selected = named(&["source", "conversation_id"]);
    selected.extend([only("contact_id"), only("channel"), "count(*) AS n_messages".to_owned()]);
    for (kind, name) in [("question", "n_questions"), ("answer", "n_answers"), ("bot", "n_bot"), ("other", "n_other")] {
        selected.push(format!("count(*) FILTER (WHERE kind = '{kind}') AS {name}"));
    }
    selected.push("min(occurred_at) AS first_at".to_owned());
    selected.push(sought(seek::FIRST));
    selected.push("max(occurred_at) AS last_at".to_owned());
    selected.push(sought(seek::LAST));
    selected
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
