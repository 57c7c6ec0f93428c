/** How set-up speaks: one line per step, and failures that say what mends them. */

import { statfsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";

/** A failure that a person can act on; it is shown without a stack. */
export class SetupError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} [mend] what to do about it, as a sentence
   * @param {{ cause?: unknown }} [options]
   */
  constructor(message, mend, options) {
    super(message, options);
    this.name = "SetupError";
    this.mend = mend;
  }
}

/** @param {string} line */
export const say = (line) => console.log(line);

/** @param {string} what */
export const sayCurrent = (what) => say(`- ${what}: up to date`);

/** @param {string} line */
export const warn = (line) => console.warn(`! ${line}`);

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 1) return "under a second";
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Runs one step and says what it does, how long it usually takes and how long it took.
 * @template T
 * @param {{ doing: string, usually: string, mend: string }} step
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step({ doing, usually, mend }, work) {
  say(`> ${doing} (usually ${usually})`);
  const start = performance.now();
  try {
    const result = await work();
    say(`< ${doing}: done in ${duration(performance.now() - start)}`);
    return result;
  } catch (error) {
    if (error instanceof SetupError && error.mend) throw error;
    const message = `${doing} failed: ${messageOf(error)}`;
    throw new SetupError(message, fullDisk() ?? mend, { cause: error });
  }
}

/** A full disk lets programs fail with all kinds of messages, of which few name it. */
function fullDisk() {
  const full = [process.cwd(), homedir(), tmpdir()].find((folder) => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < 20e6;
  });
  return (
    full &&
    `The disk is full: make room where ${full} lies, then run this again`
  );
}

/** @param {unknown} error */
export const messageOf = (error) =>
  error instanceof Error ? error.message : String(error);

/** @param {unknown} error */
export function describe(error) {
  if (!(error instanceof SetupError)) {
    return error instanceof Error && error.stack ? error.stack : String(error);
  }
  return error.mend ? `${error.message}\n  ${error.mend}` : error.message;
}

/**
 * Runs an entry point; a failure is told and becomes the exit status.
 * @param {() => Promise<void>} work
 */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    const room = /** @type {{ code?: string }} */ (error).code === "ENOSPC";
    const told = room ? new SetupError(messageOf(error), fullDisk()) : error;
    console.error(`\nError: ${describe(told)}`);
    process.exitCode = 1;
  }
}
