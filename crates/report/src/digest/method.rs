//! What stands behind the numbers: definitions, settings, SQL.

use serde::Serialize;

/// How a report was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Method {
    /// The definitions of the KPIs, in their order in the report.
    pub definitions: Vec<DefinitionText>,
    /// The settings of the archive, as key and value.
    pub settings: Vec<(String, String)>,
}

/// One KPI in words and in SQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DefinitionText {
    /// Machine name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What it means.
    pub description: String,
    /// What it is counted in.
    pub unit: String,
    /// The table and column of time that it reads, for people: "waits, by opened_at".
    pub over: String,
    /// Which way is better: "lower", "higher", "neither".
    pub better: String,
    /// 16 hex digits over everything that changes a number.
    pub fingerprint: String,
    /// What the rows were read from.
    pub served_by: String,
    /// What was run for the number of the card.
    pub sql: String,
}
