/** Everything that is built: the WebAssembly modules, the npm package around them, the page on top. */
import { withLock } from "../support/lock.mjs";
import { inRoot } from "../support/paths.mjs";
import { buildPackage, standInForWebGpu } from "./package.mjs";
import { buildPage } from "./page.mjs";
import { buildWasmModule, wasmModuleIsCurrent } from "./wasm-module.mjs";

/**
 * Modules take minutes to compile, and nobody else has to wait for that: only what is written here is.
 * @param {() => Promise<void>} work
 */
const alone = (work) =>
  withLock(inRoot(".stamps", "build.lock"), "a build", work);

export async function build() {
  await buildWasmModule("cpu");
  await buildWasmModule("webgpu");
  await alone(async () => {
    await buildPackage(["cpu", "webgpu"]);
    await buildPage();
  });
}

/**
 * What the page needs to run on the CPU.
 * @returns {Promise<boolean>} whether the WebGPU module is there too
 */
export async function buildForCpu() {
  let complete = false;
  await buildWasmModule("cpu");
  await alone(async () => {
    complete = await wasmModuleIsCurrent("webgpu");
    if (!complete) await standInForWebGpu();
    await buildPackage(complete ? ["cpu", "webgpu"] : ["cpu"]);
    await buildPage();
  });
  return complete;
}
