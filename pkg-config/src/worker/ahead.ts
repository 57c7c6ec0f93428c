/**
 * Each item with what `start` has begun for it. The next one is begun before an item is handed out: browsers
 * decode beside this worker.
 */
export async function* ahead<T, R>(
  items: Iterable<T>,
  start: (item: T) => Promise<R>,
): AsyncGenerator<[T, Promise<R>], void, void> {
  let ready: [T, Promise<R>] | undefined;
  let next: [T, Promise<R>] | undefined;
  try {
    for (const item of items) {
      ready = next;
      next = [item, start(item)];
      // Whoever takes it is told.
      next[1].catch(() => undefined);
      if (ready) yield ready;
    }
    if (next) yield next;
  } finally {
    // Nothing is still at work when the loop has been left.
    await Promise.allSettled([ready?.[1], next?.[1]]);
  }
}
