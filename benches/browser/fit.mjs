/**
 * `npm run bench -- fit`: how long fitting 1,000 images of 10 classes takes in the browser, the choice of the
 * L2 penalty included. The head is fitted on the processor, whichever backend computes embeddings.
 */
import { cpus } from "node:os";
import { main, say } from "../../tools/support/console.mjs";
import { inBrowser, inWorker } from "./chromium.mjs";

const IMAGES = 1000;
const CLASSES = 10;
const REPEATS = 5;

await main(() =>
  inBrowser(async (page, version) => {
    say(
      `\nFitting ${IMAGES} images of ${CLASSES} classes, L2 chosen by cross-validation; ` +
        `Chromium ${version}, ${cpus().length} cores (one is used), ${cpus()[0]?.model}`,
    );
    print(await measure(page));
  }),
);

/**
 * @typedef {{ total: number, phases: Record<string, number>, l2: number, trainAccuracy: number }} Run
 * @param {import("@playwright/test").Page} page
 * @returns {Promise<Run[]>}
 */
function measure(page) {
  const request = { images: IMAGES, classes: CLASSES, repeats: REPEATS };
  return inWorker(page, "/fit-worker.js", request);
}

/**
 * @param {Run[]} runs
 */
function print(runs) {
  const totals = runs.map(({ total }) => total).sort((a, b) => a - b);
  const median = totals[Math.floor(totals.length / 2)] ?? NaN;
  const [{ phases, l2, trainAccuracy }] = /** @type {[Run]} */ (runs);
  const parts = Object.entries(phases).map(
    ([phase, time]) => `${phase} ${seconds(time)}`,
  );
  say(
    `${seconds(median)} (median of ${runs.length}; ${seconds(totals[0] ?? NaN)} to ` +
      `${seconds(totals.at(-1) ?? NaN)}); first run: ${parts.join(", ")}; ` +
      `L2 ${l2}, ${(100 * trainAccuracy).toFixed(1)} % of the training images right`,
  );
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
