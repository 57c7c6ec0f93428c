/** Makes the engines' scripts, each as an application would bundle it, and puts the libraries' modules beside. */
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installNodePackages } from "../../tools/node-packages.mjs";
import {
  inRoot,
  packageDist,
  wasmModules,
} from "../../tools/support/paths.mjs";

const folder = inRoot("benches", "peers");
/** Nothing in it is committed. */
export const distFolder = join(folder, "dist");
export const engineFolder = join(distFolder, "engine");

/** The modules that a script fetches, as a folder below node_modules and what their names match. */
const BINARIES = [
  {
    script: "onnxruntime-cpu",
    from: "onnxruntime-web/dist",
    names: /^ort-wasm-simd-threaded\.(wasm|mjs)$/,
  },
  {
    script: "onnxruntime-webgpu",
    from: "onnxruntime-web/dist",
    names: /^ort-wasm-simd-threaded\.asyncify\.(wasm|mjs)$/,
  },
  ...["tensorflow-cpu", "tensorflow-folder-cpu"].map((script) => ({
    script,
    from: "@tensorflow/tfjs-backend-wasm/dist",
    names: /\.wasm$/,
  })),
];

export const installPeers = () => installNodePackages(folder);

/** @param {string[]} scripts names in `engines/`, without their extension */
export async function bundleEngines(scripts) {
  for (const script of new Set(scripts)) {
    await rm(join(engineFolder, script), { recursive: true, force: true });
    await bundle(
      join("engines", `${script}.js`),
      join(engineFolder, script),
      "worker",
    );
    for (const { script: owner, from, names } of BINARIES) {
      if (owner === script) await copyMatching(from, names, script);
    }
    const own = /^headstart-(?:breakdown-)?(cpu|webgpu)$/.exec(script)?.[1];
    if (own) {
      await cp(join(wasmModules, own), join(engineFolder, script), {
        recursive: true,
      });
      // What further workers run.
      await cp(packageDist, join(engineFolder, script, "package"), {
        recursive: true,
      });
    }
  }
}

/**
 * @param {string} entry
 * @param {string} outdir
 * @param {string} name of the result, without its extension
 */
export async function bundle(entry, outdir, name) {
  const { build } = await esbuild();
  await build({
    absWorkingDir: folder,
    entryPoints: { [name]: entry },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    // The loader of onnxruntime's module as a file of its own, as its documentation recommends for bundlers.
    conditions: ["onnxruntime-web-use-extern-wasm"],
    logLevel: "warning",
  });
}

/**
 * @param {string} from
 * @param {RegExp} names
 * @param {string} script
 */
async function copyMatching(from, names, script) {
  const source = join(folder, "node_modules", from);
  await mkdir(join(engineFolder, script), { recursive: true });
  for (const name of await readdir(source)) {
    if (names.test(name)) {
      await cp(join(source, name), join(engineFolder, script, name));
    }
  }
}

/** @returns {Promise<typeof import("esbuild")>} */
function esbuild() {
  const require = createRequire(inRoot("pkg-config", "package.json"));
  return import(pathToFileURL(require.resolve("esbuild")).href);
}
