import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  nodePackagesAreCurrent,
  refuseLink,
} from "../../tools/node-packages.mjs";
import { scratch } from "./scratch.mjs";

/** @param {import("node:test").TestContext} t */
async function installedClone(t) {
  const root = await scratch(t);
  const packages = join(root, "node_modules");
  mkdirSync(packages);
  writeFileSync(join(root, "package-lock.json"), "{}");
  writeFileSync(join(packages, ".headstart-package-lock.json"), "{}");
  return { root, packages };
}

test("what was installed from this lock file is current", async (t) => {
  const { root } = await installedClone(t);
  assert.equal(await nodePackagesAreCurrent(root), true);
});

test("nothing installed, or from another lock file, is not", async (t) => {
  const { root, packages } = await installedClone(t);
  writeFileSync(join(root, "package-lock.json"), '{ "other": true }');
  assert.equal(await nodePackagesAreCurrent(root), false);
  rmSync(packages, { recursive: true });
  assert.equal(await nodePackagesAreCurrent(root), false);
});

test("without a lock file nothing is current", async (t) => {
  const { root } = await installedClone(t);
  rmSync(join(root, "package-lock.json"));
  assert.equal(await nodePackagesAreCurrent(root), false);
});

test("nothing is installed through a link, which would empty another clone's packages", async (t) => {
  const { root, packages } = await installedClone(t);
  await refuseLink(packages);
  const link = join(root, "link");
  symlinkSync(packages, link, "junction");
  await assert.rejects(refuseLink(link), /is a link/);
});
