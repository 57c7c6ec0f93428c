/** A browser with an empty page, this folder, the built modules and package, and the weights. */
import { createServer } from "node:http";
import { createRequire } from "node:module";
import {
  inRoot,
  packageDist,
  wasmModules,
  weightsFolder,
} from "../../tools/support/paths.mjs";
import { build } from "../../tools/steps/build.mjs";
import { chromium as findChromium } from "../../tools/steps/chromium.mjs";
import { prepareWeights } from "../../tools/steps/weights.mjs";
import { folder } from "../folder.mjs";

/** @typedef {import("@playwright/test").Page} Page */

/**
 * Builds what is missing, and hands over a page and the browser's version.
 * @param {(page: Page, version: string) => Promise<void>} work
 * @param {string[]} [flags] further ones for the browser
 */
export async function inBrowser(work, flags = []) {
  await build();
  await prepareWeights();
  const executablePath = await findChromium();
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
    executablePath,
    args: ["--no-sandbox", "--enable-unsafe-webgpu", ...flags],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await work(page, browser.version());
  } finally {
    await browser.close();
    server.close();
  }
}

/**
 * Has a worker of this folder answer a request with `{ result }` or `{ error }`.
 * @param {Page} page
 * @param {string} path
 * @param {unknown} request
 * @returns {Promise<any>}
 */
export async function inWorker(page, path, request) {
  const { result, error } = await page.evaluate(
    ({ path, request }) =>
      /** @type {Promise<{ result?: unknown, error?: string }>} */ (
        new Promise((resolve, reject) => {
          const worker = new Worker(path, { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage(request);
        })
      ),
    { path, request },
  );
  if (error) throw new Error(error);
  return result;
}

/** @returns {import("node:http").RequestListener} */
function files() {
  const own = folder(inRoot("benches", "browser"));
  const modules = folder(wasmModules);
  const built = folder(packageDist);
  const weights = folder(weightsFolder);
  return (request, response) => {
    const url = request.url ?? "/";
    if (url === "/") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Benchmark</title>");
    } else if (url.startsWith("/weights/")) {
      request.url = url.slice("/weights".length);
      weights(request, response);
    } else if (url.startsWith("/package/")) {
      request.url = url.slice("/package".length);
      built(request, response);
    } else {
      own(request, response, () => modules(request, response));
    }
  };
}
