//! What the KPIs are: definitions in TOML, built in and the user's own.
//!
//! | file | is |
//! |---|---|
//! | [`list`] | definitions by name, and the folders that they come from |
//! | [`written`] | a file as it is written, with the place of everything that can be wrong |
//! | [`parse`] | a file to a definition, with file and line in every error |
//! | [`measures`], [`forms`] | how a measure is written, and the SQL that this is |
//! | [`spans`] | targets and hours |
//! | [`cases`] | the tests that a file brings with it |
//! | [`columns`] | the columns of the tables |
//! | [`resolve`] | what is made of other KPIs: names and circles |
//! | [`planning`] | whether the SQL of a definition fits the tables |
//! | [`selection`] | the measures that a request needs |
//! | [`fingerprint`] | whether two definitions give the same numbers |
//! | `kpis/*.toml` beside `src` | the built-in definitions |
//!
//! A definition names a table, or a `view` of its own, the column of time that a row is attributed to, and *measures* in
//! the order of the output. There are three kinds.
//!
//! A **flow** (the default) counts rows of a period. A measure is an aggregate over the rows of a group (`sql`, or one
//! of the forms that become such SQL), or a `row`, an expression over the aggregates of that group and of the others
//! (with window functions). Hidden measures are there for `row`s only. Aggregates may write `{as_of}` for the as-of
//! time, and `target_us` where the definition has a target. The rows of a group are those of one bucket and one
//! combination of dimensions; `bucket` is a number.
//!
//! A **stock** counts contacts in a state at the end of each bucket. Its measures are `count`s: contacts `known` by
//! then (by a row of the table, or by being opted out), opted `out` on any channel by then; within the bucket contacts
//! that `went_out`, or that were `reached`. `[stock]` says which rows make a contact known and reached. The changes
//! come from the table `subscriptions`. Measures that are `row`s work as above.
//!
//! A **derived** one has no rows: its measures are fields of other KPIs (`kpi`), worked out for the same request, side
//! by side for the same bucket and group, and `row`s over these. There `bucket` is a number too.
//!
//! A **rollup** is a table with sums of rows of the definition's table, far smaller than it. `[rollup]` names it, its
//! column of time and the dimensions that it keeps. Of a flow it also says how long its cells are (`step`: their time is
//! a multiple of it since 1970 UTC), and each measure that it can answer says how (`rollup`, an aggregate over the
//! cells, null for none being 0); `having` is the condition for groups that have rows in the table itself. Of a stock
//! it is a table with a row a contact and channel, whose time is when the contact became known there, and with the marks
//! `is_first` and `ever_opted_out` of `contacts`. The engine uses a rollup where it gives the same numbers.
//!
//! Buckets without rows appear with counts of 0, and null for everything that is no whole number (kpi-rules T4);
//! `empty` says otherwise: `zero`, `null`, or `share` for parts of a bucket, which are 0 where the bucket has other
//! rows.

pub mod cases;
pub(crate) mod columns;
mod fingerprint;
mod forms;
mod list;
mod measures;
mod parse;
mod planning;
mod resolve;
mod selection;
mod spans;
#[cfg(test)]
mod tests;
mod written;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::QueryError;
use crate::nearest::Meant;
use crate::plan::Hours;
pub use cases::Case;
pub use list::{Definitions, LoadReport};
pub(crate) use planning::blamed;
pub use planning::check;
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
    /// The file that says so, as messages name it; `built in` where it is part of the program.
    pub file: String,
    /// What it counts.
    pub kind: Kind,
    /// The table that it reads: one of the archive's, or that of its own view; empty for a derived one.
    pub table: String,
    /// The query that makes its own table.
    pub view: Option<String>,
    /// The column of the table that says when a row happened; empty for a derived one.
    pub time: String,
    /// SQL condition that rows of the table must meet.
    pub filter: Option<String>,
    /// What it can be grouped by.
    pub dimensions: Vec<String>,
    /// Those of `dimensions` that it brings itself.
    pub own_dimensions: Vec<OwnDimension>,
    /// What it is grouped by unless the request says something else.
    pub default_by: Vec<String>,
    /// What its headline is measured in.
    pub unit: String,
    /// Who answers for what it says.
    pub owner: Option<String>,
    /// The measure that stands for it: the name of a visible one.
    pub headline: String,
    /// The measure that says on how many rows the headline rests: the name of a visible one.
    pub n: Option<String>,
    /// The least such number with which two values are compared (kpi-rules B2).
    pub min_n: u64,
    /// Which way is better.
    pub better: Better,
    /// The target of the settings that its rows are held against, where its own targets say nothing.
    pub target: Option<Target>,
    /// Its own targets; they go before those of the settings.
    pub targets: OwnTargets,
    /// The hours in which its spans are measured, whatever a request says.
    pub hours: Hours,
    /// What the archive must have for it to mean anything.
    pub requires: Option<Requirement>,
    /// SQL condition for rows that can still change: a bucket that has one is provisional (kpi-rules T3).
    pub unsettled: Option<String>,
    /// The table of sums that can answer instead of `table`.
    pub rollup: Option<Rollup>,
    /// Its values, in the order of the output.
    pub measures: Vec<Measure>,
    /// What it must give for events written beside it.
    pub tests: Vec<Case>,
    /// The 1-based lines of its parts: `filter`, `measures.mean_s`, `dimensions.size`.
    pub(crate) lines: BTreeMap<String, usize>,
    /// The dimensions are those that it lists; else all that its table has.
    pub(crate) lists_dimensions: bool,
}

