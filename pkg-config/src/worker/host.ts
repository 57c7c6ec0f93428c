import { expose } from "comlink";
import type { WorkerHost } from "../protocol.js";
import { createApi, type Environment } from "./api.js";

/** The worker itself: each port that it is given is one classifier's. */
export function createHost(environment: Environment): WorkerHost {
  return {
    open: (port) => expose(createApi(environment), port),
    forgetCache: () => environment.cache.forget(),
  };
}
