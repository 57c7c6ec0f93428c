/** The crate as two WebAssembly modules, one per backend: cargo, then wasm-bindgen, then wasm-opt. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromCache } from "../support/content-cache.mjs";
import { crateSources, forgetCrate, wasmTarget } from "../support/cargo.mjs";
import { sayCurrent, step } from "../support/console.mjs";
import { filesUnder, sha256, sha256OfFile } from "../support/files.mjs";
import { withLock } from "../support/lock.mjs";
import { wasmModules } from "../support/paths.mjs";
import { packageManifest, packageScript, run } from "../support/run.mjs";
import { keyOf, stamps } from "../support/stamp.mjs";
import { wasmBindgen, wasmBindgenVersion } from "./wasm-bindgen.mjs";
import { wasmToolchain } from "./wasm-toolchain.mjs";
import { withShortNames } from "./short-names.mjs";

const AGAIN = "Run: npm run build";
const BINDGEN_FLAGS = [
  ...["--target", "web", "--out-name", "headstart"],
  // The worker says where the module is; bundlers would take a second address for a second file.
  "--omit-default-module-path",
];
const OPTIMISER_FLAGS = [
  "-O2",
  "--strip-debug",
  "--strip-producers",
  // Their long names weigh more than the code around them, and cannot be compressed.
  "--minify-imports-and-exports-and-modules",
  // What rustc emits; without them wasm-opt refuses the module.
  ...[
    ...["bulk-memory", "mutable-globals", "multivalue", "reference-types"],
    ...["nontrapping-float-to-int", "sign-ext", "simd"],
  ].map((feature) => `--enable-${feature}`),
];

/** @type {{ backend: "cpu" | "webgpu", compiling: string, optimising: string }[]} */
const MODULES = [
  {
    backend: "cpu",
    compiling: "1 minute, and 5 to 10 the first time",
    optimising: "20 seconds",
  },
  {
    backend: "webgpu",
    compiling: "1 minute, and 5 to 10 the first time",
    optimising: "3 minutes",
  },
];

export async function buildWasmModules() {
  const toolchain = await wasmToolchain();
  for (const module of MODULES) await buildWasmModule(module, toolchain);
}

/**
 * @param {typeof MODULES[number]} module
 * @param {import("./wasm-toolchain.mjs").WasmToolchain} toolchain
 */
async function buildWasmModule(module, toolchain) {
  const { backend } = module;
  const name = `wasm-${backend}`;
  const bindgen = await wasmBindgenVersion();
  const binaryen = packageManifest("binaryen").version;
  const flags = { BINDGEN_FLAGS, OPTIMISER_FLAGS };
  const key = await keyOf(await crateSources(), {
    ...{ toolchain: toolchain.identity, bindgen, binaryen, flags },
  });
  if (await stamps.isCurrent(name, key)) {
    return sayCurrent(`WebAssembly module (${backend})`);
  }
  const scratch = await mkdtemp(join(tmpdir(), "headstart-"));
  try {
    const compiled = join(scratch, "headstart.wasm");
    await compile(module, toolchain, compiled);
    const bound = join(scratch, "bound");
    await bind(compiled, bindgen, bound);
    const destination = join(wasmModules, backend);
    await optimise(module, bound, binaryen, destination);
    await stamps.record(name, key, await filesUnder([destination]));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {typeof MODULES[number]} module
 * @param {import("./wasm-toolchain.mjs").WasmToolchain} toolchain
 * @param {string} destination
 */
async function compile({ backend, compiling }, toolchain, destination) {
  const profile = ["--profile", "wasm"];
  const { cargo, args, env } = toolchain;
  await step(
    {
      doing: `Compiling the ${backend} module`,
      usually: compiling,
      mend: `Mend what the compiler names above, then run: npm run build`,
    },
    () =>
      withLock(join(wasmTarget, "headstart.lock"), "cargo", async () => {
        // Both modules, and those of every clone, have the same file name: cargo could take one for the other.
        await forgetCrate(cargo, [...profile, ...args], { env });
        await run(
          cargo,
          [
            ...["build", "--locked", "--lib", ...profile, ...args],
            ...["--no-default-features", "--features", backend],
          ],
          { env },
        );
        await copyFile(
          join(wasmTarget, "wasm32-unknown-unknown", "wasm", "headstart.wasm"),
          destination,
        );
      }),
  );
}

/**
 * @param {string} compiled
 * @param {string} version
 * @param {string} destination
 */
async function bind(compiled, version, destination) {
  const program = await wasmBindgen(version);
  const facts = [version, BINDGEN_FLAGS, await sha256OfFile(compiled)];
  await fromCache(
    "wasm-bindgen",
    sha256(JSON.stringify(facts)),
    destination,
    (folder) =>
      step(
        {
          doing: "Making its JavaScript and types",
          usually: "5 seconds",
          mend: AGAIN,
        },
        async () => {
          const flags = [...BINDGEN_FLAGS, "--out-dir", folder];
          await run(program, [...flags, compiled]);
        },
      ),
  );
}

/**
 * @param {typeof MODULES[number]} module
 * @param {string} bound
 * @param {string} version
 * @param {string} destination
 */
async function optimise(module, bound, version, destination) {
  const input = join(bound, "headstart_bg.wasm");
  const facts = [
    version,
    OPTIMISER_FLAGS,
    await keyOf(await filesUnder([bound]), null, bound),
  ];
  await fromCache(
    "wasm-opt",
    sha256(JSON.stringify(facts)),
    destination,
    (folder) =>
      step(
        {
          doing: `Optimising the ${module.backend} module`,
          usually: module.optimising,
          mend: AGAIN,
        },
        async () => {
          const { stdout } = await run(
            process.execPath,
            [
              packageScript("binaryen", "wasm-opt"),
              ...OPTIMISER_FLAGS,
              ...["-o", join(folder, "headstart_bg.wasm"), input],
            ],
            { output: "keep" },
          );
          const bindings = join(bound, "headstart.js");
          await writeFile(
            join(folder, "headstart.js"),
            withShortNames(await readFile(bindings, "utf8"), stdout),
          );
          const types = "headstart.d.ts";
          await copyFile(join(bound, types), join(folder, types));
        },
      ),
  );
}
