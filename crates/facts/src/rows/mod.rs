//! What a walk puts out for a period, row by row, and the same as columns.
//!
//! | file | is |
//! |---|---|
//! | [`store`] | rows as they come, small and fixed, their texts in one place |
//! | [`columns`] | columns that are filled one row at a time |
//! | [`tables`] | rows of all walks in their order of time, as batches of each table |

pub(crate) mod columns;
pub(crate) mod store;
pub(crate) mod tables;

pub(crate) use store::Rows;
pub(crate) use tables::batches;
