/**
 * The network, here and in further workers: each takes its share of a batch. Further workers have a copy
 * of the weights each, so they need neither shared memory nor a cross-origin isolated page.
 */
import { messageOf } from "../errors.js";
import type { Features, LogSink } from "../protocol.js";
import type { Memory } from "../types/index.js";

/** RGB, 224×224. */
export const CROP_BYTES = 224 * 224 * 3;

/** Takes crops through the network. */
export interface Engine {
  run(crops: Uint8Array, maps: boolean): Promise<Features>;
  /** What the part of the network says that is never tuned: a view of each crop, all of the same length. */
  trunk(crops: Uint8Array): Promise<Uint8Array>;
  /** The same network with a tail that was tuned, which is freed for itself, and before this one. */
  withTail(file: Uint8Array): Engine | Promise<Engine>;
  memory(): Memory | Promise<Memory>;
  free(): void;
}

export class Engines {
  readonly #own: Engine;
  readonly #further: Engine[] = [];
  /** Those with a tail: by each, what to do for an engine that comes later. */
  readonly #tuned = new Map<Engines, (engine: Engine) => void>();
  #onFree: () => void = () => undefined;
  #freed = false;

  /** `own` is this worker's. */
  constructor(own: Engine) {
    this.#own = own;
  }

  /** One more, which is freed with the others. */
  add(engine: Engine): void {
    if (this.#freed) {
      engine.free();
      return;
    }
    this.#further.push(engine);
    for (const tune of this.#tuned.values()) tune(engine);
  }

  /** The same engines with a tail that was tuned, those included that are still to come. */
  async withTail(file: Uint8Array, log: LogSink): Promise<Engines> {
    const tuned = new Engines(await this.#own.withTail(file));
    const load = async (engine: Engine) =>
      tuned.add(await engine.withTail(file));
    // Nobody waits for these: until they are there, the others compute.
    const tune = (engine: Engine) => {
      load(engine).catch((cause: unknown) => tellFailure(cause, log));
    };
    this.#further.forEach(tune);
    this.#tuned.set(tuned, tune);
    tuned.#onFree = () => this.#tuned.delete(tuned);
    return tuned;
  }

  /** Takes crops, one after the other in `crops`, through the network, on at most `threads` of the engines there are. */
  async run(
    crops: Uint8Array,
    maps: boolean,
    threads: number,
    log: LogSink,
  ): Promise<Features> {
    const parts = await this.#shared(crops, threads, log, (engine, share) =>
      engine.run(share, maps),
    );
    return joined(parts);
  }

  /** The same for the trunk. */
  async trunk(
    crops: Uint8Array,
    threads: number,
    log: LogSink,
  ): Promise<Uint8Array> {
    const parts = await this.#shared(crops, threads, log, (engine, share) =>
      engine.trunk(share),
    );
    return concatenated(parts, (length) => new Uint8Array(length));
  }

  /** How many there are by now. */
  get count(): number {
    return 1 + this.#further.length;
  }

  async memory(): Promise<Memory> {
    const further = this.#further.map(async (engine) => {
      try {
        return (await engine.memory()).wasm;
      } catch {
        return 0; // It has ended, which the next run finds out.
      }
    });
    const { wasm, gpu } = await this.#own.memory();
    const others = await Promise.all(further);
    return { wasm: others.reduce((sum, each) => sum + each, wasm), gpu };
  }

  /** Ends the further workers too. */
  free(): void {
    this.#freed = true;
    this.#onFree();
    for (const engine of this.#further.splice(0)) engine.free();
    this.#own.free();
  }

  /** What `compute` says of each share, in order. */
  #shared<T>(
    crops: Uint8Array,
    threads: number,
    log: LogSink,
    compute: (engine: Engine, share: Uint8Array) => Promise<T>,
  ): Promise<T[]> {
    const count = Math.min(threads, crops.length / CROP_BYTES);
    const further = this.#further.slice(0, Math.max(count - 1, 0));
    const share = shares(crops, further.length + 1);
    // First, since this worker's share keeps it from sending anything.
    const elsewhere = further.map(async (engine, index) => {
      try {
        return await compute(engine, share(index + 1));
      } catch (cause) {
        this.#dismiss(engine);
        tellFailure(cause, log);
        return compute(this.#own, share(index + 1));
      }
    });
    const here = compute(this.#own, share(0));
    return Promise.all([here, ...elsewhere]);
  }

  #dismiss(engine: Engine): void {
    const place = this.#further.indexOf(engine);
    if (place >= 0) this.#further.splice(place, 1);
    engine.free();
  }
}

function tellFailure(cause: unknown, log: LogSink): void {
  log("warn", `A further worker failed: ${messageOf(cause)}`);
}

/** Share by share, as even as whole crops allow; the first is never smaller than another. */
function shares(crops: Uint8Array, count: number) {
  const total = crops.length / CROP_BYTES;
  const start = (index: number) =>
    Math.ceil((total * index) / count) * CROP_BYTES;
  return (index: number) => crops.subarray(start(index), start(index + 1));
}

function joined(parts: Features[]): Features {
  return {
    embeddings: concatenated(
      parts.map(({ embeddings }) => embeddings),
      (length) => new Float32Array(length),
    ),
    maps: concatenated(
      parts.map(({ maps }) => maps),
      (length) => new Float32Array(length),
    ),
  };
}

function concatenated<
  A extends { length: number; set(part: A, offset: number): void },
>(parts: A[], create: (length: number) => A): A {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = create(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
