import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  atLeast,
  lockedVersion,
  minimumRust,
} from "../../tools/support/cargo.mjs";
import { inRoot } from "../../tools/support/paths.mjs";
import { requireNode } from "../../tools/steps/node-packages.mjs";
import { newest } from "../../tools/steps/wasm-toolchain.mjs";

const LOCK = `version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"
dependencies = [
 "wasm-bindgen",
]

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.131"
`;

test("wasm-bindgen's version is its own, not that of a crate with a longer name", () => {
  assert.equal(lockedVersion(LOCK, "wasm-bindgen"), "0.2.130");
  assert.equal(lockedVersion(LOCK, "wasm"), undefined);
});

test("the repository's own lock file and manifest name the versions that set-up needs", () => {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  assert.match(lockedVersion(lock, "wasm-bindgen") ?? "", /^\d+\.\d+\.\d+$/);
  const manifest = readFileSync(inRoot("Cargo.toml"), "utf8");
  assert.match(minimumRust(manifest) ?? "", /^\d+\.\d+/);
});

test("versions compare by number", () => {
  assert(atLeast("rustc 1.96.0 (ac68faa20 2026-05-25)", "1.95"));
  assert(atLeast("1.95.0", "1.95"));
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

test("the newest linker is the one with the greatest number", () => {
  assert.equal(newest(["lld-9", "lld-22", "lld-19"]), "lld-22");
  assert.equal(newest(["wasm-ld", "wasm-ld-14"]), "wasm-ld-14");
  assert.equal(newest([]), undefined);
});
