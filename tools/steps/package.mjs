/** The npm package in pkg-config/dist: JavaScript, types, and the WebAssembly modules beside them. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { step } from "../support/console.mjs";
import { filesUnder } from "../support/files.mjs";
import { made } from "../support/made.mjs";
import { inRoot, packageDist, wasmModules } from "../support/paths.mjs";
import { NOTICES, writePackageNotices } from "../notices/notices.mjs";
import { writeDeclarations } from "./declarations.mjs";
import { FEATURES } from "./wasm-module.mjs";

const folder = inRoot("pkg-config");
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

/** Each module, under the name that it has in the package. @type {Record<Kind, string>} */
const NAMES = {
  cpu: "headstart.wasm",
  "finetune-cpu": "headstart-finetune.wasm",
  webgpu: "headstart-webgpu.wasm",
};

/** @typedef {import("./wasm-module.mjs").Kind} Kind */

/** The shortest module there is, and bindings that say why. */
const PENDING = {
  "headstart_bg.wasm": Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
  "headstart.js": `import { HeadstartError } from "../../../src/errors.js";
export const weightsHash = undefined;
export const Backbone = undefined;
export const Tuner = undefined;
export function initSync() {
  throw new HeadstartError("WEBGPU_UNAVAILABLE", "its module is still being compiled on this machine; reload the page when the terminal says that it is ready");
}
`,
  "headstart.d.ts": `export * from "../cpu/headstart.js";
export const Tuner: undefined;
`,
};

/**
 * Stands in for a module until it is compiled, so that the page can be used before.
 * @param {Kind} kind
 */
export async function standInFor(kind) {
  const place = join(wasmModules, kind);
  await mkdir(place, { recursive: true });
  for (const [name, content] of Object.entries(PENDING)) {
    await writeFile(join(place, name), content);
  }
}

/** @param {Kind[]} modules those that are not stood in for */
export async function buildPackage(modules) {
  const result = {
    name: "npm package",
    inputs: await filesUnder([
      ...["src", "package.json", "tsconfig.json"].map((name) =>
        join(folder, name),
      ),
      ...["package-lock.json", ...LICENCES].map((name) => inRoot(name)),
      ...["package.mjs", "declarations.mjs"].map((name) =>
        inRoot("tools", "steps", name),
      ),
      ...["tools/notices", "deny.toml", "Cargo.lock"].map((name) =>
        inRoot(name),
      ),
      wasmModules,
    ]),
    facts: modules,
    destination: packageDist,
  };
  await made(result, (dist) =>
    step(
      {
        doing: "Building the npm package",
        usually: "5 seconds",
        mend: "Mend what is named above, then run: npm run build",
      },
      async () => {
        await mkdir(dist);
        const { build } = await esbuild();
        const { metafile } = await build({
          ...BUNDLE,
          outdir: dist,
          metafile: true,
        });
        await writePackageNotices({
          destination: join(dist, NOTICES),
          features: modules.map((kind) => FEATURES[kind]),
          bundle: { metafile, folder },
        });
        await writeDeclarations(dist);
        for (const [kind, name] of Object.entries(NAMES)) {
          await copyFile(
            join(wasmModules, kind, "headstart_bg.wasm"),
            join(dist, name),
          );
        }
        // npm packs them from the package's own folder only.
        for (const name of LICENCES) {
          await copyFile(inRoot(name), join(folder, name));
        }
      },
    ),
  );
}

/** @returns {Promise<typeof import("esbuild")>} */
function esbuild() {
  // It is the package's own dependency, so it is looked up from there.
  const path = createRequire(join(folder, "package.json")).resolve("esbuild");
  return import(pathToFileURL(path).href);
}
