//! What the KPIs are: definitions in TOML, and the ones that are built in.
//!
//! | file | is |
//! |---|---|
//! | [`parse`] | a file to a definition, with file and line in every error |
//! | [`selection`] | the measures that a request needs |
//! | `kpis/*.toml` beside `src` | the built-in definitions |
//!
//! A definition names a table, the column of time that a row is attributed to, and *measures* in the order of the
//! output. There are two kinds.
//!
//! A **flow** (the default) counts rows of a period. A measure is either `sql`, an aggregate over the rows of a group,
//! or `row`, an expression over the aggregates of that group and of the others (with window functions). Hidden measures
//! are there for `row`s only. Aggregates may write `{as_of}` for the as-of time, and `target_us` where the definition
//! names a target. The rows of a group are those of one bucket and one combination of dimensions; `bucket` is a number.
//!
//! A **stock** counts contacts in a state at the end of each bucket. Its measures are `count`s: contacts `known` by
//! then (by a row of the table, or by being opted out), opted `out` on any channel by then; within the bucket contacts
//! that `went_out`, or that were `reached`. `[stock]` says which rows make a contact known and reached. The changes
//! come from the table `subscriptions`. Measures that are `row`s work as above.
//!
//! A **rollup** is a table with sums of rows of the definition's table, far smaller than it. `[rollup]` names it, its
//! column of time and the dimensions that it keeps. Of a flow it also says how long its cells are (`step`: their time is
//! a multiple of it since 1970 UTC), and each measure that it can answer says how (`rollup`, an aggregate over the
//! cells, null for none being 0); `having` is the condition for groups that have rows in the table itself. Of a stock
//! it is a table with the columns `source` and `contact_id` in which the earliest time of a contact and combination of
//! dimensions is when the contact became known. The engine uses a rollup where it gives the same numbers.
//!
//! Buckets without rows appear with counts of 0, and null for everything that is no whole number (kpi-rules T4);
//! `empty` says otherwise: `zero`, `null`, or `share` for parts of a bucket, which are 0 where the bucket has other
//! rows.

mod parse;
mod selection;

use serde::Deserialize;

use crate::error::QueryError;
use crate::nearest::nearest;
pub(crate) use selection::{Selection, names};

/// What every KPI can be grouped by, unless its definition allows less.
pub const DIMENSIONS: &[&str] =
    &["source", "channel", "team", "topic", "agent_id", "contact_id", "day_of_week", "hour_of_day"];

/// The tables that a definition can read.
pub(crate) const TABLES: &[&str] = &["events", "messages", "waits", "sessions", "subscriptions"];

/// The tables that a definition can name as its rollup.
pub(crate) const ROLLUPS: &[&str] = &["message_cells", "contacts"];

/// Whether a dimension is worked out from the time, and is no column of the table.
pub(crate) fn is_derived(dimension: &str) -> bool {
    matches!(dimension, "day_of_week" | "hour_of_day")
}

/// The definition of a KPI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definition {
    /// Its name, as on the command line.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it means, in a few sentences.
    pub description: String,
    /// What it counts.
    pub kind: Kind,
    /// The table that it reads.
    pub table: String,
    /// The column of the table that says when a row happened.
    pub time: String,
    /// SQL condition that rows of the table must meet.
    pub filter: Option<String>,
    /// What it can be grouped by.
    pub dimensions: Vec<String>,
    /// What it is grouped by unless the request says something else.
    pub default_by: Vec<String>,
    /// What its first value is measured in.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
    /// The target that its rows are held against.
    pub target: Option<Target>,
    /// What the archive must have for it to mean anything.
    pub requires: Option<Requirement>,
    /// SQL condition for rows that can still change: a bucket that has one is provisional (kpi-rules T3).
    pub unsettled: Option<String>,
    /// The table of sums that can answer instead of `table`.
    pub rollup: Option<Rollup>,
    /// Its values, in the order of the output.
    pub measures: Vec<Measure>,
}

impl Definition {
    /// The measures that are in the output.
    pub fn visible(&self) -> impl Iterator<Item = &Measure> {
        self.measures.iter().filter(|measure| !measure.hidden)
    }

