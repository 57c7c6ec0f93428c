/** "Train deeper" while it goes on: how far it is, how long it still takes, and whether it waits. */

import type { TrainOptions, TrainStep } from "headstart";
import { Pace } from "./pace";

/** Whether the step is one of those that come after the head was fitted to the network as it is. */
export function isDeeper({ phase }: TrainStep): boolean {
  return phase === "views" || phase === "finetune";
}

/** Of another method's settings only the seed means the same: with it, the same photos are held out. */
export function deeperOptions(options: TrainOptions): TrainOptions {
  return options.method === "finetune"
    ? options
    : { method: "finetune", seed: options.seed };
}

export class Deeper {
  step: TrainStep;
  secondsLeft = $state.raw<number | null>(null);
  paused = $state(false);

  #pace = new Pace();
  #goOn: (() => void) | null = null;

  constructor(first: TrainStep) {
    this.step = $state.raw(first);
  }

  take(step: TrainStep): void {
    this.step = step;
    this.secondsLeft = this.#pace.secondsLeft(step, performance.now());
  }

  pause(): void {
    this.paused = true;
  }

  goOn(): void {
    this.paused = false;
    this.#goOn?.();
  }

  /** Waits for as long as it is paused and not cancelled. */
  async whilePaused(signal: AbortSignal): Promise<void> {
    if (!this.paused || signal.aborted) return;
    const start = performance.now();
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#pace.skip(performance.now() - start);
  }
}
