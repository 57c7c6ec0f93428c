/** Stands in for the worker: its side of the package, in this thread. */
import { expose } from "comlink";
import { EmbeddingCache } from "../../src/cache/embeddings.js";
import type { Environment } from "../../src/worker/api.js";
import { createHost, type Further } from "../../src/worker/host.js";
import type { Started } from "../../src/worker/start.js";
import { Traps } from "../../src/worker/traps.js";
import { FakeFolder } from "./folder.js";
import { fakeDecoder } from "./images.js";
import { FakeSession } from "./session.js";
import { FakeTuner } from "./tuner.js";

const CROP = 224 * 224 * 3;

/** A session that has started on the CPU, and what it is to be tuned by. */
export function started(
  session = new FakeSession(),
  tuner = new FakeTuner(),
): Started {
  return {
    session,
    backend: { kind: "cpu", adapter: "fake", reason: "The CPU was asked for." },
    threads: 1,
    computing: () => 1,
    run: (crops) => session.run(crops),
    // Of each crop a view of two bytes: those that it begins with.
    trunk: async (crops) =>
      crops.filter((_, index) => index % CROP === 0 || index % CROP === 1),
    withTail: async () => ({
      run: (crops) => session.run(crops),
      free: () => undefined,
    }),
    prepareTuner: async () => async () => tuner,
    memory: async () => ({ wasm: 65_536, gpu: null }),
    free: () => session.free(),
  };
}

/** Makes `new Worker` start the worker's side of the package in this thread. */
export function fakeWorker(
  environment: Partial<Environment> = {},
  further: Partial<Further> = {},
) {
  const nothing = () => Promise.reject(new Error("it works for nobody else"));
  const workers: FakeWorker[] = [];

  class FakeWorker extends EventTarget {
    terminated = false;
    readonly #port: MessagePort;
    readonly #inner: MessagePort;

    constructor() {
      super();
      workers.push(this);
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      this.#inner = port2;
      port1.onmessage = ({ data }: MessageEvent<unknown>) =>
        this.dispatchEvent(Object.assign(new Event("message"), { data }));
      expose(
        createHost(
          {
            start: () => Promise.resolve(started()),
            decoder: fakeDecoder,
            cache: new EmbeddingCache(),
            traps: new Traps(),
            openFolder: async () => new FakeFolder(),
            finetunings: new Set(),
            ...environment,
          },
          { loadEngine: nothing, startTuner: nothing, ...further },
          () => Promise.resolve(),
        ),
        port2,
      );
    }

    postMessage(message: unknown, transfers: Transferable[] = []) {
      this.#port.postMessage(message, transfers as never);
    }

    terminate() {
      this.terminated = true;
      this.#port.close();
      this.#inner.close();
    }

    /** As a browser does when something is thrown that nobody catches. */
    fail(message: string) {
      this.dispatchEvent(Object.assign(new Event("error"), { message }));
    }
  }

  return { Worker: FakeWorker, workers };
}
