import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import {
  OFFICIAL,
  checkIdentity,
  findCheckpoint,
} from "../../tools/steps/checkpoint.mjs";
import { scratch } from "./scratch.mjs";

/**
 * A repository beside a shared folder, with empty files at the given paths.
 * @param {import("node:test").TestContext} t
 * @param {...string} files relative to the repository
 */
async function repository(t, ...files) {
  const root = join(await scratch(t), "repository");
  mkdirSync(root);
  for (const file of files) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
  }
  return root;
}

test("RESNET18_WEIGHTS comes before everything else", async (t) => {
  const root = await repository(t, "mine.pth", "weights/here.pth");
  const mine = join(root, "mine.pth");
  assert.equal(await findCheckpoint(root, { RESNET18_WEIGHTS: mine }), mine);
});

test("a relative RESNET18_WEIGHTS is meant from where npm was called", async (t) => {
  const root = await repository(t, "www/mine.pth");
  const found = await findCheckpoint(root, {
    RESNET18_WEIGHTS: "mine.pth",
    INIT_CWD: join(root, "www"),
  });
  assert.equal(found, join(root, "www", "mine.pth"));
});

test("a RESNET18_WEIGHTS that does not exist is an error, not a reason to look elsewhere", async (t) => {
  const root = await repository(t, "weights/here.pth");
  await assert.rejects(
    findCheckpoint(root, { RESNET18_WEIGHTS: join(root, "gone.pth") }),
    /RESNET18_WEIGHTS names .*gone\.pth, which does not exist/,
  );
});

test("weights/ comes before ../shared/weights/", async (t) => {
  const root = await repository(
    t,
    "weights/z.pth",
    "../shared/weights/a.pth",
    `../shared/weights/${OFFICIAL.name}`,
  );
  assert.equal(await findCheckpoint(root, {}), join(root, "weights/z.pth"));
});

test("../shared/weights/ is looked through where weights/ has none", async (t) => {
  const root = await repository(
    t,
    "weights/resnet18-int8.safetensors",
    `weights/${OFFICIAL.name}.part`,
    "../shared/weights/a.pth",
  );
  const found = await findCheckpoint(root, {});
  assert.equal(found, join(root, "../shared/weights/a.pth"));
});

test("HEADSTART_SHARED stands for ../shared", async (t) => {
  const root = await repository(
    t,
    "../shared/weights/a.pth",
    "../elsewhere/weights/b.pth",
  );
  const elsewhere = join(root, "..", "elsewhere");
  const found = await findCheckpoint(root, { HEADSTART_SHARED: elsewhere });
  assert.equal(found, join(elsewhere, "weights", "b.pth"));
});

test("of several in one place, the official one is taken", async (t) => {
  const root = await repository(t, "weights/a.pth", `weights/${OFFICIAL.name}`);
  const found = await findCheckpoint(root, {});
  assert.equal(found, join(root, "weights", OFFICIAL.name));
});

test("without any there is none to find", async (t) => {
  assert.equal(await findCheckpoint(await repository(t), {}), undefined);
});

test("an official checkpoint passes without a word, under any name", () => {
  /** @type {string[]} */
  const log = [];
  const older =
    "5c106cde386e87d4033832f2996f5493238eda96ccf559d1d62760c4de0613f8";
  checkIdentity("w/renamed.pth", OFFICIAL.sha256, (line) => log.push(line));
  checkIdentity("w/resnet18-5c106cde.pth", older, (line) => log.push(line));
  assert.deepEqual(log, []);
});

test("another checkpoint passes with a line that says so", () => {
  /** @type {string[]} */
  const log = [];
  checkIdentity("w/mine.pth", "00", (line) => log.push(line));
  assert.deepEqual(log, [
    "- checkpoint: mine.pth, which is not the official one",
  ]);
});

test("a damaged file under the official name is refused", () => {
  assert.throws(() => checkIdentity(`w/${OFFICIAL.name}`, "00"), /is damaged/);
});
