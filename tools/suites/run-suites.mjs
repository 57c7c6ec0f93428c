/** Runs suites one after the other; one that cannot even start counts as failed and does not stop the next. */
import { describe, messageOf, warn } from "../support/console.mjs";
import { notRun } from "../support/results.mjs";

/** @typedef {import("../support/results.mjs").Suite} Suite */

/**
 * @param {Record<string, (name: string) => Promise<Suite>>} suites
 * @returns {Promise<Suite[]>}
 */
export async function runSuites(suites) {
  const results = [];
  for (const [name, work] of Object.entries(suites)) {
    const result = work(name).catch((error) => {
      warn(describe(error));
      return notRun(name, messageOf(error));
    });
    results.push(await result);
  }
  return results;
}
