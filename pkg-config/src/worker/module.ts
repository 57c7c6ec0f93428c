/** The crate compiled to WebAssembly: what it offers, and how it is loaded. */
import * as cpu from "../../build/wasm/cpu/headstart.js";
import * as webgpu from "../../build/wasm/webgpu/headstart.js";
import type { WasmSources } from "../protocol.js";
import type { Backend, FeatureSet, Views } from "../types/index.js";
import type { Engine } from "./engines.js";
import { loadCode } from "./load-code.js";
import type { WasmSession } from "./wasm-session.js";

/** The backbone that Rust offers: weights on a device. */
export interface WasmBackbone extends Engine {
  backend(): Pick<Backend, "kind" | "adapter">;
  session(views: Views, features: FeatureSet): WasmSession;
  /** From what a session exported. */
  restore(file: Uint8Array): WasmSession;
  withTail(file: Uint8Array): WasmBackbone;
}

/** A module once it is loaded. */
export interface WasmModule {
  /** Compiled, for further workers. */
  code: WebAssembly.Module;
  /** SHA-256 of a weights file. */
  weightsHash(weights: Uint8Array): string;
  Backbone: {
    /** `adapter` is the graphics adapter's name, for the WebGPU backend. */
    load(weights: Uint8Array, adapter?: string): Promise<WasmBackbone>;
  };
}

/** By name, so that what else the bindings can do is left out of the package. */
const MODULES = {
  cpu: {
    initSync: cpu.initSync,
    weightsHash: cpu.weightsHash,
    Backbone: cpu.Backbone,
  },
  webgpu: {
    initSync: webgpu.initSync,
    weightsHash: webgpu.weightsHash,
    Backbone: webgpu.Backbone,
  },
};
/** Started twice at once, a module would be two, of which one is lost. */
const loading = new Map<Backend["kind"], Promise<WasmModule>>();

/** Loads the module of a backend; another time it is there already, wherever it came from. */
export function loadModule(
  kind: Backend["kind"],
  sources: WasmSources,
): Promise<WasmModule> {
  let module = loading.get(kind);
  if (!module) {
    module = start(kind, sources);
    loading.set(kind, module);
    module.catch(() => loading.delete(kind));
  }
  return module;
}

async function start(
  kind: Backend["kind"],
  sources: WasmSources,
): Promise<WasmModule> {
  const { initSync, weightsHash, Backbone } = MODULES[kind];
  const code = await loadCode(kind, sources, (module) => initSync({ module }));
  return { code, weightsHash, Backbone };
}
