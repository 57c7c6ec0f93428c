/** A folder of photos from decoding to the report: Headstart against TensorFlow.js with a dense head. */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { say } from "../../tools/support/console.mjs";
import { packageDist } from "../../tools/support/paths.mjs";
import { bundleEngines } from "./bundle.mjs";
import { withFolderPage } from "./folder-page.mjs";
import { figure, ratio, table } from "./report/table.mjs";
import { writeResult } from "./report/results.mjs";
import { median } from "./statistics.mjs";

/** The one that Headstart is compared with. */
const PEER = "tensorflow.js";

/**
 * Milliseconds of each part, and the share of held-out photos that are recognised.
 * @typedef {{ add: number, train: number, evaluate: number, accuracy: number, adapter?: string }} Run
 */

/** Photos unless told. */
const PHOTOS = 1000;

/**
 * @param {import("./options.mjs").Options} options
 * @param {string} executablePath the browser's
 */
export async function compareFolder(options, executablePath) {
  const { hardware } = options;
  for (const backend of options.backends) {
    const script = `tensorflow-folder-${backend}`;
    await bundleEngines([script]);
    await withFolderPage(
      { executablePath, hardware, photos: options.photos ?? PHOTOS },
      (session, count) => compareOn(backend, script, options, session, count),
    );
  }
}

/**
 * @param {"cpu" | "webgpu"} backend
 * @param {string} script of the peer
 * @param {import("./options.mjs").Options} options
 * @param {import("./browser/session.mjs").Session} session
 * @param {number} count of photos
 */
async function compareOn(backend, script, options, { page, version }, count) {
  await page.evaluate((base) => {
    const { start, ask } = /** @type {any} */ (window);
    start("peer", `${base}worker.js`);
    return ask("peer", "open", { base, threads: 1 });
  }, `/engine/${script}-1/`);
  const own = { backend, ...(await threadsOption(options)) };
  const rounds = options.rounds ?? 1;
  const machine = {
    ...{ processor: cpus()[0]?.model, cores: cpus().length },
    ...{ browser: version, photos: count, rounds, headstart: own },
  };
  /** @type {Record<string, Run[]>} */
  const runs = { headstart: [], [PEER]: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [library, all] of Object.entries(runs)) {
      /** @type {Run} */
      const run = await page.evaluate(
        ({ own, isOwn }) => {
          const { runHeadstart, runPeer } = /** @type {any} */ (window);
          return isOwn ? runHeadstart(own) : runPeer("peer");
        },
        { own, isOwn: library === "headstart" },
      );
      all.push(run);
      say(
        `- ${library}, round ${round + 1} of ${rounds}: ${seconds(total(run))} s`,
      );
      await writeResult(`peers-folder-${backend}`, { machine, runs });
    }
  }
  say(
    `\n${count} photos on ${backend} (Headstart: ${runs.headstart?.[0]?.adapter}); Chromium ${version}\n\n${folderTable(runs)}`,
  );
}

/**
 * Headstart's own choice of threads, where the package has it.
 * @param {import("./options.mjs").Options} options
 */
async function threadsOption({ threads }) {
  const types = await readFile(
    join(packageDist, "types", "create.d.ts"),
    "utf8",
  );
  return /\bthreads\?:/.test(types) ? { threads: Math.max(...threads) } : {};
}

/** @param {Record<string, Run[]>} runs */
function folderTable(runs) {
  const peer = (runs[PEER] ?? []).map(total);
  return table(
    [
      ...["library", "decode and embed, s", "train, s", "report, s"],
      ...["all, s", `times ${PEER}`, "accuracy"],
    ],
    Object.entries(runs).map(([library, all]) => [
      library,
      ...[
        all.map(({ add }) => add),
        all.map(({ train }) => train),
        all.map(({ evaluate }) => evaluate),
        all.map(total),
      ].map((times) => seconds(median(times))),
      `${ratio({ times: peer }, { times: all.map(total) }).toFixed(2)}×`,
      (all[0]?.accuracy ?? NaN).toFixed(4),
    ]),
  );
}

/** @param {Run} run */
const total = ({ add, train, evaluate }) => add + train + evaluate;

/** @param {number} milliseconds */
const seconds = (milliseconds) => figure(milliseconds / 1000);
