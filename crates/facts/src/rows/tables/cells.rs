//! Columns of cells.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::{BATCH_ROWS, Dictionaries, Share};
use crate::rows::columns::{instants, numbers};
use crate::rows::store::CELL_US;
use crate::schema::cells_schema;

/// Cells of all walks, sorted by their start, source and channel.
pub(super) fn cells<E: From<ArrowError>>(
    texts: &Dictionaries,
    shares: &[Share],
    mut each: impl FnMut(RecordBatch) -> Result<(), E>,
) -> Result<(u64, Option<(i64, i64)>), E> {
    let mut all: Vec<_> = shares
        .iter()
        .enumerate()
        .flat_map(|(walk, (rows, _))| rows.cells.iter().map(move |(cell, counts)| (walk, cell, counts)))
        .collect();
    all.sort_unstable_by_key(|(walk, cell, _)| (cell.idx, *walk, cell.source, cell.channel));
    for part in all.chunks(BATCH_ROWS) {
        let n = part.len();
        let (mut source, mut channel) = (texts.source.column(n), texts.channel.column(n));
        for (walk, cell, _) in part {
            source.push(*walk, cell.source);
            channel.push(*walk, cell.channel);
        }
        let count = |kind: usize| numbers(part.iter().map(|(_, _, counts)| counts[kind]).collect());
        let starts = instants(part.iter().map(|(_, cell, _)| cell.idx * CELL_US).collect());
        let columns = vec![starts, source.finish(), channel.finish(), count(0), count(1), count(2)];
        each(RecordBatch::try_new(cells_schema(), columns)?)?;
    }
    let bounds = all.first().zip(all.last()).map(|(first, last)| (first.1.idx * CELL_US, last.1.idx * CELL_US));
    Ok((all.len() as u64, bounds))
}
