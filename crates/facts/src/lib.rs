//! The fold: sorted events to waits, sessions and subscriptions.
//!
//! | folder or file | is |
//! |---|---|
//! | [`fold`] | the rules as a state machine over one conversation at a time (kpi-rules S, W, D, F) |
//! | `rows` | what a walk puts out: columns that are filled row by row |
//! | `carry` | what is still open at the end of a period |
//! | `extract` | the `deleted` events of a file |
//! | [`deletions`] | which events never happened (E3) |
//! | `subscriptions` | who opted out where and when (U1) |
//! | `hits` | which deletions may have hit which file |
//! | [`derive`](mod@derive) | from a snapshot to facts: names, reuse, parallel ranges, files |
//! | `compare` | whether two derivations gave the same rows |
//! | `sources` | events by source |
//!
//! Facts are a pure function of a snapshot's events, the settings' rules, the as-of time and [`FOLD_VERSION`]. They
//! are kept as files named by a fingerprint of those; a missing file is derived again, and none is ever changed.

mod carry;
mod compare;
pub mod deletions;
pub mod derive;
mod error;
mod extract;
pub mod fold;
mod hits;
mod intern;
mod rows;
pub mod schema;
mod sources;
mod subscriptions;

pub use compare::compare;
pub use deletions::DeletedIds;
pub use derive::{DeriveOptions, FactFile, FactTable, Facts, derive, freshness, stale};
pub use error::FactsError;
pub use sources::sources;

/// Part of every derived file's name. To be raised whenever the fold gives other rows for the same
/// events, or lays them out in other columns or files.
pub const FOLD_VERSION: u32 = 3;
