import { chooseBackend, nameOf, type Adapter } from "../backend.js";
import { HeadstartError, messageOf, throwIfCancelled } from "../errors.js";
import type { CreateRequest, Features } from "../protocol.js";
import type { Backend, Memory } from "../types/index.js";
import type { Backbones } from "./backbones.js";
import {
  prepareTuner,
  type StartTuner,
  type TunerPlatform,
} from "./finetune/prepare-tuner.js";
import type { WasmBackbone } from "./module.js";
import { readBytes } from "./read-bytes.js";
import type { WasmSession } from "./wasm-session.js";
import type { Traps } from "./traps.js";
import type { LoadOptions } from "./weights.js";

/** What starting asks of the browser. */
export interface Platform {
  queryAdapter(): Promise<Adapter>;
  backbones: Pick<Backbones, "acquire">;
  tuners: TunerPlatform;
  traps: Traps;
}

/** A network that crops can be taken through. */
export interface Network {
  run(crops: Uint8Array, maps: boolean): Promise<Features>;
  free(): void;
}

/** A classifier's session in Rust, and the backend it runs on. */
export interface Started {
  session: WasmSession;
  backend: Backend;
  /** How many workers compute at most. */
  threads: number;
  /** How many do by now. */
  computing(): number;
  /** Takes crops through the network as it is. */
  run: Network["run"];
  /** Takes crops through its trunk. */
  trunk(crops: Uint8Array): Promise<Uint8Array>;
  /** The network with a tuned tail, to be freed before the session. */
  withTail(file: Uint8Array): Promise<Network>;
  /** Gets the code of what tunes a tail. */
  prepareTuner(): Promise<StartTuner>;
  memory(): Promise<Memory>;
  /** Frees the session, and the backbone when nobody else uses it. */
  free(): void;
}

/** Starts a session on the backend that suits, and on the CPU where WebGPU does not start. */
export async function start(
  request: CreateRequest,
  options: LoadOptions,
  platform: Platform,
): Promise<Started> {
  const adapter: Adapter =
    request.backend === "cpu"
      ? { found: false, reason: "no adapter" }
      : await platform.queryAdapter();
  const { kind, reason } = chooseBackend(request.backend, adapter);
  if (kind === "cpu") return startOn(kind, reason, request, options, platform);
  const name = adapter.found ? nameOf(adapter) : undefined;
  try {
    return await startOn(kind, reason, request, options, platform, name);
  } catch (cause) {
    if (isAboutInput(cause)) throw cause;
    const detail = messageOf(platform.traps.fatal(cause) ?? cause).replace(
      /\.$/,
      "",
    );
    if (request.backend === "auto") {
      const instead = `WebGPU did not start (${detail}), so the CPU is used.`;
      options.log("warn", instead);
      return startOn("cpu", instead, request, options, platform);
    }
    throw new HeadstartError(
      "WEBGPU_UNAVAILABLE",
      `WebGPU did not start (${detail}): use the backend "cpu" or "auto".`,
      { cause },
    );
  }
}

async function startOn(
  kind: Backend["kind"],
  reason: string,
  request: CreateRequest,
  options: LoadOptions,
  { backbones, tuners }: Platform,
  adapter?: string,
): Promise<Started> {
  const { log } = options;
  // A graphics device is one, however many workers ask it.
  const threads = kind === "webgpu" ? 1 : request.threads;
  const { backbone, engines, release } = await backbones.acquire(
    { kind, request, adapter, threads },
    options,
  );
  try {
    const session = await open(request.content, backbone, options.signal);
    return {
      session,
      backend: { ...backbone.backend(), reason },
      threads,
      computing: () => Math.min(engines.count, threads),
      run: (crops, maps) => engines.run(crops, maps, threads, log),
      trunk: (crops) => engines.trunk(crops, threads, log),
      withTail: async (file) => {
        const tuned = await engines.withTail(file, log);
        return {
          run: (crops, maps) => tuned.run(crops, maps, threads, log),
          free: () => tuned.free(),
        };
      },
      prepareTuner: () =>
        prepareTuner({ kind, adapter, wasm: request.wasm, log }, tuners),
      memory: () => engines.memory(),
      free: () => {
        session.free();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function open(
  content: CreateRequest["content"],
  backbone: WasmBackbone,
  signal: AbortSignal,
): Promise<WasmSession> {
  if ("views" in content) {
    throwIfCancelled(signal);
    return backbone.session(content.views, content.features);
  }
  const name = "The file to load";
  const file = await readBytes(name, content.file, "PROJECT_CORRUPT");
  throwIfCancelled(signal);
  return backbone.restore(file);
}

/** Bad weights, a bad file and a cancelled call would fail on every backend. */
function isAboutInput(thrown: unknown): boolean {
  const code = String((thrown as { code?: unknown } | undefined)?.code);
  return /^(WEIGHTS_|PROJECT_|CANCELLED$|INVALID_ARGUMENT$)/.test(code);
}
