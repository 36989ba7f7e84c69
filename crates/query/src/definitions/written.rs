//! A definition as its file says it, with the place of everything that can be wrong.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::{Better, Empty, Requirement, Stock, Target};
use crate::error::QueryError;
use crate::nearest::Meant;

/// A file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Spanned<String>,
    pub(super) title: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) kind: KindName,
    pub(super) table: Option<Spanned<String>>,
    pub(super) view: Option<Spanned<String>>,
    pub(super) time: Option<Spanned<String>>,
    pub(super) filter: Option<Spanned<String>>,
    pub(super) dimensions: Option<Dimensions>,
    #[serde(default)]
    pub(super) default_by: Vec<Spanned<String>>,
    pub(super) unit: String,
    pub(super) better: Better,
    pub(super) owner: Option<String>,
    pub(super) headline: Option<Spanned<String>>,
    pub(super) n: Option<Spanned<String>>,
    pub(super) min_n: Option<u64>,
    pub(super) target: Option<Spanned<Target>>,
    #[serde(default)]
    pub(super) targets: BTreeMap<String, Spanned<TargetEntry>>,
    pub(super) requires: Option<Requirement>,
    pub(super) hours: Option<Spanned<HoursName>>,
    pub(super) unsettled: Option<Spanned<String>>,
    pub(super) stock: Option<Spanned<Stock>>,
    pub(super) rollup: Option<RollupEntry>,
    pub(super) measures: Vec<Spanned<Entry>>,
    #[serde(default)]
    pub(super) tests: Vec<Spanned<CaseEntry>>,
}

#[derive(serde::Deserialize, Debug, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindName {
    #[default]
    Flow,
    Stock,
    Derived,
}

#[derive(serde::Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum HoursName {
    Elapsed,
    Business,
}

/// A rollup.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RollupEntry {
    pub(super) table: Spanned<String>,
    pub(super) time: Spanned<String>,
    pub(super) step: Option<Spanned<String>>,
    pub(super) dimensions: Vec<Spanned<String>>,
    pub(super) having: Option<Spanned<String>>,
}

/// A measure: its name, exactly one of the keys that say how it is worked out, and what goes with that.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) name: Spanned<String>,
    pub(super) sql: Option<Spanned<String>>,
    pub(super) row: Option<Spanned<String>>,
    pub(super) count: Option<Spanned<Count>>,
    pub(super) count_distinct: Option<Spanned<Columns>>,
    pub(super) sum: Option<Spanned<String>>,
    pub(super) mean: Option<Spanned<String>>,
    pub(super) min: Option<Spanned<String>>,
    pub(super) max: Option<Spanned<String>>,
    pub(super) percentile: Option<Spanned<Percentile>>,
    pub(super) count_within_target: Option<Spanned<String>>,
    pub(super) count_breached: Option<Spanned<String>>,
    pub(super) share_within_target: Option<Spanned<String>>,
    pub(super) ratio: Option<Spanned<Vec<String>>>,
    pub(super) kpi: Option<Spanned<String>>,
    #[serde(rename = "where")]
    pub(super) condition: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) of_row: Vec<Spanned<String>>,
    pub(super) unit: Option<Spanned<Unit>>,
    pub(super) rollup: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) hidden: bool,
    #[serde(default)]
    pub(super) empty: Empty,
}

/// What is counted.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "write true for rows, or the name of a column")]
pub(super) enum Count {
    Rows(bool),
    Of(String),
}

/// One column, or several.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "write a column, or a pair of columns such as [\"source\", \"contact_id\"]")]
pub(super) enum Columns {
    One(String),
    Some(Vec<String>),
}

/// `{ of = "wait_us", p = 0.9 }`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Percentile {
    pub(super) of: String,
    pub(super) p: f64,
}

/// What durations are shown in.
#[derive(serde::Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Us,
    S,
    M,
    H,
    D,
}

