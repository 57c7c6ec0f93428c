/** The npm package in pkg-config/dist: JavaScript, types, and the WebAssembly modules beside them. */
import { copyFile, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sayCurrent, step } from "../support/console.mjs";
import { filesUnder } from "../support/files.mjs";
import { inRoot, packageDist, wasmModules } from "../support/paths.mjs";
import { keyOf, stamps } from "../support/stamp.mjs";
import { writeDeclarations } from "./declarations.mjs";

const folder = inRoot("pkg-config");
const MODULES = {
  "headstart.wasm": join(wasmModules, "cpu", "headstart_bg.wasm"),
  "headstart-webgpu.wasm": join(wasmModules, "webgpu", "headstart_bg.wasm"),
};
const LICENCES = ["LICENSE-MIT", "LICENSE-APACHE"];
/** @type {import("esbuild").BuildOptions} */
const BUNDLE = {
  entryPoints: {
    index: "src/index.ts",
    slim: "src/slim.ts",
    weights: "src/weights.ts",
    worker: "src/worker/worker.ts",
    "slim-worker": "src/worker/slim-worker.ts",
  },
  absWorkingDir: folder,
  outdir: "dist",
  bundle: true,
  // A worker of one file is what every bundler can move.
  splitting: false,
  format: "esm",
  target: "es2022",
  minify: true,
  external: ["headstart-weights"],
  legalComments: "inline",
  logLevel: "warning",
};

export async function buildPackage() {
  const inputs = await filesUnder([
    join(folder, "src"),
    join(folder, "package.json"),
    join(folder, "tsconfig.json"),
    inRoot("package-lock.json"),
    wasmModules,
    ...LICENCES.map((name) => inRoot(name)),
  ]);
  const key = await keyOf(inputs, { ...BUNDLE, absWorkingDir: undefined });
  if (await stamps.isCurrent("package", key)) return sayCurrent("npm package");
  await step(
    {
      doing: "Building the npm package",
      usually: "5 seconds",
      mend: "Mend what is named above, then run: npm run build",
    },
    async () => {
      await rm(packageDist, { recursive: true, force: true });
      await mkdir(packageDist, { recursive: true });
      await (await esbuild()).build(BUNDLE);
      await writeDeclarations(packageDist);
      for (const [name, path] of Object.entries(MODULES)) {
        await copyFile(path, join(packageDist, name));
      }
      // npm packs them from the package's own folder only.
      for (const name of LICENCES) {
        await copyFile(inRoot(name), join(folder, name));
      }
      await stamps.record("package", key, await filesUnder([packageDist]));
    },
  );
}

/** @returns {Promise<typeof import("esbuild")>} */
function esbuild() {
  // It is the package's own dependency, so it is looked up from there.
  const path = createRequire(join(folder, "package.json")).resolve("esbuild");
  return import(pathToFileURL(path).href);
}