impl Definition {
    /// The measure that stands for it.
    pub fn headline(&self) -> &Measure {
        let headline = self.measures.iter().find(|measure| measure.name == self.headline);
        headline.expect("a definition is read only if its headline is one of its measures")
    }

    /// The measures that are in the output.
    pub fn visible(&self) -> impl Iterator<Item = &Measure> {
        self.measures.iter().filter(|measure| !measure.hidden)
    }

    /// Whether its rows are held against a target.
    pub fn has_target(&self) -> bool {
        self.target.is_some() || self.targets.default_us.is_some() || !self.targets.cases.is_empty()
    }

    /// The SQL of a dimension that it brings itself.
    pub(crate) fn own_dimension(&self, name: &str) -> Option<&str> {
        self.own_dimensions.iter().find(|own| own.name == name).map(|own| own.sql.as_str())
    }

    /// An error about a part of it; of a part without a line of its own, about its first line.
    pub(crate) fn error(&self, part: &str, reason: impl Into<String>) -> QueryError {
        let line = self.lines.get(part).or_else(|| self.lines.get("name")).copied().unwrap_or(1);
        QueryError::DefinitionValue { file: self.file.clone(), line, reason: reason.into() }
    }

    /// That it has no rows: for whoever asks for those of a derived one.
    pub(crate) fn made_of_others(&self) -> QueryError {
        let parts = match &self.kind {
            Kind::Derived(parts) => parts.iter().map(|part| part.kpi.as_str()).collect(),
            Kind::Flow | Kind::Stock(_) => Vec::new(),
        };
        QueryError::MadeOfOthers { kpi: self.name.clone(), parts: parts.join(", ") }
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
                    meant: Meant::of(name, &known),
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
    /// Values of other KPIs, side by side; one part a KPI, in the order of first sight.
    Derived(Vec<Part>),
}

/// What a derived KPI takes from another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The other KPI.
    pub kpi: String,
    /// The fields of it.
    pub fields: Vec<String>,
    /// Its fingerprint, once it is known.
    pub(crate) fingerprint: String,
}

/// A dimension that a definition brings itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnDimension {
    /// Its name, as on the command line.
    pub name: String,
    /// SQL over the columns of the definition's table.
    pub sql: String,
}

/// Targets that a definition brings itself (kpi-rules G1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OwnTargets {
    /// Where no case holds, in microseconds; `None` takes that of the settings.
    pub default_us: Option<i64>,
    /// By the value of a dimension, in the order of the file; the first that holds counts.
    pub cases: Vec<TargetCase>,
}

/// The target of the rows that have one value of one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetCase {
    /// The dimension.
    pub dimension: String,
    /// Its value, as text.
    pub value: String,
    /// The target in microseconds.
    pub us: i64,
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

impl Target {
    /// Its name among the settings; that of a source or channel stands behind a prefix.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::FirstResponse => "targets.first_response",
            Self::Response => "targets.response",
            Self::Resolution => "targets.resolution",
        }
    }
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
    /// A field of another KPI.
    OfKpi(KpiField),
}

/// A field of a KPI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KpiField {
    /// The KPI.
    pub kpi: String,
    /// Its field.
    pub field: String,
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
