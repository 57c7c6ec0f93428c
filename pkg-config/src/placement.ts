/** Checks where the caller has put the package's files. */
import { absolute, type Place } from "./creating.js";
import { invalid } from "./errors.js";
import { describe, kindOf } from "./options.js";
import type { ModuleName, WasmSources } from "./protocol.js";
import type { Placement, WorkerSource } from "./types/placement.js";

const MODULES = ["cpu", "webgpu", "finetuneCpu"] as const;

/** `ownWorker` is for callers that start none. */
export function placeOf(
  { wasm, worker }: Placement,
  ownWorker: () => Worker,
): Place {
  return { worker: workerOf(worker, ownWorker), wasm: sourcesOf(wasm) };
}

function sourcesOf(wasm: Placement["wasm"] | null): WasmSources {
  if (typeof wasm !== "object" || wasm === null) {
    throw invalid(
      `The option wasm is ${describe(wasm)}: pass { cpu, webgpu }, with the address of each module.`,
    );
  }
  const sources: WasmSources = {};
  for (const name of MODULES) {
    const source = wasm[name];
    if (source !== undefined) sources[name] = sourceOf(name, source);
  }
  return sources;
}

function sourceOf(
  name: ModuleName,
  source: string | URL | WebAssembly.Module,
): string | WebAssembly.Module {
  if (typeof source === "string" || source instanceof URL)
    return absolute(`wasm.${name}`, source);
  if (kindOf(source) === "WebAssembly.Module") return source;
  throw invalid(
    `The option wasm.${name} is ${describe(source)}: pass a URL or a WebAssembly.Module.`,
  );
}

function workerOf(
  worker: WorkerSource | undefined,
  ownWorker: () => Worker,
): WorkerSource {
  if (worker === undefined) return ownWorker;
  if (typeof worker === "function" || kindOf(worker) === "Worker")
    return worker;
  throw invalid(
    `The option worker is ${describe(worker)}: pass a Worker that runs headstart/slim-worker, or a function that starts one.`,
  );
}
