//! The three queries of a stock.

use arrow::array::RecordBatch;
use datafusion::common::{Result, internal_datafusion_err, internal_err};

use super::Answers;
use crate::definitions::{Contacts, Expression, Rollup, Stock};
use crate::plan::sql::{Query, columns, in_parens, instant};

/// The three queries of a stock.
#[derive(Debug, PartialEq)]
pub(crate) struct Texts {
    /// Contacts by the bucket in which they were first seen; one by one where they ever opted out.
    /// None where nobody asks for them.
    pub(super) seen: Option<String>,
    /// Contacts that were reached, by bucket. None where nobody asks for them.
    pub(super) reached: Option<String>,
    /// Every change of a subscription, in order.
    pub(super) changes: String,
}

impl Texts {
    /// The queries as people see them.
    pub(crate) fn shown(&self) -> String {
        let seen = "-- contacts by when they were first seen; one by one where they ever opted out";
        let parts = [
            self.seen.as_ref().map(|sql| format!("{seen}\n{sql};")),
            self.reached.as_ref().map(|sql| format!("-- contacts that were reached\n{sql};")),
            Some(format!("-- who opted out and in\n{};", self.changes)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }

    /// The queries that are asked, in the order in which [`answers`](Self::answers) wants what they found.
    pub(crate) fn asked(self) -> Vec<String> {
        [self.seen, self.reached, Some(self.changes)].into_iter().flatten().collect()
    }

    /// What the queries of [`asked`](Self::asked) found, by query.
    ///
    /// # Errors
    /// There are more or fewer answers than queries.
    pub(crate) fn answers(&self, found: Vec<RecordBatch>) -> Result<Answers> {
        let mut found = found.into_iter();
        let missing = || internal_datafusion_err!("a query of a stock has no answer");
        let answers = Answers {
            seen: self.seen.as_ref().map(|_| found.next().ok_or_else(missing)).transpose()?,
            reached: self.reached.as_ref().map(|_| found.next().ok_or_else(missing)).transpose()?,
            changes: found.next().ok_or_else(missing)?,
        };
        match found.next() {
            None => Ok(answers),
            Some(_) => internal_err!("a stock has more answers than queries"),
        }
    }

    /// The tables that the queries read.
    pub(crate) fn tables(&self, query: &Query<'_>) -> String {
        let mut tables = Vec::new();
        if self.seen.is_some() {
            tables.push(query.rollup.map_or(query.table, |rollup| rollup.table.as_str()));
        }
        if self.reached.is_some() && !tables.contains(&query.table) {
            tables.push(query.table);
        }
        tables.push("subscriptions");
        tables.join(", ")
    }
}

/// The queries of a request.
pub(crate) fn texts(query: &Query<'_>, stock: &Stock) -> Texts {
    let Query { definition, by, asked, filter, .. } = query;
    let (time, grain) = (&definition.time, asked.grain);
    let counts = |which: Contacts| query.measures.needed().any(|m| m.expression == Expression::Contacts(which));
    let filtered = |indent: usize| {
        filter.map(|filter| format!("\n{:indent$}AND {}", "", in_parens(filter, indent))).unwrap_or_default()
    };
    let until = asked.until_us.map(|us| format!("\n  AND {time} < {}", instant(us))).unwrap_or_default();
    let since = asked.since_us.map(|us| format!("\n  AND {time} >= {}", instant(us))).unwrap_or_default();

    let bucket = format!("bucket_id({time}, '{grain}')");
    let mut selected = vec![format!("{bucket} AS bucket")];
    selected.extend(by.iter().cloned());
    selected.push("count_distinct_pair(source, contact_id) AS contacts".to_owned());
    let mut groups = vec![bucket];
    groups.extend(by.iter().cloned());
    let reached = format!(
        "WITH {}\nSELECT\n  {}\nFROM base\nWHERE ({}){since}{until}{}\nGROUP BY {}",
        base(query, query.table, time),
        columns(&selected, 2),
        stock.reached,
        filtered(2),
        groups.join(", "),
    );

    let counted = match filter {
        Some(filter) => format!("coalesce({}, false) AS counted", in_parens(filter, 2)),
        None => "true AS counted".to_owned(),
    };
    let mut selected =
        ["source AS contact_source", "contact_id AS contact", "channel AS contact_channel"].map(str::to_owned).to_vec();
    selected.extend(["changed_at", "opted_out", "was_opted_out"].map(str::to_owned));
    selected.extend(by.iter().cloned());
    // Of one instant, an opt-in comes before an opt-out (kpi-rules O1), as false before true.
    let changes = format!(
        "WITH {}\nSELECT\n  {},\n  {counted}\nFROM base\nORDER BY contact_source, contact, \
         contact_channel NULLS FIRST, changed_at, opted_out, event_id",
        base(query, "subscriptions", "changed_at"),
        columns(&selected, 2),
    );
    // Who was seen also tells which groups there are.
    let seen = (counts(Contacts::Known) || !by.is_empty()).then(|| match query.rollup {
        Some(rollup) => seen_in_rollup(query, rollup),
        None => seen_in_rows(query, stock),
    });
    let reached = counts(Contacts::Reached).then_some(reached);
    Texts { seen, reached, changes }
}

/// A table with the dimensions of a request that are no columns of it.
fn base(query: &Query<'_>, table: &str, time: &str) -> String {
    let mut selected = vec!["*".to_owned()];
    selected.extend(query.derived(time));
    format!("base AS (\n  SELECT\n    {}\n  FROM {table}\n)", columns(&selected, 4))
}

/// When contacts were first seen, from the rows that make them known.
fn seen_in_rows(query: &Query<'_>, stock: &Stock) -> String {
    let Query { definition, by, asked, filter, .. } = query;
    let (time, grain) = (&definition.time, asked.grain);
    let mut conditions = vec![format!("({})", stock.known)];
    conditions.extend(asked.until_us.map(|us| format!("{time} < {}", instant(us))));
    conditions.extend(filter.map(|filter| in_parens(filter, 4)));
    let mut keys = vec!["source".to_owned(), "contact_id".to_owned()];
    keys.extend(by.iter().filter(|d| !matches!(d.as_str(), "source" | "contact_id")).cloned());
    let mut each = vec!["source AS contact_source".to_owned(), "contact_id AS contact".to_owned()];
    each.extend(by.iter().cloned());
    each.push(format!("min({time}) AS first_at"));
    let bucket = format!("bucket_id(seen.first_at, '{grain}')");
    let mut counted = vec![format!("{bucket} AS bucket")];
    counted.extend(by.iter().map(|d| format!("seen.{d} AS {d}")));
    counted.extend(
        [
            "changed.contact_source AS contact_source",
            "changed.contact AS contact",
            "count(*) AS contacts",
            "min(seen.first_at) AS first_at",
        ]
        .map(str::to_owned),
    );
    let mut groups = vec![bucket];
    groups.extend(by.iter().map(|d| format!("seen.{d}")));
    groups.extend(["changed.contact_source", "changed.contact"].map(str::to_owned));
    format!(
        "WITH {},\nseen AS (\n  SELECT\n    {}\n  FROM base\n  WHERE {}\n  GROUP BY {}\n),\nchanged AS (\n  SELECT \
         DISTINCT source AS contact_source, contact_id AS contact\n  FROM subscriptions\n  WHERE opted_out\n)\nSELECT\n  \
         {}\nFROM seen\nLEFT JOIN changed\n  ON seen.contact_source = changed.contact_source AND seen.contact = \
         changed.contact\nGROUP BY {}",
        base(query, query.table, time),
        columns(&each, 4),
        conditions.join("\n    AND "),
        keys.join(", "),
        columns(&counted, 2),
        groups.join(", "),
    )
}

/// The same from a rollup, which has a row a contact and channel: a contact's row is its first, or that of a channel.
fn seen_in_rollup(query: &Query<'_>, rollup: &Rollup) -> String {
    let (Rollup { table, time, .. }, Query { by, asked, .. }) = (rollup, query);
    let bucket = format!("bucket_id({time}, '{}')", asked.grain);
    let select = |contact: [&str; 4]| {
        let mut selected = vec![format!("{bucket} AS bucket")];
        selected.extend(by.iter().cloned());
        let names = ["contact_source", "contact", "contacts", "first_at"];
        selected.extend(contact.iter().zip(names).map(|(sql, name)| format!("{sql} AS {name}")));
        format!("SELECT\n  {}\nFROM {table}", columns(&selected, 2))
    };
    let mut conditions = String::new();
    if !by.iter().any(|dimension| dimension == "channel") {
        conditions.push_str("\n  AND is_first");
    }
    if let Some(us) = asked.until_us {
        conditions.push_str(&format!("\n  AND {time} < {}", instant(us)));
    }
    let (counted, least) = ("count(*)", format!("min({time})"));
    let mut groups = vec![bucket.clone()];
    groups.extend(by.iter().cloned());
    format!(
        "{}\nWHERE NOT ever_opted_out{conditions}\nGROUP BY {}\nUNION ALL\n{}\nWHERE ever_opted_out{conditions}",
        select(["CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)", counted, &least]),
        groups.join(", "),
        select(["source", "contact_id", "1", time]),
    )
}
