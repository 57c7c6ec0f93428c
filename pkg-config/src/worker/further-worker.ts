/** An engine in a worker of its own, started from this worker's script. */
import { transfer, wrap } from "comlink";
import type { EngineRequest, WorkerHost } from "../protocol.js";
import type { Engine } from "./engines.js";

/**
 * Starts the worker and has it load the network; rejects when either fails. By this worker's own address, if
 * no other is given, so that whatever placed and confined this one holds for the further one too.
 */
export async function startFurtherWorker(
  request: EngineRequest,
  address: string | URL = globalThis.location.href,
): Promise<Engine> {
  const worker = new Worker(address, {
    type: "module",
    name: "headstart engine",
  });
  const host = wrap<WorkerHost>(worker);
  let fail!: (error: Error) => void;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(new Error(event.message || "its script could not be loaded"));
  });
  const free = () => {
    fail(new Error("it was ended"));
    worker.terminate();
  };
  try {
    await Promise.race([host.loadEngine(request), failed]);
  } catch (error) {
    free();
    throw error;
  }
  return {
    run: (crops, maps) => {
      const copy = crops.slice();
      const features = host.runEngine(transfer(copy, [copy.buffer]), maps);
      return Promise.race([features, failed]);
    },
    memory: () => Promise.race([host.engineMemory(), failed]),
    free,
  };
}
