/** Where Headstart's time goes: one folder of photos, step by step. */
import { cpus } from "node:os";
import { say } from "../../tools/support/console.mjs";
import { bundleEngines } from "./bundle.mjs";
import { withFolderPage } from "./folder-page.mjs";
import { figure, table } from "./report/table.mjs";
import { writeResult } from "./report/results.mjs";

/** Photos unless told: enough for the parts, and soon done. */
const PHOTOS = 64;

/**
 * @typedef {{ adapter: string, batch: number, memory: unknown, times: Record<string, number> }} Breakdown
 * @param {import("./options.mjs").Options} options
 * @param {string} executablePath the browser's
 */
export async function breakDown(options, executablePath) {
  const { hardware } = options;
  for (const backend of options.backends) {
    const script = `headstart-breakdown-${backend}`;
    await bundleEngines([script]);
    await withFolderPage(
      { executablePath, hardware, photos: options.photos ?? PHOTOS },
      async ({ page, version }, count) => {
        const base = `/engine/${script}-1/`;
        /** @type {Record<string, number>} */
        const start = await page.evaluate(
          ({ base }) => {
            const { start, ask } = /** @type {any} */ (window);
            start("headstart", `${base}worker.js`);
            return ask("headstart", "open", { base });
          },
          { base },
        );
        /** @type {Breakdown} */
        const run = await page.evaluate(() =>
          /** @type {any} */ (window).runPeer("headstart"),
        );
        await writeResult(`peers-breakdown-${backend}`, {
          machine: {
            ...{ processor: cpus()[0]?.model, cores: cpus().length },
            ...{ browser: version, photos: count },
          },
          ...{ start, run },
        });
        say(
          `\n${count} photos on ${backend}, ${run.adapter}, batches of ${run.batch}; Chromium ${version}\n\n${breakdownTable({ ...start, ...run.times }, count)}`,
        );
      },
    );
  }
}

/**
 * @param {Record<string, number>} times
 * @param {number} photos
 */
function breakdownTable(times, photos) {
  const all = Object.values(times).reduce((sum, time) => sum + time, 0);
  return table(
    ["step", "all, ms", "a photo, ms", "share"],
    Object.entries(times).map(([step, time]) => [
      step,
      time.toFixed(0),
      figure(time / photos),
      `${((100 * time) / all).toFixed(1)} %`,
    ]),
  );
}
