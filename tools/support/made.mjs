/**
 * Results that are made once for the same inputs: a step whose result is current is skipped, and what another clone
 * made already is taken from the cache. Contents are compared, not dates: a checkout changes dates and nothing else.
 */
import {
  cp,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { sayCurrent } from "./console.mjs";
import { exists, filesUnder, hashesOf, sha256 } from "./files.mjs";
import { cacheFolder, root } from "./paths.mjs";

const DAYS_KEPT = 30;

/**
 * @typedef {object} Result
 * @property {string} name for people, and of the stamp
 * @property {string[]} inputs files that decide the result
 * @property {unknown} [facts] whatever else decides it: versions, flags
 * @property {string} destination a file or a folder, which is made anew
 * @property {string[]} [except] names of files in it that are not the step's
 * @property {string} [shelf] the cache's folder for it, where making it takes long
 *
 * @typedef {{ base?: string, cache?: string }} Places the repository, and the cache, where they are not the usual ones
 */

/**
 * Whether the destination holds what the step would make.
 * @param {Result} result
 * @param {Places} [places]
 */
export async function isCurrent(result, places) {
  return matches(result, await keyOf(result, places), places);
}

/**
 * Sees to it that the destination holds the result of these inputs.
 * @param {Result} result
 * @param {(path: string) => Promise<unknown>} make puts the result at this path, where nothing is yet
 * @param {Places} [places]
 * @returns {Promise<boolean>} whether anything changed
 */
export async function made(result, make, places = {}) {
  const { name, destination, shelf } = result;
  const { base = root, cache = cacheFolder } = places;
  const key = await keyOf(result, places);
  if (await matches(result, key, places)) {
    sayCurrent(name);
    return false;
  }
  const entry = shelf && join(cache, shelf, key);
  if (!entry || !(await exists(entry))) {
    // Whole under its name or not at all.
    const unfinished = `${entry ?? destination}-${randomUUID()}`;
    await mkdir(dirname(unfinished), { recursive: true });
    try {
      await make(unfinished);
      if (!entry) await rm(destination, { recursive: true, force: true });
      await rename(unfinished, entry ?? destination);
    } catch (error) {
      // Another clone may have been quicker.
      if (!entry || !(await exists(entry))) throw error;
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  if (entry) {
    const now = new Date();
    await utimes(entry, now, now);
    await rm(destination, { recursive: true, force: true });
    await mkdir(dirname(destination), { recursive: true });
    await cp(entry, destination, { recursive: true });
    await dropUnused(dirname(entry));
  }
  const results = await resultsOf(result, base);
  await mkdir(join(base, ".stamps"), { recursive: true });
  await writeFile(
    stampOf(result, base),
    JSON.stringify({ key, results }, null, 1) + "\n",
  );
  return true;
}

/**
 * @param {Result} result
 * @param {Places} [places]
 */
async function keyOf({ inputs, facts }, { base = root } = {}) {
  return sha256(JSON.stringify([await hashesOf(inputs, base), facts ?? null]));
}

/**
 * @param {Result} result
 * @param {string} key
 * @param {Places} [places]
 */
async function matches(result, key, { base = root } = {}) {
  try {
    const stamp = JSON.parse(await readFile(stampOf(result, base), "utf8"));
    const found = JSON.stringify(await resultsOf(result, base));
    return stamp.key === key && JSON.stringify(stamp.results) === found;
  } catch {
    return false;
  }
}

/**
 * @param {Result} result
 * @param {string} base
 */
async function resultsOf({ destination, except }, base) {
  return hashesOf(await filesUnder([destination], except), base);
}

/**
 * @param {Result} result
 * @param {string} base
 */
const stampOf = ({ name }, base) =>
  join(base, ".stamps", `${name.replaceAll(/\W+/g, "-")}.json`);

/** @param {string} shelf */
async function dropUnused(shelf) {
  const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
  for (const name of await readdir(shelf)) {
    const path = join(shelf, name);
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtimeMs < oldest)
      await rm(path, { recursive: true, force: true });
  }
}
