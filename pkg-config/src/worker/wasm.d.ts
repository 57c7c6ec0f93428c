/**
 * The modules that wasm-bindgen makes: one per backend, with the same surface, and those that fine-tune, with
 * `Tuner` alone. wasm-bindgen's own declarations are looser.
 */
declare module "*/headstart.js" {
  type Module = import("./module.js").WasmModule;
  type TunerModule = import("./finetune/module.js").TunerModule;

  export function initSync(options: { module: WebAssembly.Module }): unknown;
  export const Backbone: Module["Backbone"];
  export const weightsHash: Module["weightsHash"];
  export const Tuner: TunerModule["Tuner"];
}
