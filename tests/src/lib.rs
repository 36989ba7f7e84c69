//! Harness of the whole-program tests: `tape` as a process on one side, the worked cases and the oracle on the other.
//!
//! | file | holds |
//! |---|---|
//! | `program.rs` | finding `tape`, starting it, its exit code and output |
//! | `archive.rs` | an archive in a temporary folder and every verb of `tape` that the tests use on it |
//! | `events.rs` | event logs: cut, shifted in time, written as NDJSON and CSV; large logs for interruption and full disks |
//! | `oracle.rs` | `oracle.py` as a process: random logs, facts, KPI rows |
//! | `kpi.rs` | KPI rows of `tape` held against those of the oracle |
//! | `rows.rs` | when two rows are the same: instants and integers exactly, floats to 1e-9 relative |
//! | `slt.rs` | SQL tests: files of queries with their rows |
//! | `shared.rs` | where the specification, its cases and the data lie; Python; what is skipped and how that is said |
//! | `mount.rs` | small and read-only file systems |

mod archive;
mod events;
mod kpi;
mod mount;
mod oracle;
mod program;
mod rows;
mod shared;
mod slt;

pub use archive::{Archive, State, Summary};
pub use events::{Log, write_incompressible};
pub use kpi::{KPIS, Kpi, KpiLines, UNSUBSCRIBED};
pub use mount::Mount;
pub use oracle::{Facts, Oracle, OracleKpis, Query, Rules};
pub use program::{INTERRUPT_DEADLINE, Run, Running, run, run_with_input, start, tape, tape_path};
pub use rows::{Row, assert_same_rows, instant_us, matches, same};
pub use shared::{package, python, python_has, script, shared, skip};
pub use slt::differences;
