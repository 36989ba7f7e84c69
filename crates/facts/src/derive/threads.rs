//! The same work on many things, on as many threads as told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, scope};

use crate::FactsError;

/// A thread under a name that profilers show.
pub(super) fn named(name: &str) -> Builder {
    Builder::new().name(name.to_owned())
}

/// Does some work on each item and gives the results in the order of the items. Each thread takes the next item when it
/// is done with one.
///
/// # Errors
/// What the work met; then no further item is begun. Of several the first in the order of the items.
pub(super) fn side_by_side<I: Send, T: Send>(
    name: &str,
    threads: usize,
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> Result<T, FactsError> + Sync,
) -> Result<Vec<T>, FactsError> {
    let items: Vec<I> = items.into_iter().collect();
    let threads = threads.clamp(1, items.len().max(1));
    let queue = Mutex::new(items.into_iter().enumerate());
    let failed = AtomicBool::new(false);
    let next = || match failed.load(Ordering::Relaxed) {
        true => None,
        // A thread that panicked while it took an item is met where it is joined.
        false => queue.lock().ok().and_then(|mut queue| queue.next()),
    };
    let worker = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            let result = work(item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((at, result));
        }
        done
    };
    let mut done = scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| named(name).spawn_scoped(scope, worker)).collect();
        // All are joined before any result is looked at: a panic is met here, not by the scope.
        let joined: Vec<_> = workers
            .into_iter()
            .map(|worker| {
                worker.map_err(|source| FactsError::NoThread { source })?.join().map_err(|_| FactsError::Thread)
            })
            .collect();
        let done = joined.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok::<_, FactsError>(done.into_iter().flatten().collect::<Vec<_>>())
    })?;
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for threads in [0, 1, 3, 100] {
            let squares: Vec<u64> = side_by_side("test", threads, 0..20, |n| Ok(n * n)).unwrap();
            assert_eq!(squares[..5], [0, 1, 4, 9, 16]);
            assert_eq!(squares.iter().sum::<u64>(), 2_470, "the sum of the squares up to 19");
        }
        let none: Vec<u64> = side_by_side("test", 2, [], Ok).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn a_failure_ends_the_work_and_is_told() {
        let work = |n: u64| if n == 1 { Err(FactsError::Carry) } else { Ok(n) };
        assert!(matches!(side_by_side("test", 1, 0..1_000, work), Err(FactsError::Carry)));
        let begun = AtomicBool::new(false);
        let work = |n: u64| {
            begun.fetch_or(n > 1, Ordering::Relaxed);
            if n == 1 { Err(FactsError::Carry) } else { Ok(n) }
        };
        assert!(side_by_side("test", 1, 0..1_000, work).is_err());
        assert!(!begun.load(Ordering::Relaxed), "nothing is begun after it");
    }

    #[test]
    fn a_panic_of_a_thread_is_an_error() {
        let work = |n: u64| if n == 3 { panic!("on purpose") } else { Ok(n) };
        assert!(matches!(side_by_side("test", 2, 0..10, work), Err(FactsError::Thread)));
    }
}
