/** A place for a runner's report: new each time, so that an old report is never read for this run's. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * @template T
 * @param {string} name
 * @param {(path: string) => Promise<T>} work
 */
export async function withReport(name, work) {
  const folder = await mkdtemp(join(tmpdir(), "headstart-report-"));
  try {
    return await work(join(folder, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
