/**
 * The network, here and in further workers: each takes its share of a batch. Further workers have a copy
 * of the weights each, so they need neither shared memory nor a cross-origin isolated page.
 */
import { messageOf } from "../errors.js";
import type { Features, LogSink } from "../protocol.js";
import type { Memory } from "../types/index.js";

/** RGB, 224×224. */
const CROP_BYTES = 224 * 224 * 3;

/** Takes crops through the network. */
export interface Engine {
  run(crops: Uint8Array, maps: boolean): Promise<Features>;
  memory(): Memory | Promise<Memory>;
  free(): void;
}

export class Engines {
  readonly #own: Engine;
  readonly #further: Engine[] = [];
  #freed = false;

  /** `own` is this worker's. */
  constructor(own: Engine) {
    this.#own = own;
  }

  /** One more, which is freed with the others. */
  add(engine: Engine): void {
    if (this.#freed) engine.free();
    else this.#further.push(engine);
  }

  /** Takes crops, one after the other in `crops`, through the network, on at most `threads` of the engines there are. */
  async run(
    crops: Uint8Array,
    maps: boolean,
    threads: number,
    log: LogSink,
  ): Promise<Features> {
    const count = Math.min(threads, crops.length / CROP_BYTES);
    const further = this.#further.slice(0, Math.max(count - 1, 0));
    const share = shares(crops, further.length + 1);
    // First, since this worker's share keeps it from sending anything.
    const elsewhere = further.map((engine, index) =>
      this.#elsewhere(engine, share(index + 1), maps, log),
    );
    const here = this.#own.run(share(0), maps);
    return joined(await Promise.all([here, ...elsewhere]));
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
    for (const engine of this.#further.splice(0)) engine.free();
    this.#own.free();
  }

  /** A share of another engine's; taken over here if that one fails. */
  async #elsewhere(
    engine: Engine,
    crops: Uint8Array,
    maps: boolean,
    log: LogSink,
  ): Promise<Features> {
    try {
      return await engine.run(crops, maps);
    } catch (cause) {
      const place = this.#further.indexOf(engine);
      if (place >= 0) this.#further.splice(place, 1);
      engine.free();
      log("warn", `A further worker failed: ${messageOf(cause)}`);
      return this.#own.run(crops, maps);
    }
  }
}

/** Share by share, as even as whole crops allow; the first is never smaller than another. */
function shares(crops: Uint8Array, count: number) {
  const total = crops.length / CROP_BYTES;
  const start = (index: number) =>
    Math.ceil((total * index) / count) * CROP_BYTES;
  return (index: number) => crops.subarray(start(index), start(index + 1));
}

function joined(parts: [Features, ...Features[]]): Features {
  if (parts.length === 1) return parts[0];
  return {
    embeddings: concatenated(parts.map(({ embeddings }) => embeddings)),
    maps: concatenated(parts.map(({ maps }) => maps)),
  };
}

function concatenated(parts: Float32Array[]): Float32Array {
  const whole = new Float32Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
