import type { Connection } from "./connection.js";
import { invalid } from "./errors.js";
import type { AnyGroupOf } from "./groups.js";
import { prepare } from "./images.js";
import { describe } from "./options.js";
import type { Outgoing } from "./protocol.js";
import type { Images } from "./types/index.js";

/**
 * Reads images a few at a time, as fast as the worker takes them: thousands of files are never
 * held at once.
 */
export async function* batches(
  images: Images,
  size: number,
  connection: Connection,
  signal: AbortSignal | undefined,
  groupOf?: AnyGroupOf,
): AsyncGenerator<Outgoing[], void, void> {
  const iterator = iterate(images);
  let position = 0;
  let finished = false;
  try {
    while (!finished) {
      const batch: Outgoing[] = [];
      while (batch.length < size) {
        const next = await connection.wait(() => iterator.next(), signal);
        if (next.done) {
          finished = true;
          break;
        }
        const image = await prepare(next.value, position + 1);
        // Now it is known to be one.
        const group = groupOf?.(next.value as never, position);
        batch.push({ ...image, group });
        position++;
      }
      if (batch.length > 0) yield batch;
    }
  } finally {
    if (!finished) leave(iterator);
  }
}

/** How many images there are, where that is known without reading them. */
export function countOf(images: Images): number | undefined {
  if ("length" in images && typeof images.length === "number")
    return images.length;
  if ("size" in images && typeof images.size === "number") return images.size;
  return undefined;
}

/** Callers without types may pass anything. */
export function checkImages(images: Images): void {
  const given = images as
    | (Partial<Iterable<unknown>> & Partial<AsyncIterable<unknown>>)
    | null
    | undefined;
  if (given?.[Symbol.asyncIterator] || given?.[Symbol.iterator]) return;
  throw invalid(
    `The images are ${describe(images)}, which is not iterable: pass an array, or put a single image into one.`,
  );
}

function iterate(images: Images): Iterator<unknown> | AsyncIterator<unknown> {
  // A string is iterable too, and has no `in`.
  const given = images as Partial<AsyncIterable<unknown>> & Iterable<unknown>;
  return given[Symbol.asyncIterator]?.() ?? given[Symbol.iterator]();
}

/**
 * Nobody waits for it: a caller's iterator that hangs must not hold the call back, and one that fails on the way
 * out must not hide why the call ended.
 */
function leave(iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  const returned = async () => iterator.return?.();
  returned().catch(() => undefined);
}
