/** Lists and hashes files. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";

/** @param {string | Uint8Array} data */
export const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** @param {string} path */
export async function sha256OfFile(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** @param {string} path */
export async function exists(path) {
  return (await sizeOf(path)) !== undefined;
}

/**
 * @param {string} path
 * @returns {Promise<number | undefined>}
 */
export async function sizeOf(path) {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

/**
 * Every file at or under the paths, sorted; a path that does not exist has none.
 * @param {string[]} paths
 * @param {{ except?: string[] }} [options] names of files and folders to leave out
 * @returns {Promise<string[]>}
 */
export async function filesUnder(paths, { except = [] } = {}) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} path */
  const visit = async (path) => {
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile()) found.push(path);
    if (!info?.isDirectory()) return;
    for (const name of await readdir(path)) {
      if (!except.includes(name)) await visit(join(path, name));
    }
  };
  for (const path of paths) await visit(path);
  return found.sort();
}

/**
 * Each file's hash under its path relative to `base`, written alike on every system.
 * @param {string[]} files
 * @param {string} base
 * @returns {Promise<Record<string, string>>}
 */
export async function hashesOf(files, base) {
  /** @type {Record<string, string>} */
  const hashes = {};
  for (const file of files) {
    hashes[relative(base, file).split(sep).join("/")] =
      await sha256OfFile(file);
  }
  return hashes;
}
