/** How much code each library makes a browser download. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { exists, sha256OfFile } from "../../tools/support/files.mjs";
import { packageDist } from "../../tools/support/paths.mjs";
import { distFolder, engineFolder } from "./bundle.mjs";

/**
 * Bytes as they are, by gzip at its best and by brotli at its best.
 * @typedef {{ raw: number, gzip: number, brotli: number }} Size
 * @typedef {{ files: string[] } & Size} Download
 */

/**
 * The files that the engine's worker fetched; for Headstart those of its package and the module that it fetched.
 * @param {import("./engines.mjs").Engine} engine
 * @param {Set<string>} fetched paths below the server's root
 * @returns {Promise<Download>}
 */
export async function downloadOf({ id, library, script }, fetched) {
  const prefix = `/engine/${id}/`;
  const names = [...fetched]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .sort();
  let paths = names.map((name) => join(engineFolder, script, name));
  if (library === "headstart") {
    const scripts = ["index.js", "worker.js"];
    paths = [
      ...scripts.map((name) => join(packageDist, name)),
      ...paths.filter((path) => path.endsWith(".wasm")),
    ];
  }
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const path of paths) {
    const size = await sizeOf(path);
    total.raw += size.raw;
    total.gzip += size.gzip;
    total.brotli += size.brotli;
  }
  return { files: paths.map((path) => path.replace(/.*[\\/]/, "")), ...total };
}

/**
 * Kept by the file's hash: brotli at its best takes a minute for a large module.
 * @param {string} path
 * @returns {Promise<Size>}
 */
async function sizeOf(path) {
  const folder = join(distFolder, "sizes");
  const kept = join(folder, `${await sha256OfFile(path)}.json`);
  if (await exists(kept)) return JSON.parse(await readFile(kept, "utf8"));
  const bytes = await readFile(path);
  const size = {
    raw: bytes.length,
    gzip: (await promisify(gzip)(bytes, { level: 9 })).length,
    // Node's default quality is the highest.
    brotli: (await promisify(brotliCompress)(bytes)).length,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(kept, JSON.stringify(size));
  return size;
}

/** Bytes of what is downloaded besides code. @param {string} path */
export const fileBytes = async (path) => (await readFile(path)).length;
