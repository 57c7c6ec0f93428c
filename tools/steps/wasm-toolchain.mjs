/** A Rust toolchain that builds for the browser: rustup's, or Debian's where rustup cannot download the target. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  availablePackages,
  canInstall,
  installPackages,
  updatePackageLists,
} from "../support/apt.mjs";
import { SetupError, messageOf, say, step } from "../support/console.mjs";
import { atLeast, minimumRust, wasmTarget } from "../support/cargo.mjs";
import { inRoot } from "../support/paths.mjs";
import { ask, onPath, run } from "../support/run.mjs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";

const TARGET = "wasm32-unknown-unknown";
const FLAGS = ["-C target-feature=+simd128", ...withoutHome()].join(" ");
const BY_HAND = `Install Rust from https://rustup.rs and run: rustup target add ${TARGET}`;

/**
 * @typedef {object} WasmToolchain
 * @property {string} cargo
 * @property {string[]} args what cargo needs besides the usual
 * @property {NodeJS.ProcessEnv} env
 * @property {unknown} identity what a result built with it depends on
 */

/** @returns {Promise<WasmToolchain>} */
export async function wasmToolchain() {
  return (
    (await ofRustup()) ??
    (await ofDebian()) ??
    (await addTargetToRustup()) ??
    (await installDebians()) ??
    unavailable()
  );
}

/** The active toolchain, if it has the target's standard library. */
async function ofRustup() {
  const sysroot = await ask("rustc", ["--print", "sysroot"]);
  if (!sysroot || !existsSync(join(sysroot, "lib", "rustlib", TARGET, "lib"))) {
    return undefined;
  }
  return toolchain("cargo", [], { RUSTFLAGS: FLAGS }, "rustc", {});
}

/** Debian's, which has no such library but the sources to build it from. */
async function ofDebian() {
  const rustc = "/usr/bin/rustc";
  const linker = newestLinker();
  const version = await ask(rustc, ["--version"]);
  const minimum = minimumRust(await readFile(inRoot("Cargo.toml"), "utf8"));
  if (!linker || !version || !atLeast(version, minimum ?? "0")) {
    return undefined;
  }
  const sysroot = (await ask(rustc, ["--print", "sysroot"])) ?? "";
  if (!existsSync(join(sysroot, "lib/rustlib/src/rust/library/std"))) {
    return undefined;
  }
  return toolchain(
    "/usr/bin/cargo",
    ["-Zbuild-std=std,panic_abort"],
    { RUSTFLAGS: `-C linker-flavor=wasm-ld ${FLAGS}`, LINKER: linker },
    rustc,
    {
      PATH: `/usr/bin:${process.env.PATH}`,
      RUSTC: rustc,
      // Building the standard library is not a stable feature of cargo yet.
      RUSTC_BOOTSTRAP: "1",
    },
  );
}

async function addTargetToRustup() {
  if (!onPath("rustup")) return undefined;
  try {
    await step(
      {
        doing: `Adding the ${TARGET} target to Rust`,
        usually: "10 seconds",
        mend: BY_HAND,
      },
      () => run("rustup", ["target", "add", TARGET]),
    );
  } catch (error) {
    say(`  ${messageOf(error)}`);
    return undefined;
  }
  return ofRustup();
}

async function installDebians() {
  if (!(await canInstall())) return undefined;
  try {
    await step(
      {
        doing:
          "Installing Debian's Rust for WebAssembly, with the standard library's sources and LLVM's linker",
        usually: "1 minute",
        mend: BY_HAND,
      },
      async () => {
        await updatePackageLists();
        const linkers = await availablePackages("^lld-[0-9]+$");
        const linker = newest(linkers);
        if (!linker) throw new SetupError("No package has LLVM's linker");
        await installPackages([
          "rustc-web",
          "cargo-web",
          "rust-web-src",
          linker,
        ]);
      },
    );
  } catch (error) {
    say(`  ${messageOf(error)}`);
    return undefined;
  }
  return ofDebian();
}

/** @returns {never} */
function unavailable() {
  throw new SetupError(
    `Rust cannot build for the browser here: it lacks the ${TARGET} target`,
    BY_HAND,
  );
}

/** Panics name their source file: what is published must not tell where cargo keeps those on this machine. */
function withoutHome() {
  const home = process.env.CARGO_HOME || join(homedir(), ".cargo");
  // cargo divides the flags at white space, whatever is in between.
  if (/\s/.test(home)) return [];
  return [`--remap-path-prefix=${join(home, "registry", "src")}=crates`];
}

/**
 * @param {string} cargo
 * @param {string[]} args
 * @param {Record<string, string>} settings of the target, for cargo
 * @param {string} rustc
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<WasmToolchain>}
 */
async function toolchain(cargo, args, settings, rustc, env) {
  /** @type {NodeJS.ProcessEnv} */
  const all = { ...process.env, ...env, CARGO_TARGET_DIR: wasmTarget };
  // Either of these would silently replace the target's own flags.
  delete all.RUSTFLAGS;
  delete all.CARGO_ENCODED_RUSTFLAGS;
  for (const [name, value] of Object.entries(settings)) {
    all[`CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_${name}`] = value;
  }
  const version = await ask(rustc, ["-vV"]);
  return {
    cargo,
    args: ["--target", TARGET, ...args],
    env: all,
    identity: { version, args, settings },
  };
}

function newestLinker() {
  if (process.platform !== "linux") return undefined;
  const name = newest(
    readdirSync("/usr/bin").filter((name) => /^wasm-ld(-\d+)?$/.test(name)),
  );
  return name && join("/usr/bin", name);
}

/**
 * The name with the greatest number at its end.
 * @param {string[]} names
 */
export function newest(names) {
  const number = (/** @type {string} */ name) =>
    Number(name.match(/-(\d+)$/)?.[1] ?? 0);
  return [...names].sort((a, b) => number(b) - number(a))[0];
}
