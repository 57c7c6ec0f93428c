import assert from "node:assert/strict";
import {
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fromCache } from "../../tools/support/content-cache.mjs";
import { filesUnder } from "../../tools/support/files.mjs";
import { Stamps, keyOf } from "../../tools/support/stamp.mjs";
import { scratch } from "./scratch.mjs";

/** @param {import("node:test").TestContext} t */
async function finishedStep(t) {
  const root = await scratch(t);
  const source = join(root, "source");
  const result = join(root, "result");
  writeFileSync(source, "in");
  writeFileSync(result, "out");
  const stamps = new Stamps(join(root, ".stamps"), root);
  const key = () => keyOf([source], { flags: ["-O2"] }, root);
  await stamps.record("step", await key(), [result]);
  return { root, source, result, stamps, key };
}

test("a finished step is current, also for another run and with other dates", async (t) => {
  const { root, source, key } = await finishedStep(t);
  utimesSync(source, new Date(), new Date(Date.now() + 1e6));
  const later = new Stamps(join(root, ".stamps"), root);
  assert.equal(await later.isCurrent("step", await key()), true);
});

test("a step that never ran is not current", async (t) => {
  const { stamps, key } = await finishedStep(t);
  assert.equal(await stamps.isCurrent("other", await key()), false);
});

test("a changed input makes a step outdated", async (t) => {
  const { source, stamps, key } = await finishedStep(t);
  writeFileSync(source, "IN");
  assert.equal(await stamps.isCurrent("step", await key()), false);
});

test("a changed flag makes a step outdated", async (t) => {
  const { root, source, stamps } = await finishedStep(t);
  const key = await keyOf([source], { flags: ["-O3"] }, root);
  assert.equal(await stamps.isCurrent("step", key), false);
});

test("a renamed input makes a step outdated", async (t) => {
  const { root, stamps } = await finishedStep(t);
  writeFileSync(join(root, "renamed"), "in");
  const key = await keyOf([join(root, "renamed")], { flags: ["-O2"] }, root);
  assert.equal(await stamps.isCurrent("step", key), false);
});

test("a deleted or changed result makes a step outdated", async (t) => {
  const { result, stamps, key } = await finishedStep(t);
  writeFileSync(result, "OUT");
  assert.equal(await stamps.isCurrent("step", await key()), false);
  rmSync(result);
  assert.equal(await stamps.isCurrent("step", await key()), false);
});

test("a damaged stamp makes a step outdated", async (t) => {
  const { root, stamps, key } = await finishedStep(t);
  writeFileSync(join(root, ".stamps", "step.json"), '{"key":');
  assert.equal(await stamps.isCurrent("step", await key()), false);
});

test("a step without results cannot be recorded", async (t) => {
  const { stamps, key } = await finishedStep(t);
  await assert.rejects(stamps.record("step", await key(), []), /no results/);
});

test("files are found in folders, sorted, without what is left out", async (t) => {
  const root = await scratch(t);
  mkdirSync(join(root, "b/node_modules"), { recursive: true });
  for (const name of ["c", "b/d", "b/node_modules/e", "a"]) {
    writeFileSync(join(root, name), "");
  }
  const found = await filesUnder([root, join(root, "missing")], {
    except: ["node_modules"],
  });
  assert.deepEqual(
    found,
    ["a", "b/d", "c"].map((name) => join(root, name)),
  );
});

test("a result is made once and then comes from the cache, also for another clone", async (t) => {
  const root = await scratch(t);
  const cache = join(root, "cache");
  let made = 0;
  const make = async (/** @type {string} */ folder) => {
    made++;
    writeFileSync(join(folder, "file"), `made ${made}`);
  };
  for (const clone of ["one", "two"]) {
    const destination = join(root, clone);
    mkdirSync(destination);
    writeFileSync(join(destination, "old"), "");
    await fromCache("kind", "key", destination, make, cache);
    assert.deepEqual(await filesUnder([destination]), [
      join(destination, "file"),
    ]);
    assert.equal(readFileSync(join(destination, "file"), "utf8"), "made 1");
  }
  await fromCache("kind", "other key", join(root, "one"), make, cache);
  assert.equal(readFileSync(join(root, "one", "file"), "utf8"), "made 2");
});

test("a result that could not be made leaves nothing in the cache", async (t) => {
  const root = await scratch(t);
  const cache = join(root, "cache");
  const fail = async (/** @type {string} */ folder) => {
    writeFileSync(join(folder, "half"), "");
    throw new Error("out of memory");
  };
  await assert.rejects(
    fromCache("kind", "key", join(root, "out"), fail, cache),
    /out of memory/,
  );
  assert.deepEqual(await filesUnder([cache]), []);
});
