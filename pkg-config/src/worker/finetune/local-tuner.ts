import type { TunerRequest, TunerStep, WantedViews } from "../../protocol.js";
import type { Memory } from "../../types/index.js";
import type { Traps } from "../traps.js";
import type { TunerModule, WasmTuner } from "./module.js";
import type { Tuner } from "./tuner.js";

/** The tuner in this worker. What it dies of is told as an ordinary error: no classifier dies with it. */
export class LocalTuner implements Tuner {
  readonly #wasm: WasmTuner;
  readonly #traps: Traps;
  #wanted: WantedViews;
  #state: "idle" | "at work" | "ending" | "gone" = "idle";

  private constructor(wasm: WasmTuner, traps: Traps) {
    this.#wasm = wasm;
    this.#traps = traps;
    this.#wanted = wasm.wanted();
  }

  static async start(
    { code, task, adapter }: TunerRequest,
    { initSync, Tuner }: TunerModule,
    traps: Traps,
  ): Promise<LocalTuner> {
    try {
      initSync({ module: code });
      const wasm = await traps.guard(Tuner.start(task, adapter));
      return new LocalTuner(wasm, traps);
    } catch (thrown) {
      throw traps.ordinary(thrown);
    }
  }

  get wanted(): WantedViews {
    return this.#wanted;
  }

  step(views: Uint8Array): Promise<TunerStep> {
    return this.#work(async () => {
      const step = await this.#traps.guard(this.#wasm.step(views));
      this.#wanted = this.#wasm.wanted();
      return step;
    });
  }

  finish(): Promise<Uint8Array> {
    return this.#work(() => this.#wasm.finish());
  }

  memory(): Promise<Memory> {
    return this.#work(() => this.#wasm.memory());
  }

  end(): void {
    if (this.#state === "at work") this.#state = "ending";
    if (this.#state === "idle") this.#free();
  }

  async #work<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#state !== "idle") throw new Error("the tuner has ended");
    this.#state = "at work";
    try {
      const result = await work();
      this.#rest();
      return result;
    } catch (thrown) {
      const error = this.#traps.ordinary(thrown);
      // A module that has died must not be called again, not even to free what it holds.
      if (error !== thrown) this.#state = "gone";
      else this.#rest();
      throw error;
    }
  }

  /** A call has ended, and with it perhaps everything. */
  #rest(): void {
    const wasAtWork = this.#state === "at work";
    this.#state = "idle";
    if (!wasAtWork) this.#free();
  }

  #free(): void {
    this.#state = "gone";
    this.#wasm.free();
  }
}
