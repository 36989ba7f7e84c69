//! Values of a KPI's rows by name.

use arrow::array::AsArray;
use arrow::array::{Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, UInt64Type};

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

    /// A number.
    pub fn number(&self, column: &str, row: usize) -> Option<f64> {
        let column = cast(self.batch.column_by_name(column)?, &DataType::Float64).ok()?;
        let values = column.as_primitive_opt::<Float64Type>()?;
        (row < values.len() && values.is_valid(row)).then(|| values.value(row))
    }

    /// A count; 0 for none.
    pub fn count(&self, column: &str, row: usize) -> u64 {
        let find = || {
            let column = cast(self.batch.column_by_name(column)?, &DataType::UInt64).ok()?;
            let values = column.as_primitive_opt::<UInt64Type>()?;
            (row < values.len() && values.is_valid(row)).then(|| values.value(row))
        };
        find().unwrap_or(0)
    }

    /// A text.
    pub fn text(&self, column: &str, row: usize) -> Option<String> {
        let column = cast(self.batch.column_by_name(column)?, &DataType::Utf8).ok()?;
        let values = column.as_string_opt::<i32>()?;
        (row < values.len() && values.is_valid(row)).then(|| values.value(row).to_owned())
    }

    /// A yes or no; no for none.
    pub fn flag(&self, column: &str, row: usize) -> bool {
        let find = || {
            let values = self.batch.column_by_name(column)?.as_boolean_opt()?;
            (row < values.len() && values.is_valid(row)).then(|| values.value(row))
        };
        find().unwrap_or(false)
    }

    /// The row with this text in a column.
    pub fn find(&self, column: &str, text: Option<&str>) -> Option<usize> {
        (0..self.len()).find(|&row| self.text(column, row).as_deref() == text)
    }
}
