/**
 * `npm run bench -- fit`: how long fitting 1,000 images of 10 classes takes in the browser, the choice of the
 * L2 penalty included. WebGPU is measured where there is a hardware adapter.
 */
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import sirv from "sirv";
import { main, say } from "../../tools/support/console.mjs";
import {
  inRoot,
  packageDist,
  weightsFolder,
} from "../../tools/support/paths.mjs";
import { build } from "../../tools/steps/build.mjs";
import { chromium as findChromium } from "../../tools/steps/chromium.mjs";
import { installNodePackages } from "../../tools/steps/node-packages.mjs";
import { prepareWeights } from "../../tools/steps/weights.mjs";

const IMAGES = 1000;
const CLASSES = 10;
const REPEATS = 5;

await main(async () => {
  await installNodePackages();
  await build();
  await prepareWeights();
  const server = createServer(files());
  await new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(undefined)),
  );
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  const require = createRequire(inRoot("tests", "package.json"));
  const { chromium } = require("@playwright/test");
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--enable-features=Vulkan",
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    say(
      `\nFitting ${IMAGES} images of ${CLASSES} classes, L2 chosen by cross-validation; ` +
        `Chromium ${browser.version()}, ${cpus().length} cores (one is used), ${cpus()[0]?.model}`,
    );
    print("CPU", await measure(page, "cpu"));
    const adapter = await page.evaluate(hardwareAdapter);
    if (adapter) print(`WebGPU on ${adapter}`, await measure(page, "webgpu"));
    else
      say("WebGPU: no hardware adapter here, so there is nothing to measure");
  } finally {
    await browser.close();
    server.close();
  }
});

/** An empty page, the worker beside this file, the built modules and the weights. */
function files() {
  const folders = [
    sirv(inRoot("benches", "fit"), { dev: true }),
    sirv(packageDist, { dev: true }),
  ];
  const weights = sirv(weightsFolder, { dev: true });
  /** @type {import("node:http").RequestListener} */
  return (request, response) => {
    const [own, built] = folders;
    if (request.url === "/") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Fit</title>");
      return;
    }
    if (request.url?.startsWith("/weights/")) {
      request.url = request.url.slice("/weights".length);
      return weights(request, response);
    }
    own?.(request, response, () => built?.(request, response));
  };
}

/**
 * @typedef {{ total: number, phases: Record<string, number>, l2: number, trainAccuracy: number }} Run
 * @param {import("@playwright/test").Page} page
 * @param {"cpu" | "webgpu"} backend
 * @returns {Promise<Run[]>}
 */
async function measure(page, backend) {
  const answer = await page.evaluate(
    (request) =>
      new Promise((resolve, reject) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(request);
      }),
    { backend, images: IMAGES, classes: CLASSES, repeats: REPEATS },
  );
  const { runs, error } = /** @type {{ runs: Run[], error?: string }} */ (
    answer
  );
  if (error) throw new Error(error);
  return runs;
}

/** Runs in the page. */
async function hardwareAdapter() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { vendor, architecture, isFallbackAdapter } = adapter.info;
  const isSoftware = isFallbackAdapter || architecture === "swiftshader";
  return isSoftware ? undefined : `${vendor} ${architecture}`;
}

/**
 * @param {string} name
 * @param {Run[]} runs
 */
function print(name, runs) {
  const totals = runs.map(({ total }) => total).sort((a, b) => a - b);
  const median = totals[Math.floor(totals.length / 2)] ?? NaN;
  const [{ phases, l2, trainAccuracy }] = /** @type {[Run]} */ (runs);
  const parts = Object.entries(phases).map(
    ([phase, time]) => `${phase} ${seconds(time)}`,
  );
  say(
    `${name}: ${seconds(median)} (median of ${runs.length}; ${seconds(totals[0] ?? NaN)} to ` +
      `${seconds(totals.at(-1) ?? NaN)}); first run: ${parts.join(", ")}; ` +
      `L2 ${l2}, ${(100 * trainAccuracy).toFixed(1)} % of the training images right`,
  );
}

/** @param {number} milliseconds */
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
