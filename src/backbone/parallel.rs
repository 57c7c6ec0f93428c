//! Work on all cores.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

/// Maps each item on one of as many threads as there are cores, each taking the next item as it gets free;
/// the results are in the items' order.
pub(super) fn parallel_map<T: Sync, R: Send>(items: &[T], map: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => results.push((index, map(item))),
                None => return results,
            }
        }
    };
    let mut results = scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let results = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results.collect::<Vec<_>>()
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..101).collect();
        let doubled = parallel_map(&items, |&item| 2 * item);
        assert_eq!(
            doubled,
            items.iter().map(|item| 2 * item).collect::<Vec<_>>()
        );
        assert!(parallel_map(&[], |_: &u8| 1).is_empty());
    }

    #[test]
    #[should_panic(expected = "the third item")]
    fn a_panic_of_one_item_is_the_panic_of_all() {
        parallel_map(&[1, 2, 3], |&item| assert!(item < 3, "the third item"));
    }
}
