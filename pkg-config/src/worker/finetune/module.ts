/** The modules that fine-tune, apart from a backend's: whoever does not fine-tune loads none of this. */
import * as cpu from "../../../build/wasm/finetune-cpu/headstart.js";
import type { TunerStep, WantedViews } from "../../protocol.js";
import type { Backend, Memory } from "../../types/index.js";

/** The tuner that Rust offers. Only one of its methods may run at a time. */
export interface WasmTuner {
  wanted(): WantedViews;
  step(views: Uint8Array): Promise<TunerStep>;
  /** A file for the session, once nothing more is wanted. */
  finish(): Uint8Array;
  memory(): Memory;
  free(): void;
}

/** What a module's bindings are. */
export interface TunerModule {
  initSync: (options: { module: WebAssembly.Module }) => unknown;
  Tuner: {
    /** `adapter` is the graphics adapter's name, for WebGPU. */
    start(task: Uint8Array, adapter?: string): Promise<WasmTuner>;
  };
}

/** All that there are. Another one is an import above and a line here; its address is in `worker.ts`. */
export const TUNERS: Partial<Record<Backend["kind"], TunerModule>> = {
  cpu: { initSync: cpu.initSync, Tuner: cpu.Tuner },
};
