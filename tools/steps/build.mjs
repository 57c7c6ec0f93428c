/** Everything that is built: the WebAssembly modules, the npm package around them, the page on top. */
import { withLock } from "../support/lock.mjs";
import { inRoot } from "../support/paths.mjs";
import { buildPackage, standInFor } from "./package.mjs";
import { buildPage } from "./page.mjs";
import { buildWasmModule, wasmModuleIsCurrent } from "./wasm-module.mjs";

/**
 * Modules take minutes to compile, and nobody else has to wait for that: only what is written here is.
 * @param {() => Promise<void>} work
 */
const alone = (work) =>
  withLock(inRoot(".stamps", "build.lock"), "a build", work);

/** All modules, what is needed first being first. @type {import("./wasm-module.mjs").Kind[]} */
const MODULES = ["cpu", "finetune-cpu", "webgpu"];

export async function build() {
  for (const kind of MODULES) await buildWasmModule(kind);
  await alone(async () => {
    await buildPackage(MODULES);
    await buildPage();
  });
}

/**
 * What the page needs to run on the CPU.
 * @returns {Promise<boolean>} whether the other modules are there too
 */
export async function buildForCpu() {
  let complete = false;
  await buildWasmModule("cpu");
  await alone(async () => {
    /** @type {import("./wasm-module.mjs").Kind[]} */
    const there = [];
    for (const kind of MODULES) {
      if (await wasmModuleIsCurrent(kind)) there.push(kind);
      else await standInFor(kind);
    }
    complete = there.length === MODULES.length;
    await buildPackage(there);
    await buildPage();
  });
  return complete;
}
