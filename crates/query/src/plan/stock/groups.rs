//! The combinations of dimension values that occur in the answers, numbered.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::HashMap;
use datafusion::error::Result;

use super::column;

/// The combinations of dimension values, numbered as they come; one if there are no dimensions.
pub(super) struct Groups<'a> {
    by: &'a [String],
    converter: Option<RowConverter>,
    numbers: HashMap<OwnedRow, usize>,
    rows: Vec<OwnedRow>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(by: &'a [String]) -> Self {
        Self { by, converter: None, numbers: HashMap::new(), rows: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        if self.by.is_empty() { 1 } else { self.rows.len() }
    }

    /// The group of each row of a batch that has the dimensions among its columns.
    pub(super) fn of(&mut self, batch: &RecordBatch) -> Result<Vec<usize>> {
        if self.by.is_empty() {
            return Ok(vec![0; batch.num_rows()]);
        }
        let columns = self.by.iter().map(|name| column(batch, name).cloned()).collect::<Result<Vec<_>>>()?;
        let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let rows = self.converter.get_or_insert(RowConverter::new(fields)?).convert_columns(&columns)?;
        let mut groups = Vec::with_capacity(batch.num_rows());
        for row in rows.iter() {
            let row = row.owned();
            let next = self.rows.len();
            let group = *self.numbers.entry(row.clone()).or_insert(next);
            if group == next {
                self.rows.push(row);
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// The dimensions of some groups, one array a dimension.
    pub(super) fn columns(&self, groups: &[usize]) -> Result<Vec<ArrayRef>> {
        let Some(converter) = &self.converter else { return Ok(Vec::new()) };
        Ok(converter.convert_rows(groups.iter().map(|&group| self.rows[group].row()))?)
    }
}
