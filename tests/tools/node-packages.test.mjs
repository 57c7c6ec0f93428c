import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  nodePackagesAreCurrent,
  refuseLinkedFolders,
} from "../../tools/steps/node-packages.mjs";
import { scratch } from "./scratch.mjs";

/** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean }>} Packages */

/** @type {Packages} */
const LOCKED = {
  "": { version: "0.1.0" },
  www: { version: "0.1.0" },
  "node_modules/page": { link: true },
  "node_modules/sirv": { version: "3.0.2" },
  "www/node_modules/vite": { version: "8.3.8" },
  "node_modules/only-elsewhere": { version: "1.0.0", optional: true },
};

/**
 * @param {import("node:test").TestContext} t
 * @param {Packages} installed
 */
async function clone(t, installed) {
  const root = await scratch(t);
  const write = (
    /** @type {string} */ path,
    /** @type {Packages} */ packages,
  ) => writeFileSync(join(root, path), JSON.stringify({ packages }));
  for (const path of Object.keys(installed)) {
    mkdirSync(join(root, path), { recursive: true });
  }
  mkdirSync(join(root, "node_modules"), { recursive: true });
  write("package-lock.json", LOCKED);
  write("node_modules/.package-lock.json", installed);
  return root;
}

/** @type {Packages} */
const INSTALLED = {
  "node_modules/page": { link: true },
  "node_modules/sirv": { version: "3.0.2" },
  "www/node_modules/vite": { version: "8.3.8" },
};

test("what the lock file asks for is current, without other platforms' packages", async (t) => {
  assert.equal(await nodePackagesAreCurrent(await clone(t, INSTALLED)), true);
});

test("nothing installed is not current", async (t) => {
  const root = await clone(t, INSTALLED);
  rmSync(join(root, "node_modules"), { recursive: true });
  assert.equal(await nodePackagesAreCurrent(root), false);
});

test("another version than the lock file's is not current", async (t) => {
  const other = { ...INSTALLED, "node_modules/sirv": { version: "3.0.1" } };
  assert.equal(await nodePackagesAreCurrent(await clone(t, other)), false);
});

test("a package that the lock file has and nobody installed is not current", async (t) => {
  const fewer = { ...INSTALLED };
  delete fewer["node_modules/sirv"];
  assert.equal(await nodePackagesAreCurrent(await clone(t, fewer)), false);
});

test("a package whose folder is gone is not current", async (t) => {
  const root = await clone(t, INSTALLED);
  rmSync(join(root, "www/node_modules"), { recursive: true });
  assert.equal(await nodePackagesAreCurrent(root), false);
});

test("nothing is installed through a link, which would empty another clone's packages", async (t) => {
  const root = await clone(t, INSTALLED);
  const manifest = JSON.stringify({ workspaces: ["www", "tests"] });
  writeFileSync(join(root, "package.json"), manifest);
  await refuseLinkedFolders(root);
  rmSync(join(root, "www/node_modules"), { recursive: true });
  symlinkSync(
    join(root, "node_modules"),
    join(root, "www/node_modules"),
    "junction",
  );
  await assert.rejects(refuseLinkedFolders(root), /node_modules is a link/);
});
