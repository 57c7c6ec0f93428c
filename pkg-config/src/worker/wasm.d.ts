/**
 * The modules that wasm-bindgen makes, one per backend, with the same surface. They lie beside the
 * built worker and are not part of the bundle. wasm-bindgen's own declarations are looser.
 */
declare module "*/headstart.js" {
  type Module = import("./module.js").WasmModule;

  export default function init(options: {
    module_or_path: URL;
  }): Promise<unknown>;
  export const Session: Module["Session"];
}
