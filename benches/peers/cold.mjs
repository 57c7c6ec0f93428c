/** What each engine takes from nothing, in a browser of its own: time to the first embedding, and memory. */
import { say } from "../../tools/support/console.mjs";
import { inSession } from "./browser/session.mjs";
import { addresses, failed } from "./measure.mjs";

/** @typedef {import("./report/rows.mjs").Cold} Cold */

/**
 * @param {Parameters<typeof inSession>[0]} where
 * @param {import("./engines.mjs").Engine[]} engines
 * @param {number} batch
 * @returns {Promise<{ cold: Cold[], failures: import("./measure.mjs").Failure[] }>}
 */
export async function measureCold(where, engines, batch) {
  const cold = [];
  const failures = [];
  for (const engine of engines) {
    try {
      const result = await inSession(where, async ({ page, peakBytes }) => {
        const before = await peakBytes();
        const times = await page.evaluate(
          ({ id, url, options }) =>
            /** @type {any} */ (window).cold(id, url, options),
          { id: engine.id, ...addresses(engine) },
        );
        await page.evaluate(
          async ({ id, batch }) => {
            const { ask, embed } = /** @type {any} */ (window);
            await ask(id, "prepare", batch);
            await embed(id, false);
          },
          { id: engine.id, batch },
        );
        const after = await peakBytes();
        const known = before !== undefined && after !== undefined;
        return { ...times, peakBytes: known ? after - before : undefined };
      });
      cold.push({ engine: engine.id, batch, ...result });
      say(
        `- ${engine.id}, cold: ${result.open.toFixed(0)} ms to open, ${result.first.toFixed(0)} ms for the first picture`,
      );
    } catch (error) {
      failures.push(failed(engine, error));
    }
  }
  return { cold, failures };
}
