//! KPI definitions as SQL over facts, on DataFusion.
//!
//! The one crate that knows DataFusion. An [`Engine`] holds one snapshot of one archive as of one instant; it answers
//! SQL, and requests for KPIs, which it turns into SQL first.
//!
//! | module | is |
//! |---|---|
//! | [`engine`] | a snapshot, ready to be asked |
//! | [`compare`] | a KPI held against an earlier time, its target, a baseline, another group |
//! | [`definitions`] | what the KPIs are: TOML, built in and the user's own |
//! | [`plan`] | from a definition and a request to numbers |
//! | [`drill`] | the conversations of a cell, with the events that started and stopped each clock |
//! | [`explain`] | what a KPI says, from which rows, by which SQL |
//! | `tables` | events, messages, waits, sessions, subscriptions, rollups |
//! | `functions` | scalar functions: local time, instants, targets |
//! | `aggregates` | aggregate functions: exact means and percentiles, distinct pairs, the longest span |
//! | `kpis` | what an engine and `kpi(...)` in SQL share |
//! | `relations` | KPIs as tables: `kpi(...)`, views `kpi_<name>` |
//! | `loaded` | rows of facts in memory, for many questions about one period |
//! | [`baselines`] | saved KPI values: windows, backfills, what is held against them |
//! | [`verdict`] | the usual range of weekly values, and what lies outside it |
//! | [`catalog`] | what a query can name: tables, columns, functions |
//! | [`complaint`] | what is wrong with a user's query, and where |
//! | `cooperation` | joins that let others have their turn |
//! | [`last`] | the last result as the table `_` |
//! | `params`, [`stream`] | values of parameters going in, rows coming out |
//! | [`nearest`](mod@nearest) | the name that was meant |
//! | [`error`] | what can go wrong, by whose fault it is |

mod aggregates;
pub mod baselines;
pub mod catalog;
pub mod compare;
pub mod complaint;
mod cooperation;
pub mod definitions;
pub mod drill;
pub mod engine;
pub mod error;
pub mod explain;
mod functions;
mod kpis;
pub mod last;
mod loaded;
pub mod nearest;
mod params;
pub mod plan;
mod relations;
pub mod stream;
mod tables;
#[cfg(test)]
mod testing;
pub mod verdict;

pub use catalog::Catalog;
pub use compare::Comparison;
pub use definitions::{Better, DIMENSIONS, Definition, Definitions, Empty, Expression, Kind, Measure, Rollup};
pub use drill::{DrillOrder, DrillRequest, DrillResult, DrillTotals};
pub use engine::{Engine, EngineOptions};
pub use error::QueryError;
pub use explain::Explanation;
pub use nearest::{Meant, nearest};
pub use plan::{Hours, KpiRequest, KpiResult};
pub use stream::{Reading, ResultStream};
pub use verdict::Verdict;
