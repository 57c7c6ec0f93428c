//! Work on all cores: burn's CPU backend has one thread.

use std::panic::resume_unwind;
use std::thread::{available_parallelism, scope};

use crate::Result;

/// Maps each item on one of as many threads as there are cores; the results are in the items' order.
///
/// # Errors
/// The first of the items' errors.
pub(super) fn parallel_map<T: Sync, R: Send>(
    items: &[T],
    map: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let threads = available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(1);
    let map = &map;
    scope(|scope| {
        let workers: Vec<_> = items
            .chunks(share)
            .map(|items| scope.spawn(move || items.iter().map(map).collect::<Result<Vec<R>>>()))
            .collect();
        let mut results = Vec::with_capacity(items.len());
        for worker in workers {
            results.extend(worker.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(results)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..101).collect();
        let doubled = parallel_map(&items, |&item| Ok(2 * item)).unwrap();
        assert_eq!(
            doubled,
            items.iter().map(|item| 2 * item).collect::<Vec<_>>()
        );
        assert!(parallel_map(&[], |_: &u8| Ok(1)).unwrap().is_empty());
    }

    #[test]
    fn an_error_of_one_item_is_the_error_of_all() {
        let result = parallel_map(&[1, 2, 3], |&item| match item {
            2 => Err(Error::invalid("item", "two")),
            _ => Ok(item),
        });
        assert_eq!(result.unwrap_err(), Error::invalid("item", "two"));
    }
}
