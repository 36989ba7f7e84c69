//! Blocking work inside asynchronous functions.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does work that blocks. On a runtime with several threads its other tasks go on meanwhile; on one with a single
/// thread they wait.
pub fn off_executor<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
