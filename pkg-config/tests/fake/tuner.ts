/** Stands in for what fine-tunes. */
import { vi } from "vitest";
import type { WantedViews } from "../../src/protocol.js";
import type { TunerPlatform } from "../../src/worker/finetune/prepare-tuner.js";
import type { Tuner } from "../../src/worker/finetune/tuner.js";

/** What tuners are started from: a worker of their own, or this one. */
export function fakeTuners(changes: Partial<TunerPlatform> = {}) {
  const here = new FakeTuner();
  const there = new FakeTuner();
  const tune = vi.fn(async () => there);
  const end = vi.fn();
  const load = () => Promise.reject(new Error("it tunes"));
  const code = new WebAssembly.Module(
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0),
  );
  const platform = {
    kinds: ["cpu", "webgpu"] as const,
    loadCode: vi.fn<TunerPlatform["loadCode"]>(async () => code),
    startWorker: vi.fn<TunerPlatform["startWorker"]>(async () => ({
      load,
      tune,
      end,
    })),
    startHere: vi.fn<TunerPlatform["startHere"]>(async () => here),
  };
  Object.assign(platform, changes);
  return { platform, here, there, tune, end, code };
}

export class FakeTuner implements Tuner {
  /** What each step is to see, pairs of places. */
  plan: number[][];
  readonly seen: number[][] = [];
  /** Waited for in each step. */
  gate: () => Promise<unknown> = () => Promise.resolve();
  ended = false;
  #fail: (error: Error) => void = () => undefined;

  constructor(
    plan = [
      [0, 0],
      [1, 1, 0, 0],
      [1, 0],
    ],
  ) {
    this.plan = plan;
  }

  get wanted(): WantedViews {
    return Uint32Array.from(this.plan[this.seen.length] ?? []);
  }

  async step(views: Uint8Array) {
    const ended = new Promise<never>((_, reject) => (this.#fail = reject));
    await Promise.race([this.gate(), ended]);
    this.seen.push([...views]);
    const epoch = this.seen.length;
    return {
      epoch,
      epochs: this.plan.length,
      done: epoch / this.plan.length,
      loss: epoch === 2 ? 0.5 : null,
      validationLoss: null,
      validationAccuracy: epoch === 3 ? 0.75 : null,
    };
  }

  async finish() {
    return new TextEncoder().encode("tuned");
  }

  async memory() {
    return { wasm: 1_000, gpu: null };
  }

  /** What is under way fails then, as where its worker ends. */
  end() {
    this.ended = true;
    this.#fail(new Error("ended"));
  }
}
