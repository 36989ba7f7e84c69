//! Whether two derivations gave the same rows, in whatever order.

use std::hash::{DefaultHasher, Hasher};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};

use crate::FactsError;
use crate::derive::files::read_parquet;
use crate::derive::{FactTable, Facts};

/// Rows as a multiset: their number and the sum of their hashes. Two sets that differ agree in it with a chance of
/// about one in 2^128.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rows {
    n: u64,
    sum: u128,
}

/// What differs between two derivations of one snapshot: a line a table, none where they are the same.
///
/// # Errors
/// A file cannot be read.
pub fn compare(kept: &Facts, fresh: &Facts) -> Result<Vec<String>, FactsError> {
    let tables = [
        ("waits", &kept.waits, &fresh.waits),
        ("sessions", &kept.sessions, &fresh.sessions),
        ("subscriptions", &kept.subscriptions, &fresh.subscriptions),
    ];
    let mut differences = Vec::new();
    for (name, kept, fresh) in tables {
        let (kept, fresh) = (rows_of(kept)?, rows_of(fresh)?);
        if kept != fresh {
            differences.push(format!(
                "{name}: the {} rows that are kept are not the {} rows that the events give; remove derived/",
                kept.n, fresh.n
            ));
        }
    }
    Ok(differences)
}

fn rows_of(table: &FactTable) -> Result<Rows, FactsError> {
    let columns = |source| FactsError::Columns { period: "the facts".to_owned(), source };
    let mut rows = Rows::default();
    for file in &table.files {
        add(&mut rows, &read_parquet(&file.path, table.schema.clone())?).map_err(columns)?;
    }
    for batch in &table.open {
        add(&mut rows, batch).map_err(columns)?;
    }
    Ok(rows)
}

fn add(rows: &mut Rows, batch: &RecordBatch) -> Result<(), ArrowError> {
    let fields = batch.columns().iter().map(|c| SortField::new(c.data_type().clone())).collect();
    let converter = RowConverter::new(fields)?;
    for row in &converter.convert_columns(batch.columns())? {
        let half = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(seed);
            hasher.write(row.as_ref());
            u128::from(hasher.finish())
        };
        rows.n += 1;
        rows.sum = rows.sum.wrapping_add(half(0) << 64 | half(1));
    }
    Ok(())
}
