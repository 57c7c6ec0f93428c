/**
 * `npm run bench -- package`: in one page on the CPU, 200 photos are added for the first time and then again,
 * to another classifier and after a reload; what the page's own thread does meanwhile; and memory over ten
 * cycles of create, add 20, train and dispose. `npm run bench -- package webgpu` does the cycles on WebGPU,
 * which takes 6 minutes where that is software; `npm run bench -- package webgpu 4` adds 4 instead of 20.
 * `npm run bench -- package growth` embeds, and then adds, 5,000 images, and says what memory that takes.
 */
import { cpus } from "node:os";
import { main, say } from "../../tools/support/console.mjs";
import { inBrowser } from "./chromium.mjs";
import { readPhotos } from "./photos.mjs";

const PHOTOS = 200;
const CYCLES = 10;
const PHOTOS_A_CYCLE = 20;
const MARKS = [100, 500, 1000, 2000, 5000];
const MEGABYTE = 1024 * 1024;

await main(async () => {
  const all = readPhotos(["train"]);
  const [, , backend, count = PHOTOS_A_CYCLE] = process.argv;
  if (backend === "webgpu") {
    const flags = ["--use-webgpu-adapter=swiftshader"];
    const photos = some(all, Number(count));
    await inBrowser(
      (page, version) => memory(page, version, "webgpu", photos),
      flags,
    );
    return;
  }
  if (backend === "growth") {
    await inBrowser((page, version) => growth(page, version, all));
    return;
  }
  await inBrowser(async (page, version) => {
    await adding(page, version, some(all, PHOTOS));
    await memory(page, version, "cpu", some(all, PHOTOS_A_CYCLE));
  });
});

/**
 * @typedef {import("./photos.mjs").Photo} Photo
 * @typedef {import("@playwright/test").Page} Page
 * @typedef {{ milliseconds: number, cached: number, long: number[] }} Adding
 * @typedef {{ wasm: number, gpu: number | null }} Memory
 */

/**
 * As many of each class.
 * @param {Photo[]} photos
 * @param {number} count
 */
function some(photos, count) {
  return ["ants", "bees"].flatMap((label) =>
    photos.filter((photo) => photo.label === label).slice(0, count / 2),
  );
}

/**
 * @param {Page} page
 * @param {string} version
 * @param {Photo[]} photos
 */
async function adding(page, version, photos) {
  say(
    `\nAdding ${photos.length} photos on the CPU; Chromium ${version}, ${cpus().length} cores, ${cpus()[0]?.model}`,
  );
  await load(page);
  await page.evaluate(() => /** @type {any} */ (window).clear());
  const first = await add(page, photos);
  print("first time", first, first);
  print("again, another classifier", await add(page, photos), first);
  await load(page);
  print("again, after a reload", await add(page, photos), first);
}

/**
 * @param {Page} page
 * @param {Photo[]} photos
 * @returns {Promise<Adding>}
 */
function add(page, photos) {
  return page.evaluate(
    (photos) => /** @type {any} */ (window).addAll(photos),
    photos,
  );
}

/** @param {Page} page */
async function load(page) {
  await page.reload();
  await page.addScriptTag({ url: "/package-page.js", type: "module" });
  await page.waitForFunction(() => "addAll" in window);
}

/**
 * @param {string} name
 * @param {Adding} run
 * @param {Adding} first
 */
function print(name, { milliseconds, cached, long }, first) {
  const share = (100 * milliseconds) / first.milliseconds;
  const tasks =
    long.length === 0
      ? "no task over 50 ms on the page's thread"
      : `${long.length} tasks over 50 ms on the page's thread, the longest ${Math.round(Math.max(...long))} ms`;
  say(
    `${name}: ${(milliseconds / 1000).toFixed(2)} s (${share.toFixed(1)} % of the first time), ` +
      `${cached} from the cache; ${tasks}`,
  );
}

/**
 * @param {Page} page
 * @param {string} version
 * @param {"cpu" | "webgpu"} backend
 * @param {Photo[]} photos
 */
async function memory(page, version, backend, photos) {
  say(
    `\nMemory after each of ${CYCLES} cycles of create, add ${photos.length}, train, dispose on ${backend}; Chromium ${version}`,
  );
  await load(page);
  /** @type {Memory[]} */
  const all = await page.evaluate(
    ({ photos, backend, count }) =>
      /** @type {any} */ (window).cycles(photos, backend, count),
    { photos, backend, count: CYCLES },
  );
  series(
    "WebAssembly",
    all.map(({ wasm }) => wasm),
  );
  if (backend === "webgpu")
    series(
      "graphics device",
      all.map(({ gpu }) => gpu ?? NaN),
    );
}

/**
 * @param {Page} page
 * @param {string} version
 * @param {Photo[]} photos
 */
async function growth(page, version, photos) {
  for (const what of ["embed", "add"]) {
    say(
      `\nWebAssembly memory after ${MARKS.join(", ")} images (${what}) on the CPU; Chromium ${version}`,
    );
    await load(page);
    /** @type {number[]} */
    const bytes = await page.evaluate(
      ({ photos, what, marks }) =>
        /** @type {any} */ (window).growth(photos, what, marks),
      { photos, what, marks: MARKS },
    );
    series(what, bytes);
  }
}

/**
 * @param {string} name
 * @param {number[]} bytes
 */
function series(name, bytes) {
  const growth = (bytes.at(-1) ?? NaN) / (bytes[1] ?? NaN) - 1;
  say(
    `${name}: ${bytes.map((each) => (each / MEGABYTE).toFixed(1)).join(", ")} MiB; ` +
      `${(100 * growth).toFixed(1)} % from the second to the last`,
  );
}
