//! Writing and reading runs: the sorted events of one period, cut into files by ranges of `conversation_key`.
//!
//! | file | is |
//! |---|---|
//! | `writer.rs` | [`RunWriter`]: sorted batches to files, every row checked |
//! | `reader.rs` | [`RunReader`]: a range of keys of a run, as batches |
//! | `chunks.rs` | the bytes of one row group, read ahead of decoding |
//! | `order.rs` | the sort key, in a batch and on its own |
//! | `range.rs` | [`KeyRange`]: equal shares of the keys |

mod chunks;
mod order;
mod range;
mod reader;
mod writer;

pub(crate) use order::{SortColumns, SortKey, Text};
pub use range::KeyRange;
pub(crate) use reader::open_parquet;
pub use reader::{RunReader, read_run};
pub use writer::{RunOptions, RunWriter};

#[cfg(test)]
mod tests;
