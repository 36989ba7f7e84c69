//! Whether the rows are the cell: what they add up to, held against what the KPI says.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use arrow::util::display::array_value_to_string;
use datafusion::common::cast::as_int64_array;
use datafusion::common::internal_datafusion_err;
use datafusion::error::{DataFusionError, Result as EngineResult};

use super::result::{CellValue, ClockTotals, DrillTotals, LeftOut, Listed};
use super::rows::{checked, is_over_window, left_out};
use crate::definitions::{Definition, Expression, Selection, is_derived};
use crate::error::QueryError;

/// How far two sums of the same numbers in another order may lie apart.
const RELATIVE: f64 = 1e-9;

/// What the rows of a cell add up to, and what the KPI says of all its cells.
pub(super) struct Found<'a> {
    pub(super) definition: &'a Definition,
    pub(super) measures: &'a Selection<'a>,
    /// One row.
    pub(super) sums: &'a RecordBatch,
    /// The rows of the KPI, by the dimensions of the cell.
    pub(super) answer: &'a RecordBatch,
    pub(super) cell: &'a [(String, Option<String>)],
}

impl Found<'_> {
    /// The totals.
    ///
    /// # Errors
    /// [`QueryError::DrillMismatch`] if a measure of the cell is another than that of its rows.
    pub(super) fn totals(&self, listed: Listed, limit: u64) -> Result<DrillTotals, QueryError> {
        let doing = QueryError::while_doing("holding rows against their cell");
        let rows = self.count("drill_rows").map_err(&doing)?;
        let row = self.row_of_cell().map_err(&doing)?;
        let mut cell = Vec::new();
        for measure in checked(self.measures) {
            let own = self.column(self.sums, &measure.name).map_err(&doing)?;
            let value = text(own, 0).map_err(&doing)?;
            if let Some(row) = row {
                let theirs = self.column(self.answer, &measure.name).map_err(&doing)?;
                if !same(own, 0, theirs, row).map_err(&doing)? {
                    let said = text(theirs, row).map_err(&doing)?;
                    return Err(self.mismatch(&measure.name, value, said));
                }
            }
            cell.push(CellValue { measure: measure.name.clone(), value });
        }
        // A cell that the KPI does not have is one without rows.
        if row.is_none() && rows > 0 {
            return Err(self.mismatch("rows", Some(rows.to_string()), None));
        }
        let clock = match listed {
            Listed::Waits => Some(self.clock("waits", "wait_us").map_err(&doing)?),
            Listed::Sessions => Some(self.clock("sessions", "resolution_us").map_err(&doing)?),
            _ => None,
        };
        if let Some(clock) = &clock
            && let Some(name) = &clock.mean_measure
            && let Some(said) = cell.iter().find(|value| value.measure == *name)
        {
            let mean = clock.mean_s();
            let same = match (mean, said.value.as_ref().and_then(|text| text.parse::<f64>().ok())) {
                (Some(own), Some(theirs)) => near(own, theirs),
                (own, theirs) => own.is_none() && theirs.is_none(),
            };
            if !same {
                return Err(self.mismatch(name, mean.map(|mean| mean.to_string()), said.value.clone()));
            }
        }
        let messages = match listed {
            Listed::Conversations => Some(self.count("drill_messages").map_err(&doing)?),
            _ => None,
        };
        let others = self.measures.shown().filter(|measure| is_over_window(measure));
        let over_windows = others.map(|measure| measure.name.clone()).collect();
        Ok(DrillTotals { listed, rows, shown: rows.min(limit), messages, clock, cell, over_windows })
    }

    /// The row of the answer that is the cell; none if nothing happened in it.
    fn row_of_cell(&self) -> EngineResult<Option<usize>> {
        let columns =
            self.cell.iter().map(|(name, _)| self.column(self.answer, name)).collect::<EngineResult<Vec<_>>>()?;
        // Weekdays and hours are written as the KPI writes them, whatever the request says: 7, not 07.
        let as_written = |(dimension, value): &(String, Option<String>)| match value {
            Some(value) if is_derived(dimension) => value.trim().parse::<i32>().ok().map(|number| number.to_string()),
            value => value.clone(),
        };
        let wanted: Vec<Option<String>> = self.cell.iter().map(as_written).collect();
        'rows: for row in 0..self.answer.num_rows() {
            for (column, value) in columns.iter().zip(&wanted) {
                if text(column, row)? != *value {
                    continue 'rows;
                }
            }
            return Ok(Some(row));
        }
        Ok(None)
    }

    fn clock(&self, table: &str, length: &str) -> EngineResult<ClockTotals> {
        let (sum_s, rest_us) = (self.sum("drill_sum_s")?, self.sum("drill_sum_rest_us")?);
        let reasons = left_out(table).iter().enumerate();
        let left_out = reasons
            .map(|(place, (reason, _))| {
                let rows = self.count(&format!("drill_left_out_{place}"))?;
                Ok(LeftOut { reason: (*reason).to_owned(), rows })
            })
            .collect::<EngineResult<Vec<_>>>()?;
        // The measure that says what the sum over n is.
        let mean = format!("mean_s({length})");
        let is_mean = |sql: &str| sql.trim() == mean;
        let measure = self.definition.visible().find(|measure| match &measure.expression {
            Expression::Aggregate(sql) => is_mean(sql),
            Expression::Row(_) | Expression::Contacts(_) | Expression::OfKpi(_) => false,
        });
        Ok(ClockTotals {
            counted: self.count("drill_counted")?,
            sum_us: i128::from(sum_s) * 1_000_000 + i128::from(rest_us),
            mean_measure: measure.map(|measure| measure.name.clone()),
            left_out,
        })
    }

    fn mismatch(&self, measure: &str, rows: Option<String>, cell: Option<String>) -> QueryError {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
        QueryError::DrillMismatch {
            kpi: self.definition.name.clone(),
            measure: measure.to_owned(),
            rows: shown(rows),
            cell: shown(cell),
        }
    }

    fn column<'b>(&self, batch: &'b RecordBatch, name: &str) -> EngineResult<&'b ArrayRef> {
        batch.column_by_name(name).ok_or_else(|| missing(name))
    }

    fn count(&self, name: &str) -> EngineResult<u64> {
        Ok(self.sum(name)?.unsigned_abs())
    }

    /// A sum of the one row; of no rows it is 0.
    fn sum(&self, name: &str) -> EngineResult<i64> {
        let column = as_int64_array(self.column(self.sums, name)?)?;
        Ok(if column.is_empty() || column.is_null(0) { 0 } else { column.value(0) })
    }
}

/// Whether two values are the same: numbers with a fraction to 1e-9, all others letter for letter.
fn same(a: &ArrayRef, row_a: usize, b: &ArrayRef, row_b: usize) -> EngineResult<bool> {
    if a.is_null(row_a) || b.is_null(row_b) {
        return Ok(a.is_null(row_a) == b.is_null(row_b));
    }
    if let (Some(a), Some(b)) = (a.as_primitive_opt::<Float64Type>(), b.as_primitive_opt::<Float64Type>()) {
        return Ok(near(a.value(row_a), b.value(row_b)));
    }
    Ok(text(a, row_a)? == text(b, row_b)?)
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= RELATIVE * a.abs().max(b.abs())
}

/// A value as text; `None` for null.
fn text(column: &ArrayRef, row: usize) -> EngineResult<Option<String>> {
    if column.is_null(row) { Ok(None) } else { Ok(Some(array_value_to_string(column, row)?)) }
}

fn missing(name: &str) -> DataFusionError {
    internal_datafusion_err!("no column {name} among the totals of a cell")
}
