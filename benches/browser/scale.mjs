/**
 * `npm run bench -- scale [IMAGESxCLASSES…]`: how long adding, training, evaluating and saving take in the browser with
 * many images, and how much memory; and how long it takes to find near-duplicates among them, the more of them are
 * alike. The head is fitted on one core, whichever backend computes embeddings; the embeddings are drawn.
 */
import { cpus } from "node:os";
import { main, say, SetupError } from "../../tools/support/console.mjs";
import { inBrowser, inWorker } from "./chromium.mjs";

const SIZES = ["1000x10", "10000x10", "50000x200"];
const GROUPED = 50_000;

await main(() =>
  inBrowser(async (page, version) => {
    const wanted = process.argv.slice(2);
    say(
      `\nChromium ${version}, ${cpus().length} cores (one is used), ${cpus()[0]?.model}\n\n` +
        "| images | classes | adding | training | of it choosing the penalty | longest step | evaluating | saving | memory after adding | after training | after saving | L2 | converged | accuracy |\n" +
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    );
    for (const size of wanted.length > 0 ? wanted : SIZES) {
      const [images, classes] = size.split("x").map(Number);
      if (!images || !classes) {
        throw new SetupError(
          `${size} is no size`,
          "Give images and classes, for example 10000x10",
        );
      }
      print(await measure(page, { images, classes }));
    }
    say(
      `\n| ${GROUPED} pictures | adding | memory, embeddings included |\n` +
        "| --- | --- | --- |",
    );
    for (const pictures of ["random", "alike", "same"]) {
      const request = { images: GROUPED, pictures };
      const run = await inWorker(page, "/grouping-worker.js", request);
      const cells = [seconds(run.milliseconds), megabytes(run.memory)];
      say(`| ${[pictures, ...cells].join(" | ")} |`);
    }
  }),
);

/**
 * @typedef {object} Run
 * @property {number} images
 * @property {number} classes
 * @property {Record<string, number>} times in milliseconds
 * @property {Record<string, number>} phases of training, in milliseconds
 * @property {number} longest step of training
 * @property {Record<string, number>} memories in bytes, after each
 * @property {number} l2
 * @property {boolean} converged
 * @property {number} accuracy
 */

/**
 * @param {import("@playwright/test").Page} page
 * @param {{ images: number, classes: number }} request
 * @returns {Promise<Run>}
 */
function measure(page, request) {
  return inWorker(page, "/scale-worker.js", request);
}

/** @param {Run} run */
function print({ times, phases, memories, ...run }) {
  const cells = [
    ...[run.images, run.classes],
    ...[times.adding, times.training, phases["choosing l2"]].map(seconds),
    ...[run.longest, times.evaluating, times.saving].map(seconds),
    ...["adding", "training", "saving"].map((of) => megabytes(memories[of])),
    run.l2.toExponential(1),
    run.converged,
    run.accuracy.toFixed(3),
  ];
  say(`| ${cells.join(" | ")} |`);
}

/** @param {number | undefined} bytes */
function megabytes(bytes) {
  return `${((bytes ?? NaN) / 1e6).toFixed(0)} MB`;
}

/** @param {number | undefined} milliseconds */
function seconds(milliseconds) {
  return `${((milliseconds ?? NaN) / 1000).toFixed(2)} s`;
}
