/** Set-up for the tests: it goes on past a failure, because most suites can still run, and the failure counts. */
import { describe, warn } from "../support/console.mjs";
import { build } from "../steps/build.mjs";
import { chromium } from "../steps/chromium.mjs";
import { installNodePackages } from "../steps/node-packages.mjs";
import { prepareWeights } from "../steps/weights.mjs";
import { requireRust, requireRustComponents } from "../steps/rust.mjs";

export class SetUp {
  /** The Chromium that the browser tests use. @type {string | undefined} */
  chromium;
  built = false;
  /** @type {string[]} */
  failures = [];

  /**
   * @param {string} name
   * @param {() => Promise<unknown>} work
   */
  async try(name, work) {
    try {
      await work();
      return true;
    } catch (error) {
      warn(describe(error));
      this.failures.push(name);
      return false;
    }
  }

  /** @returns {import("../support/results.mjs").Suite[]} a suite if anything failed */
  asSuite() {
    const failed = this.failures.length;
    if (failed === 0) return [];
    const notes = [`failed: ${this.failures.join(", ")}`];
    return [{ name: "Set-up", passed: 0, failed, skipped: 0, notes }];
  }
}

/**
 * @param {SetUp} setUp
 * @returns {Promise<boolean>} whether any suite can run
 */
export async function prepareForTests(setUp) {
  const usable =
    (await setUp.try("npm packages", installNodePackages)) &&
    (await setUp.try("Rust", requireRust));
  if (!usable) return false;
  await setUp.try("Rust's components", requireRustComponents);
  setUp.built = await setUp.try("build", build);
  await setUp.try("browser", async () => {
    setUp.chromium = await chromium();
  });
  // Not a failure of its own: every test that needs weights says so when they are missing.
  await prepareWeights().catch((error) => warn(describe(error)));
  return true;
}
