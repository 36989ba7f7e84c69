//! Whether two derivations gave the same rows, in whatever order.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
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
        ("contacts", &kept.contacts, &fresh.contacts),
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
    if cells(&kept.message_cells)? != cells(&fresh.message_cells)? {
        differences.push("message_cells: what is kept is not what the events give; remove derived/".to_owned());
    }
    Ok(differences)
}

/// The counts of each cell, which may have any number of rows: 48 bytes of memory for each.
fn cells(table: &FactTable) -> Result<BTreeMap<u128, [i64; 3]>, FactsError> {
    let mut all: BTreeMap<u128, [i64; 3]> = BTreeMap::new();
    for batch in table.read_all()? {
        // Counts stand last.
        let (keys, counts) = batch.columns().split_at(batch.num_columns() - 3);
        for (row, key) in hashes(keys)?.into_iter().enumerate() {
            let sums = all.entry(key).or_insert([0; 3]);
            sums.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n.as_primitive::<Int64Type>().value(row));
        }
    }
    Ok(all)
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
    for hash in hashes(batch.columns())? {
        rows.n += 1;
        rows.sum = rows.sum.wrapping_add(hash);
    }
    Ok(())
}

/// A hash of 128 bits for each row.
fn hashes(columns: &[ArrayRef]) -> Result<Vec<u128>, ArrowError> {
    let fields = columns.iter().map(|c| SortField::new(c.data_type().clone())).collect();
    let rows = RowConverter::new(fields)?.convert_columns(columns)?;
    Ok(rows
        .iter()
        .map(|row| {
            let half = |seed: u8| {
                let mut hasher = DefaultHasher::new();
                hasher.write_u8(seed);
                hasher.write(row.as_ref());
                u128::from(hasher.finish())
            };
            half(0) << 64 | half(1)
        })
        .collect())
}
