import { HeadstartError, messageOf } from "../errors.js";
import type { Backend, Views } from "../types.js";
import type { WasmSession } from "./session.js";

/** What `start` needs of a wasm module once it is loaded. */
export interface WasmModule {
  Session: {
    /** `adapter` is the graphics adapter's name, for the WebGPU backend. */
    create(
      weights: Uint8Array,
      views: Views,
      reason: string,
      adapter?: string,
    ): Promise<WasmSession>;
  };
}

/** Loads the one module that runs this backend. Every path is literal, for bundlers to find. */
export async function loadModule(kind: Backend["kind"]): Promise<WasmModule> {
  try {
    if (kind === "webgpu") {
      const module = await import("./wasm/webgpu/headstart.js");
      const wasm = new URL("./wasm/webgpu/headstart_bg.wasm", import.meta.url);
      await module.default({ module_or_path: wasm });
      return module;
    }
    const module = await import("./wasm/cpu/headstart.js");
    const wasm = new URL("./wasm/cpu/headstart_bg.wasm", import.meta.url);
    await module.default({ module_or_path: wasm });
    return module;
  } catch (cause) {
    if (cause instanceof WebAssembly.CompileError) {
      throw new HeadstartError(
        "UNSUPPORTED_ENVIRONMENT",
        `This browser cannot run headstart's WebAssembly (${cause.message}): use a browser of 2023 or later, and serve the .wasm files unchanged.`,
        { cause },
      );
    }
    throw new HeadstartError(
      "INTERNAL",
      `headstart's code for the backend "${kind}" could not be loaded (${messageOf(cause)}): serve the package's dist folder whole, and check the connection.`,
      { cause },
    );
  }
}
