//! Whether two derivations gave the same rows, in whatever order.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
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
    for (name, kept, fresh, kind) in [
        ("message_cells", &kept.message_cells, &fresh.message_cells, Merge::Sum),
        ("contacts", &kept.contacts, &fresh.contacts, Merge::Least),
    ] {
        if merged(kept, kind)? != merged(fresh, kind)? {
            differences.push(format!("{name}: what is kept is not what the events give; remove derived/"));
        }
    }
    Ok(differences)
}

/// How rows of one key, of which there may be any number, make one.
#[derive(Debug, Clone, Copy)]
enum Merge {
    /// Their numbers are added.
    Sum,
    /// The least time counts.
    Least,
}

/// A table with one row a key: 24 to 48 bytes of memory for each.
fn merged(table: &FactTable, kind: Merge) -> Result<BTreeMap<u128, [i64; 3]>, FactsError> {
    let mut all = BTreeMap::new();
    let mut batches = table.read_all()?;
    for batch in batches.drain(..) {
        // Numbers and the least time stand last.
        let numbers = match kind {
            Merge::Sum => 3,
            Merge::Least => 1,
        };
        let keys = hashes(&batch.columns()[..batch.num_columns() - numbers])?;
        let numbers = batch.columns()[batch.num_columns() - numbers..]
            .iter()
            .map(|column| cast(column, &DataType::Int64))
            .collect::<Result<Vec<_>, _>>()?;
        for (row, key) in keys.into_iter().enumerate() {
            let value = |column: usize| numbers.get(column).map_or(0, |c| c.as_primitive::<Int64Type>().value(row));
            let new = [value(0), value(1), value(2)];
            let entry = all.entry(key);
            match kind {
                Merge::Sum => {
                    let sums: &mut [i64; 3] = entry.or_insert([0; 3]);
                    sums.iter_mut().zip(new).for_each(|(sum, n)| *sum += n);
                }
                Merge::Least => {
                    let least: &mut [i64; 3] = entry.or_insert(new);
                    least[0] = least[0].min(new[0]);
                }
            }
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