    /// Checks dimensions that a request names.
    ///
    /// # Errors
    /// [`QueryError::UnknownDimension`], [`QueryError::RepeatedDimension`].
    pub(crate) fn check_dimensions(&self, by: &[String]) -> Result<(), QueryError> {
        for (i, name) in by.iter().enumerate() {
            if !self.dimensions.contains(name) {
                let known: Vec<&str> = self.dimensions.iter().map(String::as_str).collect();
                return Err(QueryError::UnknownDimension {
                    kpi: self.name.clone(),
                    name: name.clone(),
                    nearest: nearest(name, &known).unwrap_or_default().to_owned(),
                    known: known.join(", "),
                });
            }
            if by[..i].contains(name) {
                return Err(QueryError::RepeatedDimension { name: name.clone() });
            }
        }
        Ok(())
    }
}

/// What a KPI counts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Rows of a period.
    Flow,
    /// Contacts in a state at the end of each bucket.
    Stock(Stock),
}

/// Which rows of the table say what about a contact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Stock {
    /// SQL condition for rows that make a contact known.
    pub known: String,
    /// SQL condition for rows by which a contact was reached.
    pub reached: String,
}

/// A table of sums.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rollup {
    /// The table.
    pub table: String,
    /// The column of the table that says when a cell begins; of a stock, when a contact was first seen.
    pub time: String,
    /// How long the cells are, in microseconds: a divisor of an hour. `None` for a stock, whose times are exact.
    pub step_us: Option<i64>,
    /// The dimensions of the definition that it keeps.
    pub dimensions: Vec<String>,
    /// SQL condition over aggregates: which groups have rows in the definition's own table.
    pub having: Option<String>,
}

/// Which way is better (kpi-rules B2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// It is what it is.
    Neither,
}

impl Better {
    /// `lower`, `higher` or `neither`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::Neither => "neither",
        }
    }
}

/// A target of the settings (kpi-rules G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// `targets.first_response`.
    FirstResponse,
    /// `targets.response`.
    Response,
    /// `targets.resolution`.
    Resolution,
}

/// What an archive must have for a KPI to mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Events that close conversations (kpi-rules R1).
    Closes,
}

/// A value of a KPI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Measure {
    /// Its name in the output.
    pub name: String,
    /// How it is worked out.
    pub expression: Expression,
    /// SQL aggregate over the cells of the definition's rollup that gives the same whole number; null is 0.
    pub rollup: Option<String>,
    /// It is there for other measures only.
    pub hidden: bool,
    /// Its value where a bucket has no rows.
    pub empty: Empty,
}

/// How a measure is worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expression {
    /// SQL aggregate over the rows of a group.
    Aggregate(String),
    /// SQL over the measures of a group that are not themselves of this sort.
    Row(String),
    /// Contacts of a stock.
    Contacts(Contacts),
}

/// Which contacts of a stock are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contacts {
    /// Known by the end of the bucket (kpi-rules U2).
    Known,
    /// Opted out at the end of the bucket (kpi-rules U1).
    Out,
    /// Opted out within the bucket (kpi-rules U3).
    WentOut,
    /// Reached within the bucket (kpi-rules U3).
    Reached,
}

/// The value of a measure where a bucket has no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// 0 for whole numbers, null for all else.
    #[default]
    ByType,
    /// 0.
    Zero,
    /// Null.
    Null,
    /// 0 where other groups of the bucket have rows, else null.
    Share,
}

/// Definitions by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definitions {
    list: Vec<Definition>,
}

/// The files of the built-in definitions, in the order of the rules (kpi-rules section 4).
const BUILT_IN: &[(&str, &str)] = &[
    ("kpis/inbound_message_volume.toml", include_str!("../../kpis/inbound_message_volume.toml")),
    ("kpis/message_volume_by_channel.toml", include_str!("../../kpis/message_volume_by_channel.toml")),
    ("kpis/first_response_time.toml", include_str!("../../kpis/first_response_time.toml")),
    ("kpis/average_response_time.toml", include_str!("../../kpis/average_response_time.toml")),
    ("kpis/longest_wait_time.toml", include_str!("../../kpis/longest_wait_time.toml")),
    ("kpis/resolution_time.toml", include_str!("../../kpis/resolution_time.toml")),
    ("kpis/unsubscribed_contacts.toml", include_str!("../../kpis/unsubscribed_contacts.toml")),
];

