//! SQL for the contacts of a stock (kpi-rules U1 to U3).
//!
//! `changed` has every change of a subscription up to the end of the bucket, `states` what they come to for a contact;
//! `seen` who has a message by then, `reached` who was written to within the bucket. A contact is opted out in the cell
//! whose opt-out put it out; the opt-in that ends that is among the changes of the cell, whatever it says itself.
//!
//! ```text
//! change                  in the cell  last of its channel
//! u1 sms   out   1 March  yes          no
//! u1 sms   in    4 March  ends one     yes                  not out
//! u1 email out   2 March  yes          yes                  out on email since 2 March
//! ```

use super::Texts;
use super::cell::{filtered, with_filter};
use super::request::DrillRequest;
use super::result::Listed;
use super::rows::checked;
use super::seek::Sought;
use crate::definitions::{Contacts, Expression, Measure, Selection, Stock, names};
use crate::plan::sql::{Query, columns, indented, instant};

/// The texts of a stock; `conditions` hold for the rows of the cell.
pub(super) fn texts(
    query: &Query<'_>,
    stock: &Stock,
    measures: &Selection<'_>,
    conditions: &[String],
    request: &DrillRequest,
) -> Texts {
    let parts = Parts { query, stock, conditions };
    let steps = parts.steps();
    let asked = request.measure.as_ref().and_then(|name| measures.shown().find(|measure| measure.name == *name));
    let listed = listed(&sets(query, asked));
    Texts {
        listed: Listed::Contacts,
        rows: parts.rows(&steps, &listed, request.limit),
        totals: totals(query, measures, &steps, &listed),
        sought: Sought::Nothing,
    }
}

/// Which contacts are listed: those that the measure counts, or that it is made of. Without a measure those that are
/// opted out or went out within the bucket.
fn sets(query: &Query<'_>, asked: Option<&Measure>) -> Vec<Contacts> {
    let Some(measure) = asked else { return vec![Contacts::Out, Contacts::WentOut] };
    match &measure.expression {
        Expression::Contacts(which) => vec![*which],
        Expression::Row(sql) => {
            let named = names(sql);
            let parts = query.definition.measures.iter().filter(|part| named.contains(&part.name));
            parts
                .filter_map(|part| if let Expression::Contacts(which) = part.expression { Some(which) } else { None })
                .collect()
        }
        // Neither belongs to a stock.
        Expression::Aggregate(_) | Expression::OfKpi(_) => Vec::new(),
    }
}

/// What the steps of the texts are made from.
struct Parts<'a, 'q> {
    query: &'a Query<'q>,
    stock: &'a Stock,
    conditions: &'a [String],
}

impl Parts<'_, '_> {
    /// `changed`, `states`, `seen` and `reached`.
    fn steps(&self) -> String {
        let Query { definition, asked, rollup, .. } = self.query;
        let until = |time: &str| asked.until_us.map(|us| format!("{time} < {}", instant(us)));
        let since = |time: &str| asked.since_us.map(|us| format!("{time} >= {}", instant(us)));

        let changes = self.base("subscriptions", "changed_at");
        let mut changed = vec!["opted_out <> was_opted_out".to_owned()];
        changed.extend(until("changed_at"));
        let in_period = since("changed_at").map(|since| format!(" AND {since}")).unwrap_or_default();

        let (seen_in, seen_at) = match rollup {
            Some(rollup) => (rollup.table.as_str(), rollup.time.as_str()),
            None => (self.query.table, definition.time.as_str()),
        };
        let mut seen = Vec::new();
        if rollup.is_none() {
            seen.push(format!("({})", self.stock.known));
        }
        seen.extend(until(seen_at));
        seen.extend(self.in_cell());

        let time = definition.time.as_str();
        let mut reached = vec![format!("({})", self.stock.reached)];
        reached.extend(since(time));
        reached.extend(until(time));
        reached.extend(self.in_cell());

        // Of one instant, an opt-in comes before an opt-out (kpi-rules O1), as false before true.
        let order = "changed_at, opted_out, event_id";
        format!(
            "WITH changed AS (
  SELECT
    *,
    CASE
      WHEN opted_out THEN in_cell
      ELSE lag(in_cell) OVER (PARTITION BY source, contact_id, channel ORDER BY {order})
    END AS of_cell,
    row_number() OVER (
      PARTITION BY source, contact_id, channel
      ORDER BY changed_at DESC, opted_out DESC, event_id DESC
    ) AS nth_last
  FROM (
    SELECT
      *,
      {in_cell} AS in_cell
    FROM {changes}
    WHERE {changed}
  )
),
states AS (
  SELECT
    source,
    contact_id,
    bool_or(nth_last = 1 AND opted_out AND in_cell) AS is_out,
    bool_or(opted_out AND in_cell{in_period}) AS went_out,
    string_agg(coalesce(channel, '(none)'), ', ' ORDER BY channel)
      FILTER (WHERE nth_last = 1 AND opted_out AND in_cell) AS channels,
    min(changed_at) FILTER (WHERE opted_out AND in_cell) AS first_out_at,
    max(changed_at) FILTER (WHERE of_cell) AS last_changed_at,
    last_value(event_id ORDER BY {order}) FILTER (WHERE of_cell) AS last_change_event_id,
    last_value(opted_out ORDER BY {order}) FILTER (WHERE of_cell) AS last_opted_out
  FROM changed
  GROUP BY source, contact_id
),
seen AS (
  SELECT
    source,
    contact_id,
    min({seen_at}) AS first_at
  FROM {seen_base}{seen}
  GROUP BY source, contact_id
),
reached AS (
  SELECT
    source,
    contact_id,
    min({time}) AS first_at
  FROM {messages}{reached}
  GROUP BY source, contact_id
)",
            in_cell = match self.in_cell() {
                conditions if conditions.is_empty() => "true".to_owned(),
                conditions => format!("coalesce({}, false)", conditions.join(" AND ")),
            },
            changes = indented(&changes, 4),
            changed = changed.join(" AND "),
            seen_base = indented(&self.base(seen_in, seen_at), 2),
            seen = filtered(&seen),
            messages = indented(&self.base(self.query.table, time), 2),
            reached = filtered(&reached),
        )
    }

    /// A table with the dimensions that are no columns.
    fn base(&self, table: &str, time: &str) -> String {
        let derived = self.query.derived(time);
        if derived.is_empty() {
            return table.to_owned();
        }
        format!("(\n  SELECT\n    *,\n    {}\n  FROM {table}\n)", columns(&derived, 4))
    }

    /// The conditions of the cell and of the user.
    fn in_cell(&self) -> Vec<String> {
        with_filter(self.conditions, self.query.filter)
    }

    /// The contacts that are shown, with what is known of each. Who was first seen when is asked for these alone.
    fn rows(&self, steps: &str, listed: &str, limit: u64) -> String {
        let seen_at = self.query.rollup.map_or(&self.query.definition.time, |rollup| &rollup.time);
        let seen_in = self.query.rollup.map_or(self.query.table, |rollup| rollup.table.as_str());
        let mut conditions = self.in_cell();
        if self.query.rollup.is_none() {
            conditions.insert(0, format!("({})", self.stock.known));
        }
        conditions.extend(self.query.asked.until_us.map(|us| format!("{seen_at} < {}", instant(us))));
        format!(
            "{steps},
listed AS (
  {listed}
),
shown AS (
  SELECT
    *
  FROM listed
  ORDER BY at, source, contact_id
  LIMIT {limit}
),
first_seen AS (
  SELECT
    shown.source,
    shown.contact_id,
    min(messages_seen.{seen_at}) AS first_at
  FROM shown
  JOIN (
    SELECT
      *
    FROM {base}{conditions}
  ) AS messages_seen
    ON messages_seen.source = shown.source AND messages_seen.contact_id = shown.contact_id
  GROUP BY shown.source, shown.contact_id
)
SELECT
  shown.source,
  shown.contact_id,
  states.channels,
  coalesce(states.is_out, false) AS unsubscribed,
  coalesce(states.went_out, false) AS newly_unsubscribed,
  CASE WHEN states.last_opted_out THEN 'opted_out' WHEN NOT states.last_opted_out THEN 'opted_in' END AS last_change,
  states.last_changed_at,
  states.last_change_event_id,
  least(first_seen.first_at, states.first_out_at) AS known_since
FROM shown
LEFT JOIN states
  ON states.source = shown.source AND states.contact_id = shown.contact_id
LEFT JOIN first_seen
  ON first_seen.source = shown.source AND first_seen.contact_id = shown.contact_id
ORDER BY shown.at, shown.source, shown.contact_id",
            listed = indented(listed, 2),
            base = indented(&self.base(seen_in, seen_at), 4),
            conditions = filtered(&conditions),
        )
    }
}

