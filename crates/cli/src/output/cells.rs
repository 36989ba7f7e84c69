//! Values as text for people.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

/// How null is shown where a person looks on.
const NULL: &str = "–";

/// Digits of a number with a fraction where a person looks on; those before the point are all shown.
const DIGITS: i32 = 6;

/// The texts of the columns of a batch.
pub struct Cells<'a> {
    columns: Vec<(ArrayFormatter<'a>, &'a dyn Array)>,
    /// Whether numbers with a fraction are rounded.
    rounded: bool,
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
        Ok(Self { columns, rounded: false })
    }

    /// [`new`](Self::new), with numbers that have a fraction rounded to six digits: for people, who compare them by eye.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_people(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self { rounded: true, ..Self::new(batch)? })
    }

    /// The text of a value; `None` for null.
    pub fn text(&self, column: usize, row: usize) -> Option<String> {
        let (formatter, array) = &self.columns[column];
        if array.is_null(row) {
            return None;
        }
        let text = formatter.value(row).to_string();
        let number = array.as_primitive_opt::<Float64Type>().filter(|_| self.rounded).map(|values| values.value(row));
        // Rounding that makes no number shorter would only make it another one.
        let short = number.and_then(rounded).filter(|short| short.len() < text.len());
        Some(short.unwrap_or(text))
    }
}

/// A number with six digits, or with all those before its point; `None` where another form says more.
fn rounded(number: f64) -> Option<String> {
    let size = number.abs();
    if !(1e-4..1e15).contains(&size) {
        return None;
    }
    let before_point = size.log10().floor() as i32 + 1;
    let decimals = usize::try_from(DIGITS - before_point).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    let trimmed = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text.as_str() };
    Some(trimmed.to_owned())
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
    table_of_parts(schema, &[batches], None)
}

/// Rows as a table with lines, in parts with a row of dots between them where rows were left out. With a width, cells are
/// folded until the table is no wider, if that can be.
///
/// # Errors
/// A column has a type that has no text.
pub fn table_of_parts(schema: &SchemaRef, parts: &[&[RecordBatch]], width: Option<u16>) -> Result<String, ArrowError> {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    let align: Vec<CellAlignment> = schema
        .fields()
        .iter()
        .map(|f| if is_number(f.data_type()) { CellAlignment::Right } else { CellAlignment::Left })
        .collect();
    table.set_header(schema.fields().iter().zip(&align).map(|(f, &a)| Cell::new(f.name()).set_alignment(a)));
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            table.add_row(align.iter().map(|&a| Cell::new("⋮").set_alignment(a)));
        }
        for batch in *part {
            let cells = Cells::for_people(batch)?;
            for row in 0..batch.num_rows() {
                table.add_row((0..batch.num_columns()).map(|column| {
                    Cell::new(cells.text(column, row).unwrap_or_else(|| NULL.to_owned())).set_alignment(align[column])
                }));
            }
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
    fn people_see_six_digits() {
        let numbers = [
            (12_345.678_901_234_5, Some("12345.7")),
            (1_234_567.891, Some("1234568")),
            (-0.123_456_789, Some("-0.123457")),
            (0.001_234_567, Some("0.00123457")),
            (600.0, Some("600")),
            (99.999_999_9, Some("100")),
            (0.0, None),
            (1e-9, None),
            (1e300, None),
            (f64::NAN, None),
        ];
        for (number, text) in numbers {
            assert_eq!(rounded(number).as_deref(), text, "{number}");
        }
        let values = std::sync::Arc::new(arrow::array::Float64Array::from(vec![Some(1.0 / 3.0), Some(0.5), None]));
        let batch = RecordBatch::try_from_iter([("mean_s", values as arrow::array::ArrayRef)]).unwrap();
        let texts = |cells: Cells<'_>| (0..3).map(|row| cells.text(0, row)).collect::<Vec<_>>();
        let third = Some("0.333333".to_owned());
        assert_eq!(texts(Cells::for_people(&batch).unwrap()), [third, Some("0.5".to_owned()), None]);
        assert_eq!(texts(Cells::new(&batch).unwrap())[0].as_deref(), Some("0.3333333333333333"));
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(human_bytes(812), "812 B");
        assert_eq!(human_bytes(1_536), "1.5 KiB");
        assert_eq!(human_bytes(3_565_158), "3.4 MiB");
        assert_eq!(human_bytes(5 << 50), "5120.0 TiB");
    }
}
