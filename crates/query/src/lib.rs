//! KPI definitions as SQL over facts, on DataFusion.
//!
//! The one crate that knows DataFusion. An [`Engine`] holds one snapshot of one archive as of one instant; it answers
//! SQL, and requests for KPIs, which it turns into SQL first.
//!
//! | module | is |
//! |---|---|
//! | [`engine`] | a snapshot, ready to be asked |
//! | [`definitions`] | what the KPIs are: TOML, built in and the user's own |
//! | [`plan`] | from a definition and a request to numbers |
//! | `tables` | events, messages, waits, sessions, subscriptions, rollups |
//! | `functions` | scalar functions: local time, instants, targets |
//! | `aggregates` | aggregate functions: exact means and percentiles, distinct pairs, the longest span |
//! | `loaded` | rows of facts in memory, for many questions about one period |
//! | `params`, [`stream`] | values of parameters going in, rows coming out |
//! | [`nearest`](mod@nearest) | the name that was meant |
//! | [`error`] | what can go wrong, by whose fault it is |

mod aggregates;
pub mod definitions;
pub mod engine;
pub mod error;
mod functions;
mod loaded;
pub mod nearest;
mod params;
pub mod plan;
pub mod stream;
mod tables;
#[cfg(test)]
mod testing;

pub use definitions::{Better, DIMENSIONS, Definition, Definitions, Empty, Expression, Kind, Measure, Rollup};
pub use engine::{Engine, EngineOptions};
pub use error::QueryError;
pub use nearest::nearest;
pub use plan::{KpiRequest, KpiResult};
pub use stream::ResultStream;
