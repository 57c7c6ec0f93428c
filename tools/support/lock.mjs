/** Lets one process at a time do something, where several clones or terminals share a folder. */
import { rmSync } from "node:fs";
import { mkdir, open, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "./console.mjs";

/**
 * Runs `work` while holding the lock file at `path`, which its holder keeps young: one that has grown old belongs
 * to a process that was killed, and is taken over.
 * @template T
 * @param {string} path
 * @param {string} what what a waiting person waits for
 * @param {() => Promise<T>} work
 * @param {{ stale?: number, log?: (line: string) => void }} [options] stale in milliseconds
 * @returns {Promise<T>}
 */
export async function withLock(path, what, work, options = {}) {
  const { stale = 15_000, log = say } = options;
  await mkdir(dirname(path), { recursive: true });
  for (let waiting = false; !(await take(path));) {
    if (!waiting) log(`- waiting for ${what} in another process`);
    waiting = true;
    if ((await ageOf(path)) > stale) await rm(path, { force: true });
    else await sleep(Math.min(500, stale / 4));
  }
  // Somebody who stops this and starts again should not wait until the lock has grown old.
  const release = () => rmSync(path, { force: true });
  process.on("exit", release);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, stale / 5);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off("exit", release);
    release();
  }
}

/** @param {string} path */
async function take(path) {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    // Windows says EPERM while another process is removing the file.
    if (code === "EEXIST" || code === "EPERM") return false;
    throw error;
  }
}

/** @param {string} path */
async function ageOf(path) {
  const info = await stat(path).catch(() => undefined);
  return info ? Date.now() - info.mtimeMs : 0;
}
