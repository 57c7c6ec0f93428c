import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { requireNode } from "../../tools/node-packages.mjs";
import { atLeast } from "../../tools/steps/rust.mjs";
import { pinnedRust } from "../../tools/support/cargo.mjs";
import { inRoot } from "../../tools/support/paths.mjs";

test("the toolchain that is pinned is one that the crate can be built with", async () => {
  const manifest = readFileSync(inRoot("Cargo.toml"), "utf8");
  const least = /^rust-version = "(.*)"$/m.exec(manifest)?.[1];
  assert.match(least ?? "", /^\d+\.\d+/);
  assert.match(await pinnedRust(), /^\d+\.\d+\.\d+$/);
  assert(atLeast(await pinnedRust(), least ?? ""));
});

test("versions compare by number", () => {
  assert(atLeast("rustc 1.96.0 (ac68faa20 2026-05-25)", "1.95"));
  assert(atLeast("1.95.0", "1.95"));
  assert(atLeast("1.95", "1.95.0"));
  assert(atLeast("2.0", "1.95.7"));
  assert(!atLeast("1.9.0", "1.10"));
  assert(!atLeast("1.94.1", "1.95"));
});

test("an old node is told what it needs", () => {
  assert.throws(() => requireNode("20.18.3"), /Node 20\.19 or newer/);
  assert.throws(() => requireNode("18.20.0"), /Node 20\.19 or newer/);
  requireNode("20.19.0");
  requireNode("26.1.0");
});
