//! Values as text for people.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

/// How null is shown where a person looks on.
const NULL: &str = "–";

/// The texts of the columns of a batch.
pub struct Cells<'a> {
    columns: Vec<(ArrayFormatter<'a>, &'a dyn Array)>,
}

impl<'a> Cells<'a> {
    /// Texts of a batch: instants as RFC 3339, null as an empty text.
    ///
    /// # Errors
    /// A column has a type that has no text.
    pub fn new(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let options = FormatOptions::new()
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
            .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.fZ"));
        let columns = batch
            .columns()
            .iter()
            .map(|column| Ok((ArrayFormatter::try_new(column.as_ref(), &options)?, column.as_ref())))
            .collect::<Result<_, ArrowError>>()?;
        Ok(Self { columns })
    }

    /// The text of a value; `None` for null.
    pub fn text(&self, column: usize, row: usize) -> Option<String> {
        let (formatter, array) = &self.columns[column];
        array.is_valid(row).then(|| formatter.value(row).to_string())
    }
}

/// Whether a column is set to the right: numbers.
fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

/// Rows as a table with lines. Nothing is cut: a row that is wider than the terminal is as wide as it is.
///
/// # Errors
/// A column has a type that has no text.
pub fn text_table(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<String, ArrowError> {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    let align: Vec<CellAlignment> = schema
        .fields()
        .iter()
        .map(|f| if is_number(f.data_type()) { CellAlignment::Right } else { CellAlignment::Left })
        .collect();
    table.set_header(schema.fields().iter().zip(&align).map(|(f, &a)| Cell::new(f.name()).set_alignment(a)));
    for batch in batches {
        let cells = Cells::new(batch)?;
        for row in 0..batch.num_rows() {
            table.add_row((0..batch.num_columns()).map(|column| {
                Cell::new(cells.text(column, row).unwrap_or_else(|| NULL.to_owned())).set_alignment(align[column])
            }));
        }
    }
    Ok(table.to_string())
}

/// A size for people: `812 B`, `3.4 MiB`.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while size >= 1_024.0 && unit + 1 < UNITS.len() {
        size /= 1_024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(human_bytes(812), "812 B");
        assert_eq!(human_bytes(1_536), "1.5 KiB");
        assert_eq!(human_bytes(3_565_158), "3.4 MiB");
        assert_eq!(human_bytes(5 << 50), "5120.0 TiB");
    }
}
