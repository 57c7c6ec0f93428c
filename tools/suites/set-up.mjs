/** Set-up for the tests: a step that fails is told and counts, and what can run without it still does. */
import { describe, messageOf, warn } from "../support/console.mjs";
import { notRun } from "./results.mjs";

export class SetUp {
  /** @type {string[]} */
  #failures = [];

  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>} `undefined` where it failed
   */
  async try(name, work) {
    try {
      return await work();
    } catch (error) {
      warn(describe(error));
      this.#failures.push(`${name}: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** @returns {import("./results.mjs").Suite[]} one that failed for each step that did */
  asSuites() {
    return this.#failures.map((failure) => notRun("Set-up", failure));
  }
}
