import assert from "node:assert/strict";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { withTarget } from "../../tools/support/cargo.mjs";
import { run } from "../../tools/support/run.mjs";
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
    const { stdout } = await withTarget(
      target,
      (env) => run("cargo", args, { cwd: folder, env, output: () => {} }),
      { folder },
    );
    assert.equal(stdout.trim(), `built from ${folder === one ? "one" : "two"}`);
  }
});

test("a clone that changed is built again, and nothing else is removed for it", async (t) => {
  const root = await scratch(t);
  const target = join(root, "target");
  const one = clone(root, "one");
  const build = () =>
    withTarget(
      target,
      (env) => run("cargo", ["build", "--quiet"], { cwd: one, env }),
      { folder: one },
    );
  await build();
  const marked = join(target, "debug", "incremental", "kept");
  mkdirSync(join(target, "debug", "incremental"), { recursive: true });
  writeFileSync(marked, "");
  writeFileSync(join(one, "src", "main.rs"), "fn main() {}\n");
  await build();
  assert(existsSync(marked), "what was built before is still there");
});
