/** A folder of results by the hash of what they were made from, shared by all clones. */
import { randomUUID } from "node:crypto";
import { cp, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "./files.mjs";
import { cacheFolder } from "./paths.mjs";

const DAYS_KEPT = 30;

/**
 * Puts the folder of results for `key` at `destination`, making it first if the cache lacks it.
 * @param {string} kind
 * @param {string} key
 * @param {string} destination
 * @param {(folder: string) => Promise<void>} make fills an empty folder
 * @param {string} [cache]
 */
export async function fromCache(
  kind,
  key,
  destination,
  make,
  cache = cacheFolder,
) {
  const shelf = join(cache, kind);
  const entry = join(shelf, key);
  if (!(await exists(entry))) {
    // Not mkdtemp: its folders, and so the copies of them, are for the owner's eyes only.
    const unfinished = join(shelf, `unfinished-${randomUUID()}`);
    await mkdir(unfinished, { recursive: true });
    try {
      await make(unfinished);
      // The name appears only once everything is in the folder.
      await rename(unfinished, entry).catch(async (error) => {
        if (!(await exists(entry))) throw error;
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  const now = new Date();
  await utimes(entry, now, now);
  await rm(destination, { recursive: true, force: true });
  await cp(entry, destination, { recursive: true });
  await dropUnused(shelf);
}

/** @param {string} shelf */
async function dropUnused(shelf) {
  const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
  for (const name of await readdir(shelf)) {
    const path = join(shelf, name);
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtimeMs < oldest) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