/// A test.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseEntry {
    pub(super) name: String,
    pub(super) events: Spanned<EventsEntry>,
    #[serde(default)]
    pub(super) settings: toml::Table,
    pub(super) by: Option<Vec<Spanned<String>>>,
    pub(super) grain: Option<Spanned<String>>,
    pub(super) since: Option<Time>,
    pub(super) until: Option<Time>,
    pub(super) as_of: Option<Time>,
    pub(super) tz: Option<String>,
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
    pub(super) target: Option<Spanned<String>>,
    pub(super) expect: Vec<Spanned<toml::Table>>,
}

/// The events of a test.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "write a text of NDJSON or of columns, or a list of { occurred_at = ..., ... }")]
pub(super) enum EventsEntry {
    Text(String),
    Rows(Vec<toml::Table>),
}

/// A time as TOML or as text.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "write a time such as 2025-03-03T09:00:00Z")]
pub(super) enum Time {
    Toml(toml::value::Datetime),
    Text(String),
}

impl Time {
    /// As the command line takes it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Toml(time) => time.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// `dimensions = ["channel"]` says which may be asked for; `[dimensions]` adds own ones.
pub(super) enum Dimensions {
    Some(Vec<Spanned<String>>),
    Own(BTreeMap<String, Spanned<String>>),
}

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DimensionsVisitor)
    }
}

struct DimensionsVisitor;

impl<'de> Visitor<'de> for DimensionsVisitor {
    type Value = Dimensions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of dimensions, or a table of own ones such as size = \"CASE ... END\"")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Dimensions::Some)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Dimensions::Own)
    }
}

/// `default = "10m"`, or targets by the values of a dimension: `channel.email = "4h"`.
pub(super) enum TargetEntry {
    All(String),
    By(BTreeMap<String, Spanned<String>>),
}

impl<'de> Deserialize<'de> for TargetEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TargetVisitor)
    }
}

struct TargetVisitor;

impl<'de> Visitor<'de> for TargetVisitor {
    type Value = TargetEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"10m\", or durations by value such as channel.email = \"4h\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TargetEntry::All(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(TargetEntry::By)
    }
}

/// Where errors point to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Place<'_> {
    /// The 1-based line of a byte.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.text.bytes().take(byte).filter(|&b| b == b'\n').count() + 1
    }

    /// The 1-based line of what was read.
    pub(super) fn line_of<T>(&self, at: &Spanned<T>) -> usize {
        self.line(at.span().start)
    }

    pub(super) fn error<T>(&self, at: &Spanned<T>, reason: impl Into<String>) -> QueryError {
        self.error_in(self.line_of(at), reason)
    }

    pub(super) fn error_in(&self, line: usize, reason: impl Into<String>) -> QueryError {
        QueryError::DefinitionValue { file: self.file.to_owned(), line, reason: reason.into() }
    }

    /// A name that SQL needs no quotes for.
    pub(super) fn check_name(&self, name: &Spanned<String>, what: &str) -> Result<(), QueryError> {
        let text = name.get_ref();
        if is_name(text) {
            return Ok(());
        }
        Err(self.error(name, format!("{what} {text:?} must be lower-case letters, digits and underscores")))
    }

    pub(super) fn check_known(&self, name: &Spanned<String>, what: &str, known: &[&str]) -> Result<(), QueryError> {
        self.check_known_in(self.line_of(name), name.get_ref(), what, known)
    }

    pub(super) fn check_known_in(&self, line: usize, name: &str, what: &str, known: &[&str]) -> Result<(), QueryError> {
        if known.contains(&name) { Ok(()) } else { Err(self.error_in(line, unknown(what, name, known))) }
    }

    /// SQL may have braces around `as_of` only: everything else would reach the parser as it is.
    pub(super) fn check_sql(&self, sql: &Spanned<String>) -> Result<(), QueryError> {
        let text = sql.get_ref();
        if text.trim().is_empty() {
            return Err(self.error(sql, "the SQL is empty"));
        }
        if text.replace("{as_of}", "").contains(['{', '}']) {
            return Err(self.error(sql, "braces are for {as_of} only"));
        }
        Ok(())
    }
}

/// Whether SQL needs no quotes for a name.
pub(super) fn is_name(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A name that is not known, and which was meant.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    format!("unknown {what} {name:?}; {}known are {}", Meant::of(name, known), known.join(", "))
}
