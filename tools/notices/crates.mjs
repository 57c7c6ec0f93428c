/** The crates that the WebAssembly modules are linked from. */
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";

export const TARGET = "wasm32-unknown-unknown";
const start = promisify(execFile);

/**
 * What normal dependencies reach on the target: not what only builds or tests the crate, nor macros, whose code
 * runs in the compiler. `cargo tree` alone works features out as a build does; `cargo metadata` knows the rest.
 * @param {string[]} features those of the modules, together
 * @param {string} folder where Cargo.toml lies
 * @returns {Promise<import("./notices.mjs").Work[]>}
 */
export async function linkedCrates(features, folder) {
  const flags = ["--no-default-features", "--features", features.join(",")];
  const tree = await cargo(folder, [
    ...["tree", "--target", TARGET, ...flags],
    ...["--edges", "normal,no-proc-macro", "--prefix", "none"],
    ...["--format", "{p}"],
  ]);
  const linked = new Set(tree.split("\n").map(nameAndVersion));
  const { packages, workspace_members: own } = JSON.parse(
    await cargo(folder, [
      ...["metadata", "--format-version", "1", "--filter-platform", TARGET],
      ...flags,
    ]),
  );
  return packages
    .filter(
      (/** @type {Package} */ { id, name, version }) =>
        !own.includes(id) && linked.has(`${name} v${version}`),
    )
    .map((/** @type {Package} */ crate) => ({
      kind: "crate",
      name: crate.name,
      version: crate.version,
      licence: crate.license,
      authors: crate.authors,
      source: crate.repository ?? `https://crates.io/crates/${crate.name}`,
      folder: dirname(crate.manifest_path),
    }));
}

/**
 * @typedef {object} Package a crate as `cargo metadata` describes it
 * @property {string} id
 * @property {string} name
 * @property {string} version
 * @property {string | null} license
 * @property {string[]} authors
 * @property {string | null} repository
 * @property {string} manifest_path
 */

/**
 * A line of the tree may say further where a crate lies, and that it was listed before.
 * @param {string} line
 */
const nameAndVersion = (line) => line.split(" ", 2).join(" ");

/**
 * @param {string} cwd
 * @param {string[]} args
 */
async function cargo(cwd, args) {
  const options = { cwd, maxBuffer: 2 ** 28 };
  const { stdout } = await start("cargo", [...args, "--locked"], options);
  return stdout;
}
