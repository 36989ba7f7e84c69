//! The columns that measures name: that they are there, and of a kind that fits.

use arrow::datatypes::DataType;
use toml::Spanned;

use super::Collector;
use crate::definitions::written::{Entry, Unit, is_name, unknown};
use crate::error::QueryError;

/// A column of the definition's table.
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) data_type: Option<DataType>,
}

impl Column<'_> {
    /// Whether it holds microseconds.
    pub(super) fn is_span(&self) -> bool {
        self.name.ends_with("_us")
    }
}

impl<'a> Collector<'a> {
    /// What microseconds are shown in; `None` for a column of something else.
    pub(super) fn unit(&self, entry: &Entry, column: &Column<'_>) -> Result<Option<Unit>, QueryError> {
        let place = self.base.place;
        match (&entry.unit, column.is_span()) {
            (Some(unit), true) => Ok(Some(*unit.get_ref())),
            (None, false) => Ok(None),
            (None, true) => Err(place.error(
                &entry.name,
                format!("{} is in microseconds: add unit = \"s\", or \"us\", \"m\", \"h\", \"d\"", column.name),
            )),
            (Some(unit), false) => Err(place.error(
                unit,
                format!("unit is for columns in microseconds, whose names end in _us; {} is none", column.name),
            )),
        }
    }

    /// A column of spans, in a definition with a target.
    pub(super) fn span(&self, entry: &Entry, form: &str, name: &'a Spanned<String>) -> Result<Column<'a>, QueryError> {
        let column = self.number(entry, form, name, name.get_ref())?;
        if !column.is_span() {
            let reason = format!("{form} takes a column in microseconds, such as wait_us; {} is none", column.name);
            return Err(self.base.place.error(name, reason));
        }
        Ok(column)
    }

    pub(super) fn number<T>(
        &self,
        entry: &Entry,
        form: &str,
        at: &Spanned<T>,
        name: &'a str,
    ) -> Result<Column<'a>, QueryError> {
        let column = self.column(entry, form, at, name)?;
        match &column.data_type {
            Some(data_type) if !data_type.is_numeric() => {
                let reason = format!("{form} takes a column of numbers, and {name} of {} is none", self.base.table);
                Err(self.base.place.error(at, reason))
            }
            _ => Ok(column),
        }
    }

    pub(super) fn column<T>(
        &self,
        entry: &Entry,
        form: &str,
        at: &Spanned<T>,
        name: &'a str,
    ) -> Result<Column<'a>, QueryError> {
        let place = self.base.place;
        let found = self.base.schema.as_ref().map(|schema| schema.field_with_name(name));
        match found {
            Some(Ok(field)) => return Ok(Column { name, data_type: Some(field.data_type().clone()) }),
            None if is_name(name) && !self.names.contains(&name) => return Ok(Column { name, data_type: None }),
            None if !is_name(name) => {
                let reason = format!("{form} takes a column, and {name:?} is no name of one; write sql = for more");
                return Err(place.error(at, reason));
            }
            _ => {}
        }
        if self.names.contains(&name) && name != entry.name.get_ref() {
            let why = if form == "mean" { "; a mean of means is no mean" } else { "" };
            let reason = format!("{form} takes a column of {}, and {name} is a measure{why}", self.base.table);
            return Err(place.error(at, reason));
        }
        let Some(schema) = &self.base.schema else { return Ok(Column { name, data_type: None }) };
        let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Err(place.error(at, unknown(&format!("column of {}", self.base.table), name, &known)))
    }
}
