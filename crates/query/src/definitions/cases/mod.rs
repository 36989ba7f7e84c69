//! The tests that a definition brings with it: events, a request, and the rows that must come.
//!
//! | file | is |
//! |---|---|
//! | [`events`] | events as they are written for a test, to NDJSON |
//! | [`compare`](self::compare) | the rows that must come against those that come |

mod compare;
mod events;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::{Map, Value};
use tapemeasure_model::settings::duration::parse_duration_us;
use tapemeasure_model::settings::{Settings, SettingsError};
use tapemeasure_model::zone::Grain;
use toml::Spanned;

use super::written::{CaseEntry, Place, Time, unknown};
use crate::error::QueryError;
pub use compare::differences;

/// One test of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// What it shows, in a few words.
    pub name: String,
    /// Its events, one JSON object a line.
    pub events: String,
    /// Settings of its archive, as `settings.toml` has them.
    pub settings: String,
    /// Dimensions to group by; `None` for the definition's own choice.
    pub by: Option<Vec<String>>,
    /// How long the buckets are.
    pub grain: Grain,
    /// Start of the period, as the command line takes it.
    pub since: Option<String>,
    /// End of the period.
    pub until: Option<String>,
    /// The as-of time.
    pub as_of: Option<String>,
    /// The zone; `None` takes that of the settings.
    pub tz: Option<String>,
    /// Condition over rows.
    pub filter: Option<String>,
    /// Target for all rows, in microseconds.
    pub target_us: Option<i64>,
    /// The rows that must come, in the order of the output; of each the fields that are compared.
    pub expect: Vec<Map<String, Value>>,
    /// Where it stands in its file, from 1.
    pub line: usize,
}

/// A test as it is written to one that can be run.
///
/// # Errors
/// [`QueryError::DefinitionValue`], [`QueryError::DefinitionSettings`].
pub(super) fn case(place: Place<'_>, entry: &Spanned<CaseEntry>) -> Result<Case, QueryError> {
    let line = place.line_of(entry);
    let entry = entry.get_ref();
    let grain = match &entry.grain {
        None => Grain::Total,
        Some(name) => Grain::from_name(name.get_ref()).ok_or_else(|| {
            let known: Vec<&str> = Grain::ALL.iter().map(|grain| grain.as_str()).collect();
            place.error(name, unknown("grain", name.get_ref(), &known))
        })?,
    };
    let target_us = match &entry.target {
        None => None,
        Some(text) => Some(parse_duration_us(text.get_ref()).ok_or_else(|| {
            place.error(text, format!("{:?} is no duration; write one such as 10m or 4h", text.get_ref()))
        })?),
    };
    let mut expect = Vec::with_capacity(entry.expect.len());
    for row in &entry.expect {
        if row.get_ref().is_empty() {
            let reason = "an expected row has no field, and would hold for every row; write what it must have, such as \
                          { n = 2 }, and expect = [] where no row comes";
            return Err(place.error(row, reason));
        }
        let mut fields = Map::new();
        for (name, value) in row.get_ref() {
            let value = expected(value)
                .ok_or_else(|| place.error(row, format!("{name} must be a number, a text, true, false or a time")))?;
            fields.insert(name.clone(), value);
        }
        expect.push(fields);
    }
    let settings = entry.settings.to_string();
    check_settings(place, line, &settings)?;
    let text = |time: &Option<Time>| time.as_ref().map(Time::text);
    Ok(Case {
        name: entry.name.clone(),
        events: events::ndjson(place, &entry.events)?,
        settings,
        by: entry.by.as_ref().map(|by| by.iter().map(|name| name.get_ref().clone()).collect()),
        grain,
        since: text(&entry.since),
        until: text(&entry.until),
        as_of: text(&entry.as_of),
        tz: entry.tz.clone(),
        filter: entry.condition.clone(),
        target_us,
        expect,
        line,
    })
}

/// Checks that settings can be those of an archive. The error is on the line of the test.
fn check_settings(place: Place<'_>, line: usize, settings: &str) -> Result<(), QueryError> {
    let wrong = |error| QueryError::DefinitionSettings { file: place.file.to_owned(), line, error };
    match Settings::from_toml(settings, Path::new(place.file)) {
        Ok(_) => Ok(()),
        // The line in it is one of the settings alone.
        Err(SettingsError::InFile { error, .. }) => Err(wrong(error)),
        Err(error) => Err(wrong(Box::new(error))),
    }
}

/// A value that a field must have. TOML has no null: it is the text `null`.
fn expected(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::String(text) if text == "null" => Some(Value::Null),
        toml::Value::String(text) => Some(Value::from(text.as_str())),
        toml::Value::Integer(number) => Some(Value::from(*number)),
        toml::Value::Float(number) => Some(Value::from(*number)),
        toml::Value::Boolean(flag) => Some(Value::from(*flag)),
        toml::Value::Datetime(time) => Some(Value::from(time.to_string())),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}
