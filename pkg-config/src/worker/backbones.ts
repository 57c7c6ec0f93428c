/** The backbones of this worker: one for each weights file and backend, shared by all classifiers. */
import { throwIfCancelled } from "../errors.js";
import type { CreateRequest, EngineRequest } from "../protocol.js";
import type { Backend } from "../types/index.js";
import { Engines } from "./engines.js";
import type { startFurtherWorker } from "./further-worker.js";
import type { loadModule, WasmBackbone, WasmModule } from "./module.js";
import { Queue } from "./queue.js";
import type { Traps } from "./traps.js";
import type { LoadOptions, loadWeights } from "./weights.js";

/** What loading asks of the browser. */
export interface Loading {
  loadModule: typeof loadModule;
  loadWeights: typeof loadWeights;
  startEngine: typeof startFurtherWorker;
  traps: Traps;
}

/** A backbone in use; whoever has it gives it back once. */
export interface Lease {
  backbone: WasmBackbone;
  /** The backbone's network, which further workers may have too. */
  engines: Engines;
  release(): void;
}

interface Shared {
  loaded: Promise<Pick<Lease, "backbone" | "engines">>;
  users: number;
}

export class Backbones {
  readonly #loading: Loading;
  /** By backend and hash of the weights. */
  readonly #shared = new Map<string, Shared>();
  /** By backend and address: the hash of what was found there, while it is in use. */
  readonly #known = new Map<string, string>();
  /** By backend and address: who wants the same waits for the first. */
  readonly #queues = new Map<string, Queue>();

  constructor(loading: Loading) {
    this.#loading = loading;
  }

  /** The backbone of a request on this backend. `adapter` is what to call the graphics adapter. */
  acquire(
    kind: Backend["kind"],
    request: CreateRequest,
    adapter: string | undefined,
    options: LoadOptions,
  ): Promise<Lease> {
    const { weights } = request;
    const load = () => this.#load(kind, request, adapter, options);
    if (typeof weights !== "string") return load();
    const place = `${kind} ${weights}`;
    let queue = this.#queues.get(place);
    if (!queue) this.#queues.set(place, (queue = new Queue()));
    return queue.run(async () => {
      throwIfCancelled(options.signal);
      const key = this.#known.get(place);
      if (key !== undefined && this.#shared.has(key)) return this.#lease(key);
      const lease = await load();
      this.#known.set(place, lease.key);
      return lease;
    });
  }

  async #load(
    kind: Backend["kind"],
    { weights: source, wasm }: CreateRequest,
    adapter: string | undefined,
    options: LoadOptions,
  ): Promise<Lease & { key: string }> {
    const { onProgress } = options;
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
    if (!this.#shared.has(key))
      this.#start(key, { kind, wasm, weights: weights.bytes }, module, adapter);
    const lease = await this.#lease(key);
    onProgress({ stage: "backbone", loaded: 1, total: 1 });
    // Only what has turned out to be weights is worth keeping.
    await weights.keep();
    return { ...lease, key };
  }

  #start(
    key: string,
    request: EngineRequest,
    module: WasmModule,
    adapter: string | undefined,
  ): void {
    const load = async () => {
      const { traps, startEngine } = this.#loading;
      const backbone = await traps.guard(
        module.Backbone.load(request.weights, adapter),
      );
      const engines = new Engines(backbone, () => startEngine(request));
      return { backbone, engines };
    };
    this.#shared.set(key, { loaded: load(), users: 0 });
  }

  async #lease(key: string): Promise<Lease> {
    const shared = this.#shared.get(key)!;
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
