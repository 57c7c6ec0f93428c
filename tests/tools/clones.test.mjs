import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { withNativeTarget } from "../../tools/support/cargo.mjs";
import { ask } from "../../tools/support/run.mjs";
import { scratch } from "./scratch.mjs";

/**
 * A clone whose sources are older than any build of another one.
 * @param {string} root
 * @param {string} name
 */
function clone(root, name) {
  const folder = join(root, name);
  const file = join(folder, "src", "main.rs");
  mkdirSync(join(folder, "src"), { recursive: true });
  writeFileSync(
    join(folder, "Cargo.toml"),
    '[package]\nname = "headstart"\nversion = "0.1.0"\nedition = "2024"\n',
  );
  writeFileSync(
    join(folder, "Cargo.lock"),
    'version = 4\n\n[[package]]\nname = "headstart"\nversion = "0.1.0"\n',
  );
  writeFileSync(file, `fn main() { println!("built from ${name}"); }\n`);
  utimesSync(file, new Date(2020, 0), new Date(2020, 0));
  return folder;
}

test("clones that share a target folder never get each other's build", async (t) => {
  const root = await scratch(t);
  const target = join(root, "target");
  const one = clone(root, "one");
  const two = clone(root, "two");
  for (const folder of [one, two, one, one]) {
    const args = ["run", "--quiet", "--release"];
    const printed = await withNativeTarget(
      (env) => ask("cargo", args, { cwd: folder, env }),
      folder,
      target,
    );
    assert.equal(printed, `built from ${folder === one ? "one" : "two"}`);
  }
});
