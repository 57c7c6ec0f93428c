/** Cargo in target folders that all clones share, so that a new clone compiles no dependency again. */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { filesUnder } from "./files.mjs";
import { withLock } from "./lock.mjs";
import { cacheFolder, inRoot, root } from "./paths.mjs";
import { run } from "./run.mjs";

export const nativeTarget =
  process.env.CARGO_TARGET_DIR || join(cacheFolder, "target");

/**
 * One for each backend: both modules have the same file name, and cargo would take one for the other.
 * @param {string} backend
 */
export const wasmTarget = (backend) => join(cacheFolder, `target-${backend}`);

/**
 * What decides the crate's code, for every kind of build.
 * @param {string} [folder] the repository root
 */
export const crateSources = (folder = root) =>
  filesUnder(
    [
      ...["src", ".cargo", "Cargo.toml", "Cargo.lock"],
      "rust-toolchain.toml",
    ].map((name) => join(folder, name)),
  );

/**
 * Runs cargo while no other clone does, in a target folder that holds nothing of another clone's crates.
 * @template T
 * @param {string} target
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 * @param {{ folder?: string, profiles?: string[][] }} [options] the repository root, and what the profiles are built with
 * @returns {Promise<T>}
 */
export function withTarget(target, work, options = {}) {
  const { folder = root, profiles = [[], ["--release"]] } = options;
  const env = { CARGO_TARGET_DIR: target };
  return withLock(join(target, "headstart.lock"), "cargo", async () => {
    await forgetOtherClones(folder, target, profiles, env);
    return work(env);
  });
}

/** @template T @param {(env: NodeJS.ProcessEnv) => Promise<T>} work */
export const withNativeTarget = (work) => withTarget(nativeTarget, work);

/**
 * Cargo knows a crate of the workspace by its sources' dates, and gives clones at different paths the same names in a
 * shared target folder: a clone that was made before another one's build would get that other build. So where the
 * folder last served another clone, what was built from that one goes; dependencies stay.
 * @param {string} folder
 * @param {string} target
 * @param {string[][]} profiles
 * @param {NodeJS.ProcessEnv} env
 */
async function forgetOtherClones(folder, target, profiles, env) {
  const marker = join(target, "headstart-clone");
  // A clone that another one has replaced at its path is another folder.
  const clone = `${folder} ${(await stat(join(folder, "Cargo.toml"))).ino}`;
  if ((await readFile(marker, "utf8").catch(() => "")) === clone) return;
  for (const profile of profiles) {
    const args = ["clean", "--quiet", "--locked", "--package", "headstart"];
    await run("cargo", [...args, ...profile], { cwd: folder, env });
  }
  await mkdir(target, { recursive: true });
  await writeFile(marker, clone);
}

/** The version that rust-toolchain.toml pins. */
export async function pinnedRust() {
  const text = await readFile(inRoot("rust-toolchain.toml"), "utf8");
  return /^channel = "(.*)"$/m.exec(text)?.[1] ?? "";
}
