//! The sources of a snapshot and how many events each has.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;
use tapemeasure_archive::{Archive, KeyRange, Snapshot, read_run};
use tapemeasure_model::schema::col;

use crate::FactsError;

/// Rows decoded at once.
const BATCH_ROWS: usize = 65_536;

/// Events by source, by name. Reads one column of every file.
///
/// # Errors
/// The events cannot be read.
pub fn sources(archive: &Archive, snapshot: &Snapshot) -> Result<BTreeMap<String, u64>, FactsError> {
    let mut all = BTreeMap::new();
    for batch in read_run(archive, snapshot.files(), &[col::SOURCE], KeyRange::ALL, BATCH_ROWS)? {
        let batch = batch?;
        let column =
            batch.column(0).as_dictionary_opt::<Int32Type>().ok_or(FactsError::Column { column: col::SOURCE })?;
        let names = column.values().as_string_opt::<i32>().ok_or(FactsError::Column { column: col::SOURCE })?;
        let mut counts = vec![0_u64; names.len()];
        for &key in column.keys().values() {
            counts[key as usize] += 1;
        }
        for (name, n) in names.iter().zip(counts) {
            if let (Some(name), 1..) = (name, n) {
                *all.entry(name.to_owned()).or_default() += n;
            }
        }
    }
    Ok(all)
}
