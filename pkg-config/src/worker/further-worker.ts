/** Workers beside this one, which take a share of the computing. */
import { transfer, wrap } from "comlink";
import type { EngineRequest, WorkerHost } from "../protocol.js";
import type { Engine } from "./engines.js";

/** A worker that has its code and waits for the network. */
export interface FurtherWorker {
  /** Rejects when the network cannot be loaded there. */
  load(request: EngineRequest): Promise<Engine>;
  end(): void;
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
  const engine: Engine = {
    run: (crops, maps) => {
      const copy = crops.slice();
      const share = transfer(copy, [copy.buffer]);
      return unlessFailed(host.runEngine(share, maps));
    },
    memory: () => unlessFailed(host.engineMemory()),
    free: end,
  };
  const endIfItFails = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await unlessFailed(work);
    } catch (error) {
      end();
      throw error;
    }
  };
  await endIfItFails(host.ready());
  return {
    load: async (request) => {
      await endIfItFails(host.loadEngine(request));
      return engine;
    },
    end,
  };
}
