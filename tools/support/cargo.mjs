/** Cargo in the cache that all clones share, and what the crate's sources are. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "./files.mjs";
import { withLock } from "./lock.mjs";
import { cacheFolder, root } from "./paths.mjs";
import { run } from "./run.mjs";
import { keyOf } from "./stamp.mjs";

const nativeTarget =
  process.env.CARGO_TARGET_DIR || join(cacheFolder, "target");

/** Not CARGO_TARGET_DIR: another toolchain and other flags would rebuild everything there each time. */
export const wasmTarget = join(cacheFolder, "target-wasm");

/**
 * What decides the crate's code, for every kind of build.
 * @param {string} [folder] the repository root
 */
export const crateSources = (folder = root) =>
  filesUnder(
    ["src", "build.rs", "Cargo.toml", "Cargo.lock", ".cargo"].map((name) =>
      join(folder, name),
    ),
  );

/**
 * Runs native cargo while no other clone does, in a target folder that holds nothing of another clone's crate.
 * @template T
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 * @param {string} [folder] the repository root
 * @param {string} [target]
 */
export const withNativeTarget = (work, folder = root, target = nativeTarget) =>
  withLock(join(target, "headstart.lock"), "cargo", async () => {
    await forgetOtherSources(folder, target);
    return work({ ...process.env, CARGO_TARGET_DIR: target });
  });

/**
 * Makes a shared target folder safe for this clone's sources.
 *
 * Cargo takes a crate of the workspace for fresh by its sources' dates, and gives clones at different paths the
 * same names in a shared target folder: a clone that was made before another one's build would get that other
 * build. So when the target folder last saw other sources, what was built from them is removed; dependencies stay.
 * @param {string} folder the repository root
 * @param {string} target
 */
async function forgetOtherSources(folder, target) {
  const marker = join(target, "headstart-sources");
  const tests = await filesUnder(
    [join(folder, "tests"), join(folder, "benches")],
    { except: ["node_modules"] },
  );
  const rust = tests.filter((file) => file.endsWith(".rs"));
  const inputs = [...(await crateSources(folder)), ...rust];
  const key = await keyOf(inputs, folder, folder);
  const last = await readFile(marker, "utf8").catch(() => "");
  if (last === key) return;
  const options = {
    cwd: folder,
    env: { ...process.env, CARGO_TARGET_DIR: target },
  };
  await forgetCrate("cargo", [], options);
  await forgetCrate("cargo", ["--release"], options);
  await mkdir(target, { recursive: true });
  await writeFile(marker, key);
}

/**
 * Removes what cargo built from this crate, and nothing of its dependencies.
 * @param {string} cargo
 * @param {string[]} profile
 * @param {import("./run.mjs").RunOptions} options
 */
export const forgetCrate = (cargo, profile, options) =>
  run(
    cargo,
    ["clean", "--quiet", "--locked", "--package", "headstart", ...profile],
    options,
  );

/**
 * @param {string} lock the text of Cargo.lock
 * @param {string} name
 */
export function lockedVersion(lock, name) {
  for (const entry of lock.split("[[package]]")) {
    if (entry.match(/^name = "(.*)"$/m)?.[1] === name) {
      return entry.match(/^version = "(.*)"$/m)?.[1];
    }
  }
  return undefined;
}

/** @param {string} manifest the text of Cargo.toml */
export const minimumRust = (manifest) =>
  manifest.match(/^rust-version = "(.*)"$/m)?.[1];

/**
 * Whether dotted version `a` is at least `b`; what follows the numbers is ignored.
 * @param {string} a
 * @param {string} b
 */
export function atLeast(a, b) {
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - right[i];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** @param {string} version */
const numbers = (version) =>
  (version.match(/\d+(\.\d+)*/)?.[0] ?? "0").split(".").map(Number);
