//! Rows of separated fields, under a header or with names that the mapping gives.

use std::borrow::Cow;
use std::sync::Arc;

use super::error::MappingError;
use super::eval::{Fields, Value};
use super::reader::Reader;
use super::spec::{ColumnId, ColumnRef};
use super::{Mapping, columns};
use crate::error::IngestError;
use crate::formats::adapter::csv::{self, Columns, Row};
use crate::formats::adapter::{CsvAdapter, Out, Stop};
use crate::formats::choice::MAPPING;
use crate::formats::{FormatSettings, Head, Opening};
use crate::quarantine::Reason;

/// Reads rows by a mapping.
#[derive(Debug)]
struct MappedRows {
    reader: Reader,
    /// For each column of the mapping its place in a row, from 0.
    places: Vec<usize>,
}

/// How a CSV is read by a mapping.
///
/// # Errors
/// [`MappingError`]: no header, columns that are missing or there twice, lists, no zone, no people.
pub fn open(mapping: &Arc<Mapping>, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
    let spec = mapping.spec();
    columns::without_lists(mapping, head.name, "CSV")?;
    let header = match &spec.input.columns {
        Some(names) => Columns::named(names.clone(), spec.input.delimiter),
        None => Columns::separated(head, spec.input.delimiter)
            .ok_or_else(|| MappingError::NoHeader { mapping: mapping.file(), input: head.name.to_owned() })?,
    };
    let names: Vec<&str> = header.names().iter().map(String::as_str).collect();
    let place = |column: &ColumnRef| columns::place_of(mapping, column, &names, head.name);
    let places = spec.columns.iter().map(place).collect::<Result<_, _>>()?;
    let reader = Reader::new(mapping, head.name, settings, &|_| false)?;
    Ok(csv::open(MappedRows { reader, places }, MAPPING, &header, settings))
}

impl CsvAdapter for MappedRows {
    type Record<'a> = Row<'a>;

    fn decode<'a>(&self, row: &'a Row<'_>) -> Result<Row<'a>, Reason> {
        Ok(*row)
    }

    fn to_events(&self, row: &Row<'_>, out: &mut Out<'_>) -> Result<(), Stop> {
        self.reader.record(&RowFields { row, places: &self.places }, out)?;
        Ok(())
    }
}

/// The columns of a row.
struct RowFields<'r> {
    row: &'r Row<'r>,
    places: &'r [usize],
}

impl Fields for RowFields<'_> {
    fn get(&self, column: ColumnId) -> Result<Option<Value<'_>>, Reason> {
        Ok(self.row.text(Some(self.places[column.0]))?.map(|text| Value::Text(Cow::Borrowed(text))))
    }
}
