import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { filesUnder } from "../../tools/support/files.mjs";
import { isCurrent, made } from "../../tools/support/made.mjs";
import { scratch } from "./scratch.mjs";

/**
 * A clone with a step that counts how often it ran.
 * @param {string} base
 * @param {string} [shelf]
 */
function clone(base, shelf) {
  mkdirSync(base, { recursive: true });
  const source = join(base, "source");
  writeFileSync(source, "in");
  const destination = join(base, "out", "result");
  const result = {
    ...{ name: "a step", inputs: [source], facts: ["-O2"], destination },
    shelf,
  };
  const places = { base, cache: join(base, "..", "cache") };
  return { base, source, destination, result, places };
}

let runs = 0;
/** @param {string} path */
async function make(path) {
  mkdirSync(path);
  writeFileSync(join(path, "file"), `made ${++runs}`);
}

/** @param {import("node:test").TestContext} t */
async function finished(t) {
  const step = clone(join(await scratch(t), "clone"));
  assert.equal(await made(step.result, make, step.places), true);
  const current = (changes = {}) =>
    isCurrent({ ...step.result, ...changes }, step.places);
  return { ...step, current };
}

test("a finished step is current and not run again, also with other dates", async (t) => {
  const { source, result, places, current } = await finished(t);
  utimesSync(source, new Date(), new Date(Date.now() + 1e6));
  assert.equal(await current(), true);
  const before = runs;
  assert.equal(await made(result, make, places), false);
  assert.equal(runs, before);
});

test("a step that never ran is not current", async (t) => {
  const { current } = await finished(t);
  assert.equal(await current({ name: "another" }), false);
});

test("a changed input, a renamed one and a changed flag make a step outdated", async (t) => {
  const { source, current } = await finished(t);
  assert.equal(await current({ facts: ["-O3"] }), false);
  const renamed = `${source}-renamed`;
  renameSync(source, renamed);
  assert.equal(await current({ inputs: [renamed] }), false);
  renameSync(renamed, source);
  writeFileSync(source, "IN");
  assert.equal(await current(), false);
});

test("a changed, deleted or added result makes a step outdated", async (t) => {
  const { destination, current } = await finished(t);
  const file = join(destination, "file");
  const content = readFileSync(file);
  writeFileSync(file, "other");
  assert.equal(await current(), false);
  writeFileSync(file, content);
  assert.equal(await current(), true);
  writeFileSync(join(destination, "added"), "");
  assert.equal(await current(), false);
  assert.equal(await current({ except: ["added"] }), true);
  rmSync(destination, { recursive: true });
  assert.equal(await current(), false);
});

test("a damaged stamp makes a step outdated", async (t) => {
  const { base, current } = await finished(t);
  const [stamp = ""] = readdirSync(join(base, ".stamps"));
  writeFileSync(join(base, ".stamps", stamp), '{"key":');
  assert.equal(await current(), false);
});

test("a step that fails leaves what was there, and nothing beside it", async (t) => {
  const { source, destination, result, places } = await finished(t);
  const before = readFileSync(join(destination, "file"), "utf8");
  writeFileSync(source, "IN");
  const fail = async (/** @type {string} */ path) => {
    await make(path);
    throw new Error("out of memory");
  };
  await assert.rejects(made(result, fail, places), /out of memory/);
  assert.equal(readFileSync(join(destination, "file"), "utf8"), before);
  assert.deepEqual(readdirSync(join(destination, "..")), ["result"]);
  assert.equal(await isCurrent(result, places), false);
});

test("a file is as good a result as a folder", async (t) => {
  const { result, destination, places } = clone(
    join(await scratch(t), "clone"),
  );
  await made(result, async (path) => writeFileSync(path, "out"), places);
  assert.equal(readFileSync(destination, "utf8"), "out");
  assert.equal(await isCurrent(result, places), true);
});

test("a result on a shelf is made once for all clones", async (t) => {
  const root = await scratch(t);
  const before = runs;
  for (const name of ["one", "two", "one"]) {
    const { result, destination, places } = clone(join(root, name), "shelf");
    await made(result, make, places);
    assert.deepEqual(await filesUnder([destination]), [
      join(destination, "file"),
    ]);
  }
  assert.equal(runs, before + 1);
  const { source, result, places } = clone(join(root, "one"), "shelf");
  writeFileSync(source, "IN");
  await made(result, make, places);
  assert.equal(runs, before + 2);
});

test("a result that could not be made leaves nothing on the shelf", async (t) => {
  const { result, places } = clone(join(await scratch(t), "clone"), "shelf");
  const fail = async (/** @type {string} */ path) => {
    await make(path);
    throw new Error("out of memory");
  };
  await assert.rejects(made(result, fail, places), /out of memory/);
  assert.equal(existsSync(places.cache), true);
  assert.deepEqual(await filesUnder([places.cache]), []);
});

test("files are found in folders, sorted, without what is left out", async (t) => {
  const root = await scratch(t);
  mkdirSync(join(root, "b/node_modules"), { recursive: true });
  for (const name of ["c", "b/d", "b/node_modules/e", "a"]) {
    writeFileSync(join(root, name), "");
  }
  const found = await filesUnder(
    [root, join(root, "missing")],
    ["node_modules"],
  );
  assert.deepEqual(
    found,
    ["a", "b/d", "c"].map((name) => join(root, name)),
  );
});
