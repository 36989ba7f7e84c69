//! Results on a terminal: printed where they fit, else in pages, folded, or shortened, which is said.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use tapemeasure_report::quantity::count;
use unicode_width::UnicodeWidthStr;

use super::held::Held;
use super::look::Look;
use super::pager::Pager;
use crate::commands::{note, print};
use crate::failure::Failure;
use crate::output::{Format, Part, table_of_parts, write_batches};

/// Rows up to which a result is turned in pages: more are no reading.
pub const PAGED_ROWS: u64 = 10_000;

/// Narrowest column that is still readable when a table is folded, lines included.
const FOLDED_COLUMN: usize = 10;

/// The size of the terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    columns: usize,
    lines: usize,
}

impl Size {
    /// That of the terminal; a common one where it does not say.
    fn of_terminal() -> Self {
        match terminal_size::terminal_size() {
            Some((width, height)) if width.0 > 0 && height.0 > 0 => {
                Self { columns: usize::from(width.0), lines: usize::from(height.0) }
            }
            _ => Self { columns: 80, lines: 24 },
        }
    }

    fn is_wide_enough(self, text: &str) -> bool {
        text.lines().all(|line| UnicodeWidthStr::width(line) <= self.columns)
    }

    /// Whether a text can be seen whole, with the prompt below it.
    fn holds(self, text: &str) -> bool {
        text.lines().count() + 2 <= self.lines && self.is_wide_enough(text)
    }
}

/// Shows a table.
///
/// # Errors
/// A column has a type that has no text, or standard output cannot be written.
pub fn table(schema: &SchemaRef, held: &Held, look: &Look) -> Result<(), Failure> {
    let size = Size::of_terminal();
    let few = look.rows.is_none_or(|most| held.rows() <= most as u64);
    let pages = held.rows() <= PAGED_ROWS && look.pager != Pager::Off;
    match held.all() {
        Some(all) if few || pages => {
            let text = lines(schema, &[all], None)?;
            if size.holds(&text) || (few && look.pager == Pager::Off && size.is_wide_enough(&text)) {
                print(&text)
            } else if look.pager != Pager::Off {
                look.pager.show(&text)
            } else {
                print(&folded(schema, all, size)?)
            }
        }
        _ => {
            let most = look.rows.unwrap_or(usize::MAX);
            let (head, tail) = held.ends(most.div_ceil(2));
            let shown: usize = head.iter().chain(&tail).map(RecordBatch::num_rows).sum();
            print(&lines(schema, &[&head, &tail], None)?)?;
            let write = if look.shell { "\\o FILE writes all, \\rows N shows more" } else { "-o FILE writes all" };
            note(&format!("{} of {} rows shown; {write}", count(shown as u64), count(held.rows())));
            Ok(())
        }
    }
}

/// Shows a short list, folded to the width of the terminal.
///
/// # Errors
/// As [`table`].
pub fn list(schema: &SchemaRef, rows: &[RecordBatch]) -> Result<(), Failure> {
    let size = Size::of_terminal();
    let text = lines(schema, &[rows], None)?;
    print(&if size.is_wide_enough(&text) { text } else { folded(schema, rows, size)? })
}

/// Shows rows in a format other than a table, all of them.
///
/// # Errors
/// The format cannot hold the columns, or standard output not be written.
pub fn text(format: Format, schema: &SchemaRef, rows: &[RecordBatch], look: &Look) -> Result<(), Failure> {
    let text = written(format, schema, rows)?;
    if Size::of_terminal().holds(&text) { print(&text) } else { look.pager.show(&text) }
}

/// A table no wider than the terminal; of columns that would be too narrow for that one line a value.
fn folded(schema: &SchemaRef, rows: &[RecordBatch], size: Size) -> Result<String, Failure> {
    if rows.iter().all(|batch| batch.num_rows() == 0) {
        // Without rows there is nothing but the names of the columns, which the terminal folds.
        return lines(schema, &[rows], None);
    }
    if schema.fields().len() * FOLDED_COLUMN > size.columns {
        return written(Format::Vertical, schema, rows);
    }
    lines(schema, &[rows], Some(u16::try_from(size.columns).unwrap_or(u16::MAX)))
}

fn lines(schema: &SchemaRef, parts: &[&[RecordBatch]], width: Option<u16>) -> Result<String, Failure> {
    let table = table_of_parts(schema, parts, width).map_err(unprintable)?;
    Ok(table + "\n")
}

fn written(format: Format, schema: &SchemaRef, rows: &[RecordBatch]) -> Result<String, Failure> {
    let part = Part::default();
    write_batches(format, part.open(), SchemaRef::clone(schema), rows)?;
    Ok(String::from_utf8_lossy(&part.take()).into_owned())
}

fn unprintable(error: ArrowError) -> Failure {
    Failure::failed(format!("cannot show the result: {error}; try another format"), error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    fn rows(columns: &[&str], value: &str) -> RecordBatch {
        let values: ArrayRef = Arc::new(StringArray::from(vec![value]));
        RecordBatch::try_from_iter(columns.iter().map(|&name| (name, Arc::clone(&values)))).unwrap()
    }

    #[test]
    fn a_text_fits_with_the_prompt_below_it() {
        let size = Size { columns: 4, lines: 5 };
        assert!(size.holds("abcd\nb\nc\n"));
        assert!(!size.holds("a\nb\nc\nd\n"));
        assert!(!size.holds("abcde\n"));
        assert!(size.holds("äöüß\n"));
        assert!(size.holds("日本\n") && !size.holds("日本語\n"));
    }

    #[test]
    fn what_is_too_wide_is_folded_or_one_line_a_value_and_whole() {
        let size = Size { columns: 40, lines: 24 };
        let long = "one two three four five six seven eight nine ten";
        let batch = rows(&["a", "b"], long);
        let text = folded(&batch.schema(), std::slice::from_ref(&batch), size).unwrap();
        assert!(size.is_wide_enough(&text), "{text}");
        assert!(long.split(' ').all(|word| text.matches(word).count() == 2), "{text}");
        let names = ["a", "b", "c", "d", "e"];
        let batch = rows(&names, long);
        let text = folded(&batch.schema(), std::slice::from_ref(&batch), size).unwrap();
        assert_eq!(text.lines().count(), 6);
        assert_eq!(text.matches(long).count(), 5);
    }
}
