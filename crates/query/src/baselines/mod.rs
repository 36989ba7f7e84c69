//! Baselines: KPI values saved over named periods and groupings, with all that went into them (kpi-rules section 6).
//!
//! | file | is |
//! |---|---|
//! | [`schema`] | the columns of the table |
//! | [`windows`] | periods that roll over history, and the weeks in them |
//! | [`conditions`] | definition and settings behind the numbers, and which of them changed |
//! | [`inputs`] | fingerprints of the files behind a window |
//! | [`values`] | the numbers of a KPI over windows |
//! | [`rows`] | rows of the table |
//! | [`store`] | the table in an archive |
//! | [`backfill`] | saving windows, restartable |
//! | [`compare`](mod@compare) | a period held against a baseline |
//!
//! The table lies in the archive's folder `baselines/`, a Delta table with one file a baseline, and in SQL under the same
//! name. It is no cache: what is in it was saved by somebody, and stays when events change, until it is saved again.

mod backfill;
mod compare;
mod conditions;
mod inputs;
mod rows;
mod schema;
mod store;
mod values;
mod windows;

pub use backfill::{Plan, Saved, save};
pub(crate) use compare::beside;
pub use compare::{Against, Compared, against, compare, recent};
pub use inputs::Inputs;
pub use schema::{BASELINE_DIMENSIONS, baselines_schema};
pub use store::Baselines;
pub use windows::{Length, STEPS, Window, day_start, rolling};
