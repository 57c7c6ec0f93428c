/** Rust itself: present, new enough, with the parts that checks need. */
import { readFile } from "node:fs/promises";
import { atLeast, minimumRust } from "../support/cargo.mjs";
import { SetupError, step } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { ask, run } from "../support/run.mjs";

export async function requireRust() {
  const version = await ask("rustc", ["--version"]);
  if (!version || !(await ask("cargo", ["--version"]))) {
    throw new SetupError(
      "Rust is not installed: neither rustc nor cargo runs",
      "Install it from https://rustup.rs, open a new terminal, and run this again",
    );
  }
  const minimum = minimumRust(await readFile(inRoot("Cargo.toml"), "utf8"));
  if (minimum && !atLeast(version, minimum)) {
    throw new SetupError(
      `Headstart needs Rust ${minimum} or newer; this is ${version}`,
      "Run: rustup update",
    );
  }
}

/** Toolchains of rustup's minimal profile come without these two. */
export async function requireRustComponents() {
  /** @type {string[]} */
  const missing = [];
  if (!(await ask("cargo", ["fmt", "--version"]))) missing.push("rustfmt");
  if (!(await ask("cargo", ["clippy", "--version"]))) missing.push("clippy");
  if (missing.length === 0) return;
  await step(
    {
      doing: `Adding ${missing.join(" and ")} to Rust`,
      usually: "a few seconds",
      mend: `Run: rustup component add ${missing.join(" ")}`,
    },
    () => run("rustup", ["component", "add", ...missing]),
  );
}
