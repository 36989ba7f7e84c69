//! Stops all threads of an ingest when one fails or the user wants it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::IngestError;
use crate::progress::Progress;

/// Shared by the threads of an ingest.
pub struct Control<'a> {
    /// Who watches.
    pub progress: &'a dyn Progress,
    stopped: AtomicBool,
    failure: Mutex<Option<IngestError>>,
}

impl<'a> Control<'a> {
    /// Nothing has failed yet.
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, stopped: AtomicBool::new(false), failure: Mutex::new(None) }
    }

    /// Whether to go on. To be asked for every block or batch.
    ///
    /// # Errors
    /// [`IngestError::Cancelled`] if the user wants it stopped, or if another thread failed, whose error then counts.
    pub fn check(&self) -> Result<(), IngestError> {
        if self.is_stopped() || self.progress.cancelled() { Err(IngestError::Cancelled) } else { Ok(()) }
    }

    /// Stops everybody. The first error is the one that counts.
    pub fn fail(&self, error: IngestError) {
        let mut failure = lock(&self.failure);
        if failure.is_none() {
            *failure = Some(error);
        }
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether somebody failed.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// # Errors
    /// The first failure.
    pub fn outcome(&self) -> Result<(), IngestError> {
        match lock(&self.failure).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Locks. What a thread that panicked left behind is not used: its panic goes on in whoever waits for it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The result of a thread; a panic goes on here.
pub fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
