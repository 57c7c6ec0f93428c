/**
 * The modules that wasm-bindgen makes, one per backend, with the same surface. wasm-bindgen's own
 * declarations are looser.
 */
declare module "*/headstart.js" {
  type Module = import("./module.js").WasmModule;

  export function initSync(options: { module: WebAssembly.Module }): unknown;
  export const Backbone: Module["Backbone"];
  export const weightsHash: Module["weightsHash"];
}
