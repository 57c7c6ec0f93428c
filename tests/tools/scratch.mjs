/** An empty folder for one test, gone after it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @param {import("node:test").TestContext} t */
export async function scratch(t) {
  const folder = await mkdtemp(join(tmpdir(), "headstart-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
