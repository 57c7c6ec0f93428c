/** The crate as a WebAssembly module for one backend: cargo, then wasm-bindgen, then wasm-opt. */
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { crateSources, wasmTarget, withTarget } from "../support/cargo.mjs";
import { step } from "../support/console.mjs";
import { isCurrent, made } from "../support/made.mjs";
import { inRoot, wasmModules } from "../support/paths.mjs";
import { run } from "../support/run.mjs";
import { nativeProgram } from "./native-programs.mjs";
import { WASM, requireRust } from "./rust.mjs";
import { withShortNames } from "./short-names.mjs";

/** @typedef {"cpu" | "webgpu" | "finetune-cpu"} Kind */

/** The crate's features that make a module. @type {Record<Kind, string>} */
export const FEATURES = {
  cpu: "cpu",
  webgpu: "webgpu",
  "finetune-cpu": "cpu,finetune-cpu",
};

const AGAIN = "Run: npm run build";
const OPTIMISER_FLAGS = [
  // As fast as -O2, and smaller.
  "-Os",
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
const USUALLY = {
  cpu: { compiling: "1 minute the first time", optimising: "20 seconds" },
  webgpu: { compiling: "10 minutes the first time", optimising: "3 minutes" },
  "finetune-cpu": {
    compiling: "4 minutes the first time",
    optimising: "1 minute",
  },
};

/** @param {Kind} kind */
async function resultOf(kind) {
  const tools = [
    "package-lock.json",
    "tools/bindgen/src/main.rs",
    "tools/steps/wasm-module.mjs",
    "tools/steps/short-names.mjs",
  ].map((path) => inRoot(path));
  return {
    name: `WebAssembly module (${kind})`,
    inputs: [...(await crateSources()), ...tools],
    facts: { kind, rust: await requireRust() },
    destination: join(wasmModules, kind),
    shelf: "wasm",
  };
}

/** @param {Kind} kind */
export const wasmModuleIsCurrent = async (kind) =>
  isCurrent(await resultOf(kind));

/** @param {Kind} kind */
export async function buildWasmModule(kind) {
  await made(await resultOf(kind), async (folder) => {
    const scratch = await mkdtemp(join(tmpdir(), "headstart-"));
    try {
      const compiled = join(scratch, "headstart.wasm");
      const bound = join(scratch, "bound");
      const [bindgen] = await Promise.all([
        nativeProgram("headstart-bindgen"),
        compile(kind, compiled),
      ]);
      await run(bindgen, [compiled, bound]);
      await optimise(kind, bound, folder);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

/**
 * @param {Kind} kind
 * @param {string} destination
 */
function compile(kind, destination) {
  // What fine-tunes on a backend shares most of what it depends on with the backend's own module.
  const target = wasmTarget(kind.replace("finetune-", ""));
  const profile = ["--profile", "wasm", "--target", WASM];
  const flags = JSON.stringify(withoutHome());
  // Either of these would silently replace the target's own flags.
  const unset = { RUSTFLAGS: undefined, CARGO_ENCODED_RUSTFLAGS: undefined };
  return step(
    {
      doing: `Compiling the ${kind} module`,
      usually: USUALLY[kind].compiling,
      mend: `Mend what the compiler names above, then run: npm run build`,
    },
    () =>
      withTarget(
        target,
        async (env) => {
          await run(
            "cargo",
            [
              ...["build", "--locked", "--quiet", "--lib", ...profile],
              ...["--config", `target.${WASM}.rustflags=${flags}`],
              ...["--no-default-features", "--features", FEATURES[kind]],
            ],
            { env: { ...env, ...unset } },
          );
          const built = join(target, WASM, "wasm", "headstart.wasm");
          await copyFile(built, destination);
        },
        { profiles: [profile] },
      ),
  );
}

/** Panics name their source file: what is published must not tell where cargo keeps those on this machine. */
function withoutHome() {
  const home = process.env.CARGO_HOME || join(homedir(), ".cargo");
  return [`--remap-path-prefix=${join(home, "registry", "src")}=crates`];
}

/**
 * @param {Kind} kind
 * @param {string} bound
 * @param {string} folder
 */
function optimise(kind, bound, folder) {
  return step(
    {
      doing: `Optimising the ${kind} module`,
      usually: USUALLY[kind].optimising,
      mend: AGAIN,
    },
    async () => {
      const name = "headstart_bg.wasm";
      await mkdir(folder, { recursive: true });
      const { stdout } = await run(
        "wasm-opt",
        [...OPTIMISER_FLAGS, "-o", join(folder, name), join(bound, name)],
        { output: () => {} },
      );
      const bindings = await readFile(join(bound, "headstart.js"), "utf8");
      await writeFile(
        join(folder, "headstart.js"),
        withShortNames(bindings, stdout),
      );
      await copyFile(
        join(bound, "headstart.d.ts"),
        join(folder, "headstart.d.ts"),
      );
    },
  );
}