impl Definitions {
    /// The seven KPIs.
    pub fn built_in() -> Self {
        let mut definitions = Self { list: Vec::with_capacity(BUILT_IN.len()) };
        for (file, text) in BUILT_IN {
            definitions.load(file, text).expect("BUILT_IN is compiled in, and a test reads every one of it");
        }
        definitions
    }

    /// Adds the definition that a file holds. `file` is its name for messages.
    ///
    /// # Errors
    /// [`QueryError::DefinitionSyntax`], [`QueryError::DefinitionValue`]; the latter too if the name is taken.
    pub fn load(&mut self, file: &str, text: &str) -> Result<(), QueryError> {
        let taken: Vec<&str> = self.names().collect();
        let definition = parse::definition(file, text, &taken)?;
        self.list.push(definition);
        Ok(())
    }

    /// The definition of a name.
    ///
    /// # Errors
    /// [`QueryError::UnknownKpi`] with the nearest name.
    pub fn get(&self, name: &str) -> Result<&Definition, QueryError> {
        self.list.iter().find(|definition| definition.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.names().collect();
            QueryError::UnknownKpi {
                name: name.to_owned(),
                nearest: nearest(name, &known).unwrap_or_default().to_owned(),
                known: known.join(", "),
            }
        })
    }

    /// Every definition, in the order in which they were loaded.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.list.iter()
    }

    /// Every name, in the same order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|definition| definition.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of the oracle's row, name for name.
    #[test]
    fn the_built_in_ones_have_the_fields_of_the_oracle() {
        let times = ["n", "mean_s", "p50_s", "p90_s", "p95_s", "max_s"];
        let lost = ["n_open", "n_closed_unanswered", "n_opted_out", "n_abandoned"];
        let met = ["n_within_target", "n_breached", "within_target"];
        let answered = [times.as_slice(), &lost, &met].concat();
        let resolved = [times.as_slice(), &["n_auto_closed", "within_target"]].concat();
        let expected: [(&str, &[&str]); 7] = [
            ("inbound_message_volume", &["messages", "conversations", "contacts"]),
            ("message_volume_by_channel", &["inbound", "agent", "bot", "share"]),
            ("first_response_time", &answered),
            ("average_response_time", &answered),
            ("longest_wait_time", &["max_s", "conversation_id", "opened_at", "oldest_open_s"]),
            ("resolution_time", &resolved),
            (
                "unsubscribed_contacts",
                &[
                    "contacts",
                    "unsubscribed",
                    "unsubscribed_share",
                    "newly_unsubscribed",
                    "contacts_messaged",
                    "unsubscribe_rate",
                ],
            ),
        ];
        let definitions = Definitions::built_in();
        assert_eq!(definitions.names().collect::<Vec<_>>(), expected.map(|(name, _)| name));
        for (name, fields) in expected {
            let definition = definitions.get(name).unwrap();
            let found: Vec<&str> = definition.visible().map(|measure| measure.name.as_str()).collect();
            assert_eq!(found, fields, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let error = Definitions::built_in().get("first_respons_time").unwrap_err().to_string();
        assert!(
            error.starts_with("unknown KPI \"first_respons_time\"; did you mean first_response_time? known"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_dimension_gets_the_nearest() {
        let definitions = Definitions::built_in();
        let definition = definitions.get("resolution_time").unwrap();
        let error = definition.check_dimensions(&["chanel".to_owned()]).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown dimension \"chanel\" of resolution_time; did you mean channel? known are source, channel, team, \
             topic, agent_id, contact_id, day_of_week, hour_of_day"
        );
        let twice = definition.check_dimensions(&["team".to_owned(), "team".to_owned()]).unwrap_err();
        assert!(matches!(twice, QueryError::RepeatedDimension { .. }));
    }
}
