/** What this browser can do. Nothing here needs a browser to be there. */
import { simd } from "wasm-feature-detect";
import {
  chooseBackend,
  nameOf,
  queryAdapter,
  type Adapter,
} from "./backend.js";
import type { Feature, Support } from "./types/index.js";

/** Tells each feature that the package uses, and what is missing. */
export async function support(): Promise<Support> {
  const adapter = await queryAdapter();
  const features: Support["features"] = {
    webgpu: webgpu(adapter),
    simd: feature(
      typeof WebAssembly !== "undefined" && (await simd()),
      "WebAssembly has SIMD.",
      "WebAssembly with SIMD is missing: use a browser of 2023 or later.",
    ),
    workers: feature(
      typeof Worker !== "undefined",
      "There are web workers.",
      "There are no web workers here: create the classifier in a browser, not on a server.",
    ),
    offscreenCanvas: feature(
      typeof OffscreenCanvas !== "undefined",
      "Workers can read pixels.",
      "OffscreenCanvas is missing, with which workers read pixels: use a browser of 2023 or later.",
    ),
    embeddingCache: feature(
      typeof indexedDB !== "undefined",
      "Embeddings are kept in IndexedDB.",
      "There is no IndexedDB, so embeddings are kept in memory.",
    ),
    weightsCache: feature(
      typeof caches !== "undefined",
      "Downloaded weights are kept in the Cache storage.",
      "There is no Cache storage, which needs https or localhost, so weights are downloaded each time.",
    ),
  };
  const { simd: wasm, workers, offscreenCanvas } = features;
  const missing = [wasm, workers, offscreenCanvas]
    .filter(({ available }) => !available)
    .map(({ reason }) => reason);
  const supported = missing.length === 0;
  return {
    supported,
    missing,
    backend: supported ? chooseBackend("auto", adapter) : null,
    features,
  };
}

function webgpu(adapter: Adapter): Feature {
  const reasons = {
    "no WebGPU":
      "There is no WebGPU here, which needs a current browser, and https or localhost.",
    "no adapter": "There is WebGPU but no graphics adapter for it.",
  };
  return adapter.found
    ? { available: true, reason: `The adapter is ${nameOf(adapter)}.` }
    : { available: false, reason: reasons[adapter.reason] };
}

const feature = (
  available: boolean,
  there: string,
  missing: string,
): Feature => ({ available, reason: available ? there : missing });
