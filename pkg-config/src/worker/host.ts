import { expose, transfer } from "comlink";
import type { EngineRequest, WorkerHost } from "../protocol.js";
import { createApi, type Environment } from "./api.js";
import type { Engine } from "./engines.js";

/** Loads the network for another worker. */
export type LoadEngine = (request: EngineRequest) => Promise<Engine>;

/** The worker itself: each port that it is given is one classifier's. */
export function createHost(
  environment: Environment,
  loadEngine: LoadEngine,
  endFurther: () => Promise<void>,
): WorkerHost {
  /** Set before anything is asked of it. */
  let engine: Engine;
  return {
    open: (port) => expose(createApi(environment), port),
    forgetCache: () => environment.cache.forget(),
    endFurther,
    ready: () => undefined,
    loadEngine: async (request) => {
      engine = await loadEngine(request);
    },
    runEngine: async (crops, maps) => {
      const features = await environment.traps.guard(engine.run(crops, maps));
      const buffers = [features.embeddings.buffer, features.maps.buffer];
      return transfer(features, buffers);
    },
    engineMemory: () => engine.memory(),
  };
}
