/** Everything that is built: the WebAssembly modules, the npm package around them, the page on top. */
import { withLock } from "../support/lock.mjs";
import { inRoot } from "../support/paths.mjs";
import { buildPackage } from "./package.mjs";
import { buildPage } from "./page.mjs";
import { buildWasmModules } from "./wasm-modules.mjs";

export const build = () =>
  withLock(inRoot(".stamps", "build.lock"), "a build", async () => {
    await buildWasmModules();
    await buildPackage();
    await buildPage();
  });
