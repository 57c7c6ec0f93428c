import { clearStoredEmbeddings } from "./cache/embeddings.js";
import { clearStoredWeights } from "./cache/weights.js";
import { asHeadstartError } from "./errors.js";
import { forgetCaches } from "./host.js";

/** Deletes what classifiers of this site have kept, in storage and in the memory of running workers. */
export async function clearCache(): Promise<void> {
  try {
    await Promise.all([
      clearStoredEmbeddings(),
      clearStoredWeights(),
      forgetCaches(),
    ]);
  } catch (error) {
    throw asHeadstartError(error);
  }
}
