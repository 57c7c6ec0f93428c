/** The backbones of this worker: one for each weights file and backend, shared by all classifiers. */
import { messageOf, throwIfCancelled } from "../errors.js";
import type { CreateRequest, EngineRequest, LogSink } from "../protocol.js";
import type { Backend } from "../types/index.js";
import { Engines } from "./engines.js";
import type { FurtherWorker } from "./further-worker.js";
import type { loadModule, WasmBackbone, WasmModule } from "./module.js";
import { Queue } from "./queue.js";
import type { Traps } from "./traps.js";
import type { LoadOptions, loadWeights } from "./weights.js";

/** What loading asks of the browser. */
export interface Loading {
  loadModule: typeof loadModule;
  loadWeights: typeof loadWeights;
  startWorker(): Promise<FurtherWorker>;
  traps: Traps;
}

/** A backbone in use; whoever has it gives it back once. */
export interface Lease {
  backbone: WasmBackbone;
  /** The backbone's network, which further workers may have too. */
  engines: Engines;
  release: () => void;
}

/** What is asked for. */
export interface Wanted {
  kind: Backend["kind"];
  request: CreateRequest;
  /** What to call the graphics adapter. */
  adapter: string | undefined;
  /** How many workers are to compute, this one included. */
  threads: number;
}

interface Shared {
  key: string;
  loaded: Promise<Pick<Lease, "backbone" | "engines">>;
  users: number;
}

export class Backbones {
  readonly #loading: Loading;
  /** By backend and hash of the weights. */
  readonly #shared = new Map<string, Shared>();
  /** By backend and address: the hash of what was found there, while it is in use. */
  readonly #known = new Map<string, string>();
  /** All that were started, whether they are still there or not. */
  readonly #further = new Set<Promise<FurtherWorker>>();
  /** By backend and address: who wants the same waits for the first. */
  readonly #queues = new Map<string, Queue>();

  constructor(loading: Loading) {
    this.#loading = loading;
  }

  /** The backbone of a request. Who is the first to want it decides how many threads it may have. */
  acquire(wanted: Wanted, options: LoadOptions): Promise<Lease> {
    const { kind } = wanted;
    const { weights } = wanted.request;
    const load = () => this.#load(wanted, options);
    if (typeof weights !== "string") return load();
    const place = `${kind} ${weights}`;
    let queue = this.#queues.get(place);
    if (!queue) this.#queues.set(place, (queue = new Queue()));
    return queue.run(async () => {
      throwIfCancelled(options.signal);
      const key = this.#known.get(place);
      const shared = key === undefined ? undefined : this.#shared.get(key);
      if (shared) return this.#lease(shared);
      const lease = await load();
      this.#known.set(place, lease.key);
      return lease;
    });
  }

  async #load(
    { kind, request, adapter, threads }: Wanted,
    options: LoadOptions,
  ): Promise<Lease & { key: string }> {
    const { weights: source, wasm } = request;
    const { onProgress, log } = options;
    // While the weights are on their way; nothing is requested once the backbone is there.
    const workers = Array.from({ length: threads - 1 }, () => {
      const worker = this.#loading.startWorker();
      this.#further.add(worker);
      // Whoever needs it is told; until then nobody is.
      worker.catch(() => undefined);
      return worker;
    });
    let unused = workers;
    try {
      onProgress({ stage: "code", loaded: 0, total: 1 });
      const code = this.#loading.loadModule(kind, wasm).then((module) => {
        onProgress({ stage: "code", loaded: 1, total: 1 });
        return module;
      });
      const [weights, module] = await Promise.all([
        this.#loading.loadWeights(source, options),
        code,
      ]);
      onProgress({ stage: "backbone", loaded: 0, total: 1 });
      const key = `${kind} ${module.weightsHash(weights.bytes)}`;
      let shared = this.#shared.get(key);
      if (!shared) {
        unused = [];
        const engine = { kind, code: module.code, weights: weights.bytes };
        shared = this.#start(key, module, adapter, engine, workers, log);
      }
      const lease = await this.#lease(shared);
      await Promise.allSettled(workers);
      onProgress({ stage: "backbone", loaded: 1, total: 1 });
      // Only what has turned out to be weights is worth keeping.
      await weights.keep();
      return { ...lease, key };
    } finally {
      unused.forEach(dismiss);
    }
  }

  #start(
    key: string,
    module: WasmModule,
    adapter: string | undefined,
    engine: EngineRequest,
    workers: Promise<FurtherWorker>[],
    log: LogSink,
  ): Shared {
    const load = async () => {
      try {
        const { traps } = this.#loading;
        const loading = module.Backbone.load(engine.weights, adapter);
        const backbone = await traps.guard(loading);
        const engines = new Engines(backbone);
        // Nobody waits for these: until they are there, this worker computes alone.
        for (const worker of workers) enlist(worker, engines, engine, log);
        return { backbone, engines };
      } catch (error) {
        workers.forEach(dismiss);
        throw error;
      }
    };
    const shared = { key, loaded: load(), users: 0 };
    this.#shared.set(key, shared);
    return shared;
  }

  /** Ends all further workers, those included that are still starting. */
  async endFurther(): Promise<void> {
    const ends = [...this.#further].map(async (worker) => (await worker).end());
    await Promise.allSettled(ends);
    this.#further.clear();
  }

  async #lease(shared: Shared): Promise<Lease> {
    const { key } = shared;
    shared.users++;
    const leave = (): boolean => {
      const last = --shared.users === 0;
      if (last && this.#shared.get(key) === shared) this.#shared.delete(key);
      return last;
    };
    try {
      const { backbone, engines } = await shared.loaded;
      let released = false;
      const release = () => {
        if (released) return;
        released = true;
        if (leave()) engines.free();
      };
      return { backbone, engines, release };
    } catch (error) {
      leave();
      throw error;
    }
  }
}

/** Has a further worker load the network too. */
function enlist(
  worker: Promise<FurtherWorker>,
  engines: Engines,
  request: EngineRequest,
  log: LogSink,
): void {
  worker
    .then((started) => started.load(request))
    .then((engine) => engines.add(engine))
    .catch((cause: unknown) => {
      log("warn", `A further worker failed: ${messageOf(cause)}`);
    });
}

function dismiss(worker: Promise<FurtherWorker>): void {
  worker.then((started) => started.end()).catch(() => undefined);
}
