/** Where things lie: inside the repository, and in the cache that all clones share. */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import envPaths from "env-paths";

export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);

/** Where the platform keeps caches. */
export const cacheFolder = envPaths("headstart", { suffix: "" }).cache;

export const weightsFolder = inRoot("weights");
export const quantizedWeights = inRoot("weights", "resnet18-int8.safetensors");
/** The WebAssembly modules with their bindings, one folder per backend: what the npm package is made from. */
export const wasmModules = inRoot("pkg-config", "build", "wasm");
export const packageDist = inRoot("pkg-config", "dist");
export const pageDist = inRoot("www", "dist");
/** What tests/drawn makes for the tests: a network and photos. */
export const drawnData = inRoot("tests", "drawn-data");
/** The weights of the reference suite. */
export const referenceData = inRoot("tests", "reference-data");
export const quantizedReference = join(
  referenceData,
  "resnet18-int8.safetensors",
);
