//! Values of a KPI's rows by name.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};

/// The rows of one KPI. A value that is null, or of a column that is not there, is `None`.
pub struct Rows {
    batch: RecordBatch,
}

impl Rows {
    /// The rows of a batch.
    pub fn new(batch: RecordBatch) -> Self {
        Self { batch }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether a column holds whole numbers.
    pub fn is_whole(&self, column: &str) -> bool {
        self.batch.column_by_name(column).is_some_and(|column| column.data_type().is_integer())
    }

    /// The numbers of a column.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        let column = self.column(column, &DataType::Float64);
        let values = column.as_ref().and_then(|column| column.as_primitive_opt::<Float64Type>());
        values.map_or_else(|| vec![None; self.len()], |values| values.iter().collect())
    }

    /// The counts of a column; 0 for none.
    pub fn counts(&self, column: &str) -> Vec<u64> {
        let column = self.column(column, &DataType::UInt64);
        let values = column.as_ref().and_then(|column| column.as_primitive_opt::<UInt64Type>());
        values.map_or_else(|| vec![0; self.len()], |values| values.iter().map(|n| n.unwrap_or(0)).collect())
    }

    /// The instants of a column, microseconds since 1970 UTC.
    pub fn instants(&self, column: &str) -> Vec<Option<i64>> {
        let column = self.column(column, &DataType::Int64);
        let values = column.as_ref().and_then(|column| column.as_primitive_opt::<Int64Type>());
        values.map_or_else(|| vec![None; self.len()], |values| values.iter().collect())
    }

    /// The texts of a column.
    pub fn texts(&self, column: &str) -> Vec<Option<String>> {
        let column = self.column(column, &DataType::Utf8);
        let values = column.as_ref().and_then(|column| column.as_string_opt::<i32>());
        values.map_or_else(
            || vec![None; self.len()],
            |values| values.iter().map(|text| text.map(str::to_owned)).collect(),
        )
    }

    /// The answers to yes or no of a column; no for none.
    pub fn flags(&self, column: &str) -> Vec<bool> {
        let values = self.batch.column_by_name(column).and_then(|column| column.as_boolean_opt());
        values.map_or_else(|| vec![false; self.len()], |values| values.iter().map(|v| v == Some(true)).collect())
    }

    /// The number of a row.
    pub fn number(&self, column: &str, row: usize) -> Option<f64> {
        self.numbers(column).get(row).copied().flatten()
    }

    /// The count of a row; 0 for none.
    pub fn count(&self, column: &str, row: usize) -> u64 {
        self.counts(column).get(row).copied().unwrap_or(0)
    }

    /// The text of a row.
    pub fn text(&self, column: &str, row: usize) -> Option<String> {
        self.texts(column).into_iter().nth(row).flatten()
    }

    /// The yes or no of a row; no for none.
    pub fn flag(&self, column: &str, row: usize) -> bool {
        self.flags(column).get(row).copied().unwrap_or(false)
    }

    /// The rows by the text of a column; of equal ones the last.
    pub fn by_text(&self, column: &str) -> HashMap<Option<String>, usize> {
        self.texts(column).into_iter().enumerate().map(|(row, text)| (text, row)).collect()
    }

    /// The rows by weekday and hour; those without either are left out.
    pub fn by_hour_of_week(&self) -> HashMap<(i32, i32), usize> {
        let days = self.instants("day_of_week");
        let hours = self.instants("hour_of_day");
        let place =
            |(day, hour): (Option<i64>, Option<i64>)| Some((i32::try_from(day?).ok()?, i32::try_from(hour?).ok()?));
        days.into_iter().zip(hours).enumerate().filter_map(|(row, both)| Some((place(both)?, row))).collect()
    }

    fn column(&self, name: &str, data_type: &DataType) -> Option<ArrayRef> {
        cast(self.batch.column_by_name(name)?, data_type).ok()
    }
}
