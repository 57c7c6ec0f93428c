/** Runs suites; one that cannot even start counts as failed and does not stop the next. */
import {
  describe,
  duration,
  messageOf,
  say,
  warn,
} from "../support/console.mjs";
import { notRun } from "./results.mjs";

/**
 * @typedef {import("./results.mjs").Suite} Suite
 * @typedef {(text: string) => void} Output where what a suite prints goes
 * @typedef {(name: string, output?: Output) => Promise<Suite>} Work
 */

/**
 * One after the other, shown as they run.
 * @param {Record<string, Work>} suites
 */
export async function runSuites(suites) {
  const results = [];
  for (const [name, work] of Object.entries(suites)) {
    say(`\n== ${name}`);
    results.push(await runSuite(name, work));
  }
  return results;
}

/**
 * One after the other as well, each shown when it has ended: for suites that run beside others.
 * @param {Record<string, Work>} suites
 */
export async function runSuitesAside(suites) {
  const results = [];
  for (const [name, work] of Object.entries(suites)) {
    /** @type {string[]} */
    const printed = [];
    const result = await runSuite(name, work, (text) => printed.push(text));
    process.stdout.write(`\n== ${name}\n${printed.join("")}`);
    results.push(result);
  }
  return results;
}

/**
 * @param {string} name
 * @param {Work} work
 * @param {Output} [output]
 */
async function runSuite(name, work, output) {
  const start = performance.now();
  const result = await work(name, output).catch((error) => {
    warn(describe(error));
    return notRun(name, messageOf(error));
  });
  result.notes.push(duration(performance.now() - start));
  return result;
}
