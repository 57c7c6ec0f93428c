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

/**
 * @param {string} path
 * @returns {Promise<number | undefined>} `undefined` where there is nothing
 */
export const sizeOf = async (path) =>
  (await stat(path).catch(() => undefined))?.size;

/** @param {string} path */
export const exists = async (path) => (await sizeOf(path)) !== undefined;

/**
 * Every file at or under the paths, sorted; a path that does not exist has none.
 * @param {string[]} paths
 * @param {string[]} [except] names of files and folders to leave out
 * @returns {Promise<string[]>}
 */
export async function filesUnder(paths, except = []) {
  const all = await Promise.all(
    paths.map(async (path) => {
      const info = await stat(path).catch(() => undefined);
      if (!info?.isDirectory()) return info ? [path] : [];
      const names = (await readdir(path)).filter(
        (name) => !except.includes(name),
      );
      return filesUnder(
        names.map((name) => join(path, name)),
        except,
      );
    }),
  );
  return all.flat().sort();
}

/**
 * Each file's hash under its path relative to `base`, written alike on every system.
 * @param {string[]} files
 * @param {string} base
 * @returns {Promise<Record<string, string>>}
 */
export async function hashesOf(files, base) {
  const hashes = files.map(async (file) => [
    relative(base, file).split(sep).join("/"),
    await sha256OfFile(file),
  ]);
  return Object.fromEntries(await Promise.all(hashes));
}
