/** Whether an engine computes what the reference computes. */
import { EMBEDDING } from "./model/network.mjs";
import { cosine } from "./statistics.mjs";

/** What the issue that asked for fast paths allows them to lose. */
export const LEAST_COSINE = 0.9999;

/**
 * The smallest cosine between an engine's embeddings and the reference's, which repeat in a larger batch; what has
 * another length or scale, or is not finite, throws.
 * @param {number[]} embeddings `[batch, 512]`
 * @param {number[][]} reference
 * @param {number} batch
 */
export function smallestCosine(embeddings, reference, batch) {
  if (embeddings.length !== batch * EMBEDDING) {
    throw new Error(
      `${embeddings.length} values instead of ${batch * EMBEDDING}`,
    );
  }
  let smallest = 1;
  for (let i = 0; i < batch; i++) {
    const embedding = embeddings.slice(i * EMBEDDING, (i + 1) * EMBEDDING);
    const expected = reference[i % reference.length] ?? [];
    const scale = norm(embedding) / norm(expected);
    // Also where it is not a number.
    if (!(scale > 0.99 && scale < 1.01)) {
      throw new Error(
        `embedding ${i} is ${scale.toFixed(3)} times as long as the reference's`,
      );
    }
    smallest = Math.min(smallest, cosine(embedding, expected));
  }
  return smallest;
}

/** @param {number[]} values */
const norm = (values) => Math.hypot(...values);
