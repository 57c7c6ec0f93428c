/** Rust: the toolchain that rust-toolchain.toml asks for, or a newer one that can build for browsers. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SetupError, step } from "../support/console.mjs";
import { pinnedRust } from "../support/cargo.mjs";
import { ask, run } from "../support/run.mjs";

export const WASM = "wasm32-unknown-unknown";

/** @type {Promise<string> | undefined} */
let checked;

/** What `rustc` says of itself, once it is fit for use. */
export const requireRust = () => (checked ??= checkRust());

async function checkRust() {
  const wanted = await pinnedRust();
  const lacking = await lack(wanted);
  if (lacking && (await ask("rustup", ["--version"]))) {
    await step(
      {
        doing: `Installing what rust-toolchain.toml asks for, since ${lacking}`,
        usually: "1 minute",
        mend: "With a connection and room on the disk, run: rustup toolchain install",
      },
      () => run("rustup", ["toolchain", "install"]),
    );
  }
  const still = lacking && (await lack(wanted));
  if (still) {
    throw new SetupError(
      `Headstart needs Rust ${wanted} or newer with clippy, rustfmt and the target ${WASM}, and ${still}`,
      "Install Rust with https://rustup.rs, open a new terminal, unset RUSTUP_TOOLCHAIN, and run this again",
    );
  }
  return (await ask("rustc", ["--version"])) ?? "";
}

/**
 * @param {string} wanted
 * @returns {Promise<string | undefined>} `undefined` where nothing is missing
 */
async function lack(wanted) {
  const version = await ask("rustc", ["--version"]);
  if (!version) return "rustc does not run";
  if (!atLeast(version, wanted)) return `this is ${version}`;
  for (const command of ["build", "fmt", "clippy"]) {
    const runs = await ask("cargo", [command, "--help"]);
    if (!runs) return `cargo ${command} does not run`;
  }
  const sysroot = (await ask("rustc", ["--print", "sysroot"])) ?? "";
  const library = join(sysroot, "lib", "rustlib", WASM, "lib");
  return existsSync(library) ? undefined : "the target is missing";
}

/**
 * Whether a program's version is at least that one; what follows the numbers is ignored.
 * @param {string} version
 * @param {string} least
 */
export function atLeast(version, least) {
  const [have, want] = [version, least].map((text) =>
    (/\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number),
  );
  const at = want.findIndex((number, index) => number !== (have[index] ?? 0));
  return at < 0 || (have[at] ?? 0) > want[at];
}
