/** Where things lie: inside the repository, and in the cache that all clones share. */
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);

const xdg = process.env.XDG_CACHE_HOME;
export const cacheFolder = join(
  xdg && isAbsolute(xdg) ? xdg : join(homedir(), ".cache"),
  "headstart",
);

export const weightsFolder = inRoot("weights");
export const quantizedWeights = inRoot("weights", "resnet18-int8.safetensors");
/** The WebAssembly modules with their bindings, one folder per backend: what the npm package is made from. */
export const wasmModules = inRoot("pkg-config", "build", "wasm");
export const packageDist = inRoot("pkg-config", "dist");
export const pageDist = inRoot("www", "dist");
