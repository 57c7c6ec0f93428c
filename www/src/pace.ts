/** How long the rest of a phase takes, by how long the part before it took. */

import type { TrainPhase, TrainStep } from "headstart";

/** Before, the pace is anyone's guess. */
const ENOUGH_MS = 3000;

export class Pace {
  #phase: TrainPhase | null = null;
  #start = { done: 0, at: 0 };

  /** `now` in milliseconds; `null` while too little of the phase is done. */
  secondsLeft({ phase, done }: TrainStep, now: number): number | null {
    if (done === null) return null;
    if (phase !== this.#phase) {
      // From its first step on: what comes before that, such as loading code, comes once.
      this.#phase = phase;
      this.#start = { done, at: now };
    }
    const since = now - this.#start.at;
    const more = done - this.#start.done;
    if (since < ENOUGH_MS || more <= 0) return null;
    return ((1 - done) * since) / more / 1000;
  }

  /** Leaves out time in which nothing was done. */
  skip(milliseconds: number): void {
    this.#start.at += milliseconds;
  }
}
