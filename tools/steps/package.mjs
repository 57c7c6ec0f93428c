/** The npm package's JavaScript and types, beside the WebAssembly modules in pkg-config/dist. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sayCurrent, step } from "../support/console.mjs";
import { filesUnder } from "../support/files.mjs";
import { inRoot, packageDist } from "../support/paths.mjs";
import { packageScript, run } from "../support/run.mjs";
import { keyOf, stamps } from "../support/stamp.mjs";

const folder = inRoot("pkg-config");
const wasm = join(packageDist, "wasm");
/** @type {import("esbuild").BuildOptions} */
const BUNDLE = {
  entryPoints: { index: "src/index.ts", worker: "src/worker/worker.ts" },
  absWorkingDir: folder,
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  // The worker loads the one module that it runs.
  external: ["*/headstart.js"],
  sourcemap: true,
  legalComments: "inline",
  logLevel: "warning",
};

export async function buildPackage() {
  const inputs = await filesUnder([
    join(folder, "src"),
    join(folder, "package.json"),
    join(folder, "tsconfig.json"),
    inRoot("package-lock.json"),
    // Types refer to those that wasm-bindgen made.
    ...(await filesUnder([wasm])).filter((file) => file.endsWith(".d.ts")),
  ]);
  const key = await keyOf(inputs, BUNDLE_FACTS);
  if (await stamps.isCurrent("package", key)) return sayCurrent("npm package");
  await step(
    {
      doing: "Building the npm package",
      usually: "5 seconds",
      mend: "Mend what is named above, then run: npm run build",
    },
    async () => {
      await removeAllBut(packageDist, "wasm");
      await (await esbuild()).build(BUNDLE);
      const tsc = packageScript("typescript", "tsc");
      await run(process.execPath, [tsc, "-p", folder, "--emitDeclarationOnly"]);
      const results = await filesUnder([packageDist], { except: ["wasm"] });
      await stamps.record("package", key, results);
    },
  );
}

const BUNDLE_FACTS = { ...BUNDLE, absWorkingDir: undefined };

/** @returns {Promise<typeof import("esbuild")>} */
function esbuild() {
  // It is the package's own dependency, so it is looked up from there.
  const path = createRequire(join(folder, "package.json")).resolve("esbuild");
  return import(pathToFileURL(path).href);
}

/**
 * @param {string} path
 * @param {string} kept
 */
async function removeAllBut(path, kept) {
  await mkdir(path, { recursive: true });
  for (const name of await readdir(path)) {
    if (name !== kept) await rm(join(path, name), { recursive: true });
  }
}
