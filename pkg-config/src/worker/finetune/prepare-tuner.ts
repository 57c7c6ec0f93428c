import { messageOf } from "../../errors.js";
import type {
  LogSink,
  ModuleName,
  TunerRequest,
  WasmSources,
} from "../../protocol.js";
import type { Backend } from "../../types/index.js";
import type { FurtherWorker } from "../further-worker.js";
import type { loadCode } from "../load-code.js";
import type { Tuner } from "./tuner.js";

type Kind = Backend["kind"];

/** What starting a tuner asks of the browser. */
export interface TunerPlatform {
  /** The kinds that the package has a module of. */
  kinds: readonly Kind[];
  loadCode: typeof loadCode;
  startWorker: () => Promise<FurtherWorker>;
  /** Starts it in this worker. */
  startHere: (request: TunerRequest) => Promise<Tuner>;
}

/** What is known before there is a task. */
export interface TunerChoice {
  /** The classifier's backend. */
  kind: Kind;
  adapter: string | undefined;
  wasm: WasmSources;
  log: LogSink;
}

/** Starts the tuner that was prepared. */
export type StartTuner = (task: Uint8Array) => Promise<Tuner>;

const MODULES: Record<Kind, ModuleName> = {
  cpu: "finetuneCpu",
  webgpu: "finetuneWebgpu",
};

/**
 * Gets a tuner's code, so that minutes of work are not lost to a file that is missing. The tuner runs on the
 * classifier's backend, or on the CPU where it cannot.
 */
export async function prepareTuner(
  choice: TunerChoice,
  platform: TunerPlatform,
): Promise<StartTuner> {
  const { kind, adapter, wasm, log } = choice;
  const insteadOf = (cause: unknown): Promise<StartTuner> => {
    if (kind === "cpu") throw cause;
    log(
      "warn",
      `Fine-tuning does not run on WebGPU (${messageOf(cause)}), so it runs on the CPU.`,
    );
    return prepareTuner({ ...choice, kind: "cpu" }, platform);
  };
  if (!platform.kinds.includes(kind))
    return insteadOf(new Error("this version has no module for it"));
  let code: WebAssembly.Module;
  try {
    code = await platform.loadCode(MODULES[kind], wasm);
  } catch (cause) {
    return insteadOf(cause);
  }
  return async (task) => {
    try {
      return await start({ kind, code, adapter, task }, platform, log);
    } catch (cause) {
      return (await insteadOf(cause))(task);
    }
  };
}

/** In a worker of its own, where it can be had: ending that gives the memory back. */
async function start(
  request: TunerRequest,
  { startWorker, startHere }: TunerPlatform,
  log: LogSink,
): Promise<Tuner> {
  let worker: FurtherWorker;
  try {
    worker = await startWorker();
  } catch (cause) {
    log(
      "warn",
      `Fine-tuning has no worker of its own (${messageOf(cause)}), and runs where the classifier does.`,
    );
    return startHere(request);
  }
  return worker.tune(request);
}
