//! Versions of a calendar where they are a list of tables: each is found by its `from`.
//!
//! ```toml
//! [[calendars.support.versions]]       # calendars.support.versions.2025-07-01.mon-fri
//! from = "2025-07-01"
//! mon-fri = "08:00-18:00"
//! ```

use std::ops::Range;

use toml_edit::{InlineTable, Item, Table, TableLike, Value};

/// The key of the date from which a version holds.
const FROM: &str = "from";

/// A version as it stands in a file.
pub(super) struct Version {
    /// Its date as written; none where it has none.
    pub(super) from: Option<String>,
    /// All that it says besides.
    pub(super) table: Table,
    /// Where it stands.
    pub(super) span: Option<Range<usize>>,
}

/// Whether a path is that of the versions of a calendar.
pub(super) fn is_path(path: &[String]) -> bool {
    matches!(path, [calendars, _, versions] if calendars == "calendars" && versions == "versions")
}

/// The versions of a list, in its order; `None` for what is no list of tables.
pub(super) fn of(item: &Item) -> Option<Vec<Version>> {
    let version = |mut table: Table, span| {
        let from = table.remove(FROM).and_then(|from| from.as_value().and_then(text_of));
        Version { from, table, span }
    };
    match item {
        Item::ArrayOfTables(list) => Some(list.iter().map(|table| version(table.clone(), table.span())).collect()),
        Item::Value(Value::Array(list)) => list
            .iter()
            .map(|value| value.as_inline_table().map(|table| version(table.clone().into_table(), value.span())))
            .collect(),
        _ => None,
    }
}

/// The text of a string or date.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Datetime(time) => Some(time.value().to_string()),
        _ => None,
    }
}

/// The place of the version of a date in a list; `None` where it has none, and for what is no list of tables.
pub(super) fn position(item: &Item, from: &str) -> Option<usize> {
    let is_from = |value: Option<&Value>| value.and_then(text_of).is_some_and(|text| text == from);
    match item {
        Item::ArrayOfTables(list) => list.iter().position(|table| is_from(table.get(FROM).and_then(Item::as_value))),
        Item::Value(Value::Array(list)) => {
            list.iter().position(|value| is_from(value.as_inline_table().and_then(|table| table.get(FROM))))
        }
        _ => None,
    }
}

/// The version at a place of a list.
pub(super) fn at(item: &mut Item, place: usize) -> Option<&mut dyn TableLike> {
    match item {
        Item::ArrayOfTables(list) => list.get_mut(place).map(|table| table as &mut dyn TableLike),
        Item::Value(Value::Array(list)) => {
            list.get_mut(place).and_then(Value::as_inline_table_mut).map(|table| table as &mut dyn TableLike)
        }
        _ => None,
    }
}

/// Adds a version that says nothing yet to the end of a list, and tells its place; `None` for what is no list.
pub(super) fn push(item: &mut Item, from: &str) -> Option<usize> {
    match item {
        Item::ArrayOfTables(list) => {
            let mut table = Table::new();
            table.insert(FROM, toml_edit::value(from));
            list.push(table);
            Some(list.len() - 1)
        }
        Item::Value(Value::Array(list)) => {
            let mut table = InlineTable::new();
            table.insert(FROM, Value::from(from));
            list.push(table);
            Some(list.len() - 1)
        }
        _ => None,
    }
}

/// Takes the version at a place out of a list, and tells whether the list is then empty.
pub(super) fn remove(item: &mut Item, place: usize) -> bool {
    match item {
        Item::ArrayOfTables(list) => {
            list.remove(place);
            list.is_empty()
        }
        Item::Value(Value::Array(list)) => {
            list.remove(place);
            list.is_empty()
        }
        _ => false,
    }
}