/// Contacts of some sets, each once, with the instant by which they are ordered.
fn listed(sets: &[Contacts]) -> String {
    let each: Vec<String> = sets.iter().map(|&which| set(which)).collect();
    if each.is_empty() {
        // A measure that is made of no contacts counts none.
        return "SELECT source, contact_id, first_at AS at FROM seen WHERE false".to_owned();
    }
    format!(
        "SELECT\n  source,\n  contact_id,\n  min(at) AS at\nFROM (\n  {}\n)\nGROUP BY source, contact_id",
        each.join("\n  UNION ALL\n  ")
    )
}

fn set(which: Contacts) -> String {
    let (at, from) = match which {
        Contacts::Known => {
            let out = "SELECT source, contact_id, first_out_at AS at FROM states WHERE is_out";
            return format!("SELECT source, contact_id, first_at AS at FROM seen\n  UNION ALL\n  {out}");
        }
        Contacts::Out => ("last_changed_at", "states WHERE is_out"),
        Contacts::WentOut => ("last_changed_at", "states WHERE went_out"),
        Contacts::Reached => ("first_at", "reached"),
    };
    format!("SELECT source, contact_id, {at} AS at FROM {from}")
}

/// One row: how many contacts are listed, then the measures.
fn totals(query: &Query<'_>, measures: &Selection<'_>, steps: &str, listed: &str) -> String {
    let mut grouped =
        vec!["0 AS bucket".to_owned(), format!("(SELECT count(*) FROM (\n  {}\n)) AS drill_rows", indented(listed, 2))];
    let mut selected = vec!["drill_rows".to_owned()];
    for measure in measures.needed() {
        if let Expression::Contacts(which) = measure.expression {
            let contacts = match which {
                Contacts::Known => {
                    "(SELECT source, contact_id FROM seen UNION SELECT source, contact_id FROM states WHERE is_out)"
                }
                Contacts::Out => "states WHERE is_out",
                Contacts::WentOut => "states WHERE went_out",
                Contacts::Reached => "reached",
            };
            grouped.push(format!("(SELECT count(*) FROM {contacts}) AS {}", measure.name));
        }
    }
    for measure in checked(measures) {
        match &measure.expression {
            Expression::Contacts(_) => selected.push(measure.name.clone()),
            Expression::Row(sql) => selected.push(format!("{} AS {}", query.dated(sql), measure.name)),
            // Neither belongs to a stock.
            Expression::Aggregate(_) | Expression::OfKpi(_) => {}
        }
    }
    format!(
        "{steps},\ngrouped AS (\n  SELECT\n    {}\n)\nSELECT\n  {}\nFROM grouped",
        columns(&grouped, 4),
        columns(&selected, 2),
    )
}
