import { HeadstartError, messageOf } from "../errors.js";
import type { CreateRequest } from "../protocol.js";
import type { Backend } from "../types.js";
import { chooseBackend, nameOf, type Adapter } from "./backend.js";
import type { WasmModule } from "./module.js";
import type { WasmSession } from "./session.js";
import type { Traps } from "./traps.js";
import type { LoadOptions, loadWeights } from "./weights.js";

/** What starting asks of the browser. */
export interface Platform {
  queryAdapter(): Promise<Adapter>;
  loadModule(kind: Backend["kind"]): Promise<WasmModule>;
  loadWeights: typeof loadWeights;
  traps: Traps;
}

/** Loads weights and code at the same time, and starts the backend that was chosen. */
export async function start(
  request: CreateRequest,
  options: LoadOptions,
  platform: Platform,
): Promise<WasmSession> {
  const adapter: Adapter =
    request.backend === "cpu"
      ? { found: false, reason: "no adapter" }
      : await platform.queryAdapter();
  const choice = chooseBackend(request.backend, adapter);
  const weights = platform.loadWeights(request.weights, options);

  const attempt = async (
    kind: Backend["kind"],
    reason: string,
  ): Promise<WasmSession> => {
    options.onProgress({ stage: "code", loaded: 0, total: 1 });
    const code = platform.loadModule(kind).then((module) => {
      options.onProgress({ stage: "code", loaded: 1, total: 1 });
      return module;
    });
    const [bytes, module] = await Promise.all([weights, code]);
    options.onProgress({ stage: "backbone", loaded: 0, total: 1 });
    const session = await platform.traps.guard(
      module.Session.create(
        bytes,
        request.views,
        reason,
        kind === "webgpu" && adapter.found ? nameOf(adapter) : undefined,
      ),
    );
    options.onProgress({ stage: "backbone", loaded: 1, total: 1 });
    return session;
  };

  if (choice.kind === "cpu") return attempt("cpu", choice.reason);
  try {
    return await attempt("webgpu", choice.reason);
  } catch (cause) {
    if (isAboutInput(cause)) throw cause;
    const detail = messageOf(platform.traps.fatal(cause) ?? cause).replace(
      /\.$/,
      "",
    );
    if (request.backend === "auto") {
      return attempt(
        "cpu",
        `WebGPU did not start (${detail}), so the CPU is used.`,
      );
    }
    throw new HeadstartError(
      "WEBGPU_UNAVAILABLE",
      `WebGPU did not start (${detail}): use the backend "cpu" or "auto".`,
      { cause },
    );
  }
}

/** Bad weights and a cancelled call would fail on every backend. */
function isAboutInput(thrown: unknown): boolean {
  const code = String((thrown as { code?: unknown } | undefined)?.code);
  return code.startsWith("WEIGHTS_") || code === "CANCELLED";
}
