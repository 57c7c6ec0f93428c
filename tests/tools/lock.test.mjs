import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../tools/support/lock.mjs";
import { scratch } from "./scratch.mjs";

/** @param {import("node:test").TestContext} t */
async function lock(t) {
  const path = join(await scratch(t), "folder", "lock");
  /** @type {string[]} */
  const lines = [];
  const options = {
    stale: 400,
    log: (/** @type {string} */ line) => lines.push(line),
  };
  return {
    path,
    lines,
    /** @param {() => Promise<unknown>} work */
    hold: (work) => withLock(path, "a build", work, options),
  };
}

test("two that want the same lock work one after the other, and the second says that it waits", async (t) => {
  const { path, lines, hold } = await lock(t);
  /** @type {string[]} */
  const order = [];
  // Longer than a lock lives without its holder.
  const long = async () => {
    order.push("begin");
    await sleep(900);
    order.push("end");
  };
  await Promise.all([hold(long), hold(long)]);
  assert.deepEqual(order, ["begin", "end", "begin", "end"]);
  assert.deepEqual(lines, ["- waiting for a build in another process"]);
  assert.equal(existsSync(path), false);
});

test("a failure releases the lock and is passed on", async (t) => {
  const { path, hold } = await lock(t);
  const fails = () => Promise.reject(new Error("does not compile"));
  await assert.rejects(hold(fails), /does not compile/);
  assert.equal(existsSync(path), false);
});

test("the lock of a process that was killed is taken over", async (t) => {
  const { path, hold } = await lock(t);
  await hold(async () => {});
  writeFileSync(path, "");
  utimesSync(path, new Date(2020, 0), new Date(2020, 0));
  assert.equal(await hold(async () => "done"), "done");
});

test("a process that ends in the midst of its work leaves no lock behind", async (t) => {
  const path = join(await scratch(t), "build.lock");
  const script = `
    import { withLock } from ${JSON.stringify(new URL("../../tools/support/lock.mjs", import.meta.url).href)};
    await withLock(${JSON.stringify(path)}, "a build", async () => process.exit(3));
  `;
  const { status } = spawnSync(process.execPath, [
    ...["--input-type=module", "--eval", script],
  ]);
  assert.equal(status, 3);
  assert.equal(existsSync(path), false);
});
