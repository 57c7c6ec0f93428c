/** wasm-bindgen's command line. It has to be of exactly the version that the crate is linked against. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lockedVersion } from "../support/cargo.mjs";
import { SetupError, step } from "../support/console.mjs";
import { cacheFolder, inRoot } from "../support/paths.mjs";
import { ask, run } from "../support/run.mjs";

export async function wasmBindgenVersion() {
  const lock = await readFile(inRoot("Cargo.lock"), "utf8");
  const version = lockedVersion(lock, "wasm-bindgen");
  if (!version) {
    throw new SetupError(
      "Cargo.lock names no wasm-bindgen",
      "Run: git checkout Cargo.lock",
    );
  }
  return version;
}

/**
 * @param {string} version
 * @returns {Promise<string>} the program
 */
export async function wasmBindgen(version) {
  const folder = join(cacheFolder, `wasm-bindgen-${version}`);
  const own = join(
    folder,
    "bin",
    process.platform === "win32" ? "wasm-bindgen.exe" : "wasm-bindgen",
  );
  for (const program of ["wasm-bindgen", own]) {
    if ((await ask(program, ["--version"])) === `wasm-bindgen ${version}`) {
      return program;
    }
  }
  await step(
    {
      doing: `Installing wasm-bindgen ${version}`,
      usually: "3 minutes",
      mend: `Run: cargo install wasm-bindgen-cli --version ${version}`,
    },
    () =>
      run("cargo", [
        ...["install", "wasm-bindgen-cli", "--version", version],
        ...["--root", folder, "--force", "--quiet"],
      ]),
  );
  return own;
}
