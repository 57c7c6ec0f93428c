/** The crate compiled to WebAssembly: what it offers, and how it is loaded. */
import * as cpu from "../../build/wasm/cpu/headstart.js";
import * as webgpu from "../../build/wasm/webgpu/headstart.js";
import { HeadstartError, invalid, messageOf } from "../errors.js";
import type { WasmSources } from "../protocol.js";
import type { Backend, FeatureSet, Views } from "../types/index.js";
import type { Engine } from "./engines.js";
import type { WasmSession } from "./wasm-session.js";

/** The backbone that Rust offers: weights on a device. */
export interface WasmBackbone extends Engine {
  backend(): Pick<Backend, "kind" | "adapter">;
  session(views: Views, features: FeatureSet): WasmSession;
  /** From what a session exported. */
  restore(file: Uint8Array): WasmSession;
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
    module = start(kind, sources[kind]);
    loading.set(kind, module);
    module.catch(() => loading.delete(kind));
  }
  return module;
}

async function start(
  kind: Backend["kind"],
  source: string | WebAssembly.Module | undefined,
): Promise<WasmModule> {
  if (source === undefined) {
    throw invalid(
      `The backend "${kind}" was to run, and its WebAssembly module is not known: pass its address as \`wasm.${kind}\`.`,
    );
  }
  const { initSync, weightsHash, Backbone } = MODULES[kind];
  try {
    const code = await compile(source);
    initSync({ module: code });
    return { code, weightsHash, Backbone };
  } catch (cause) {
    // Bindings that stand in for a module say themselves why it is not there.
    if (cause instanceof HeadstartError) throw cause;
    if (cause instanceof WebAssembly.CompileError) {
      throw new HeadstartError(
        "UNSUPPORTED_ENVIRONMENT",
        `This browser cannot run headstart's WebAssembly (${cause.message}): use a browser of 2023 or later, and serve the .wasm files unchanged.`,
        { cause },
      );
    }
    throw new HeadstartError(
      "INTERNAL",
      `headstart's code for the backend "${kind}" could not be loaded (${messageOf(cause)}): serve the package's .wasm files where the worker looks for them, and check the connection.`,
      { cause },
    );
  }
}

/** While it is downloaded, where the server says what it is. */
async function compile(
  source: string | WebAssembly.Module,
): Promise<WebAssembly.Module> {
  if (typeof source !== "string") return source;
  const response = await fetch(source);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.headers.get("content-type") === "application/wasm"
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
