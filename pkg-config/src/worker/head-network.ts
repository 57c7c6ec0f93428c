import type { Features } from "../protocol.js";
import type { Network, Started } from "./start.js";
import type { WasmSession } from "./wasm-session.js";

/** The network that the head in place goes with: as it is, or with the tail that was tuned with the head. */
export class HeadNetwork {
  readonly #wasm: Pick<WasmSession, "tail">;
  readonly #started: Pick<Started, "run" | "withTail">;
  #tuned: Network | undefined;
  /** Whether the head may have another tail by now, or has one that is not loaded yet. */
  #outdated = true;

  constructor(started: Pick<Started, "session" | "run" | "withTail">) {
    this.#wasm = started.session;
    this.#started = started;
  }

  /** Another head may be in place, or none. */
  headChanged(): void {
    this.#outdated = true;
  }

  async run(crops: Uint8Array, maps: boolean): Promise<Features> {
    if (this.#outdated) await this.#load();
    return (this.#tuned ?? this.#started).run(crops, maps);
  }

  free(): void {
    this.#tuned?.free();
    this.#tuned = undefined;
  }

  /** Not before it is used: many a head is never predicted with. */
  async #load(): Promise<void> {
    this.free();
    const tail = this.#wasm.tail();
    if (tail) this.#tuned = await this.#started.withTail(tail);
    this.#outdated = false;
  }
}
