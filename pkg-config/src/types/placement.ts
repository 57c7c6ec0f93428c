/** Where the package's files are, when the caller has put them somewhere. */
import type { Backend } from "./create.js";

/** A worker of the caller's, or a function that starts one; the same function means the same worker. */
export type WorkerSource = Worker | (() => Worker);

/** Where the package's files are. */
export interface Placement {
  /**
   * The WebAssembly module of each backend that may run, by address or compiled. The backend `"auto"` needs
   * both. They are `headstart/headstart.wasm` and `headstart/headstart-webgpu.wasm`.
   *
   * The method `"finetune"` takes a module more, which is not loaded before: `finetuneCpu`,
   * `headstart/headstart-finetune.wasm`. It runs on the CPU, whatever the backend.
   */
  wasm: Partial<
    Record<Backend["kind"] | "finetuneCpu", string | URL | WebAssembly.Module>
  >;
  /**
   * A worker that runs `headstart/slim-worker`, or a function that starts one. Classifiers that are given the
   * same worker or the same function share it. A worker that is given stays the caller's: disposing of the last
   * classifier frees all memory in it and does not end it. Default: started from beside this module.
   */
  worker?: WorkerSource | undefined;
}
