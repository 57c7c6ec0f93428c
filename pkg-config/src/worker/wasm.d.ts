/**
 * The modules that wasm-bindgen makes, one per backend, with the same surface. wasm-bindgen's own
 * declarations are looser.
 */
declare module "*/headstart.js" {
  type Module = import("./module.js").WasmModule;

  export default function init(options: {
    module_or_path: string | URL | WebAssembly.Module;
  }): Promise<unknown>;
  export const Backbone: Module["Backbone"];
  export const weightsHash: Module["weightsHash"];
}
