/** Gets a WebAssembly module, and says what to do where that fails. */
import { HeadstartError, invalid, messageOf } from "../errors.js";
import type { ModuleName, WasmSources } from "../protocol.js";

/** What each module is there for, as messages have it. */
const USES: Record<ModuleName, string> = {
  cpu: 'the backend "cpu"',
  webgpu: 'the backend "webgpu"',
  finetuneCpu: "fine-tuning on the CPU",
  finetuneWebgpu: "fine-tuning on WebGPU",
};

/** Compiles a module, and has `begin` do with it what may fail as compiling may. */
export async function loadCode(
  name: ModuleName,
  sources: WasmSources,
  begin: (code: WebAssembly.Module) => void = () => undefined,
): Promise<WebAssembly.Module> {
  const source = sources[name];
  const use = USES[name];
  if (source === undefined) {
    throw invalid(
      `The WebAssembly module for ${use} is wanted, and it is not known where that is: pass its address as \`wasm.${name}\`.`,
    );
  }
  try {
    const code = await compile(source);
    begin(code);
    return code;
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
      `headstart's code for ${use} could not be loaded (${messageOf(cause)}): serve the package's .wasm files where the worker looks for them, and check the connection.`,
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
