/** Workers beside this one, which take a share of the computing, or fine-tune. */
import { wrap, type Remote } from "comlink";
import type { EngineRequest, TunerRequest, WorkerHost } from "../protocol.js";
import type { Engine } from "./engines.js";
import { remoteTuner } from "./finetune/remote-tuner.js";
import type { Tuner } from "./finetune/tuner.js";
import { remoteEngine } from "./remote-engine.js";

/** A worker that has its code and waits for what it is to be. */
export interface FurtherWorker {
  /** Rejects when the network cannot be loaded there. */
  load(request: EngineRequest): Promise<Engine>;
  /** Rejects when the tuner cannot be started there. */
  tune(request: TunerRequest): Promise<Tuner>;
  end(): void;
}

/** A further worker, as what it is asked for through. */
export interface Line {
  host: Remote<WorkerHost>;
  /** The promise's result, or what the worker has ended of. */
  unlessFailed: <T>(promise: Promise<T>) => Promise<T>;
  end: () => void;
}

/**
 * Starts a worker; rejects when there can be none. By this worker's own address, if no other is given, so that
 * whatever placed and confined this one holds for the further one too.
 */
export async function startFurtherWorker(
  address: string | URL = globalThis.location.href,
): Promise<FurtherWorker> {
  const worker = new Worker(address, {
    type: "module",
    name: "headstart",
  });
  const host = wrap<WorkerHost>(worker);
  let fail!: (error: Error) => void;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  const unlessFailed = <T>(promise: Promise<T>) =>
    Promise.race([promise, failed]);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(new Error(event.message || "its script could not be loaded"));
  });
  const end = () => {
    fail(new Error("ended"));
    worker.terminate();
  };
  const endIfItFails = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await unlessFailed(work);
    } catch (error) {
      end();
      throw error;
    }
  };
  const line: Line = { host, unlessFailed, end };
  await endIfItFails(host.ready());
  return {
    load: async (request) => {
      await endIfItFails(host.loadEngine(request));
      return remoteEngine(line);
    },
    tune: async (request) =>
      remoteTuner(line, await endIfItFails(host.startTuner(request))),
    end,
  };
}
