/**
 * `npm run bench -- finetune`: photos are added and the network's last stage is trained on them, in one page on the CPU:
 * how long each phase takes, a step, and memory. `npm run bench -- finetune 1000` does it with so many drawn pictures, and
 * one epoch.
 */
import { cpus } from "node:os";
import { main, say } from "../../tools/support/console.mjs";
import { inBrowser } from "./chromium.mjs";
import { readPhotos } from "./photos.mjs";

/**
 * @typedef {object} Finetuned
 * @property {Record<string, number>} seconds of each phase
 * @property {number} step milliseconds, the median
 * @property {{ before: number, most: number, after: number }} memory in bytes
 * @property {number} views bytes of what is kept of the images
 * @property {unknown} finetune what the report says
 */

const megabytes = (/** @type {number} */ bytes) =>
  `${(bytes / 1e6).toFixed(0)} MB`;

await main(async () => {
  const drawn = Number(process.argv[2] ?? 0);
  const photos = drawn > 0 ? [] : readPhotos(["train"]);
  await inBrowser(async (page, version) => {
    const count = drawn > 0 ? drawn : photos.length;
    say(
      `\nFine-tuning on ${count} ${drawn > 0 ? "drawn pictures" : "photos"}; Chromium ${version}, ${cpus().length} cores, ${cpus()[0]?.model}`,
    );
    await page.addScriptTag({ url: "/finetune-page.js", type: "module" });
    await page.waitForFunction(() => "finetune" in window);
    /** @type {Finetuned} */
    const run = await page.evaluate(
      ({ photos, drawn }) =>
        /** @type {any} */ (window).finetune(photos, drawn),
      { photos, drawn },
    );
    for (const [phase, seconds] of Object.entries(run.seconds)) {
      say(`${phase}: ${seconds.toFixed(1)} s`);
    }
    say(`a step of 16 images: ${run.step.toFixed(0)} ms (median)`);
    const { before, most, after } = run.memory;
    say(
      `memory of all modules: ${megabytes(before)} before, ${megabytes(most)} at most, ${megabytes(after)} after; beside it ${megabytes(run.views)} of views, of which at most 256 MB in memory`,
    );
    say(JSON.stringify(run.finetune));
  });
});
