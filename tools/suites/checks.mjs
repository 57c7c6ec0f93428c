/** Checks of the sources that are not tests: each one passes or fails as a whole. */
import { withNativeTarget } from "../support/cargo.mjs";
import { messageOf, say } from "../support/console.mjs";
import { inRoot, root } from "../support/paths.mjs";
import { packageScript, run } from "../support/run.mjs";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {string} mend
 * @property {string} [cwd]
 */

/** @param {string} name */
export const lint = (name) => runChecks(name, lintChecks());

/** @param {string} name */
export const types = (name) => runChecks(name, typeChecks());

/** @returns {Check[]} */
function lintChecks() {
  const format = "Run: npm run format";
  const clippy = "clippy --locked --all-targets -- -D warnings".split(" ");
  return [
    rust("Rust formatting", ["fmt", "--check", "--", "-l"], format),
    rust("clippy", clippy, "Mend what clippy names above"),
    script("prettier", "prettier", ["--check", "."], format),
    script(
      "eslint",
      "eslint",
      ["--max-warnings", "0", "."],
      "Mend what eslint names above, or run: npx eslint --fix .",
    ),
  ];
}

/** @returns {Check[]} */
function typeChecks() {
  const mend = "Mend what the compiler names above";
  const tsc = (/** @type {string} */ folder) =>
    script(
      `types of ${folder}`,
      "typescript",
      ["-p", folder, "--noEmit"],
      mend,
      { command: "tsc" },
    );
  return [
    tsc("pkg-config"),
    tsc("pkg-config/tests"),
    tsc("tests"),
    tsc("tests/packaging"),
    tsc("tools"),
    tsc("benches"),
    script(
      "documentation of the package",
      "typedoc",
      ["--options", inRoot("pkg-config", "typedoc.json"), "--emit", "none"],
      "Mend the comments that are named above",
    ),
    script(
      "types of www",
      "svelte-check",
      ["--tsconfig", "./tsconfig.json", "--fail-on-warnings"],
      mend,
      { cwd: inRoot("www") },
    ),
  ];
}

/**
 * @param {string} name
 * @param {Check[]} checks
 * @returns {Promise<import("../support/results.mjs").Suite>}
 */
async function runChecks(name, checks) {
  let passed = 0;
  const failed = [];
  for (const check of checks) {
    say(`\n== ${check.name}`);
    if (await passes(check)) passed++;
    else {
      failed.push(check.name);
      say(`${check.name} failed. ${check.mend}`);
    }
  }
  const notes = failed.length > 0 ? [failed.join(", ")] : [];
  return { name, passed, failed: failed.length, skipped: 0, notes };
}

/** @param {Check} check */
async function passes({ command, args, cwd }) {
  try {
    if (command === "cargo") {
      await withNativeTarget((env) => run(command, args, { env }));
    } else {
      await run(command, args, { cwd });
    }
    return true;
  } catch (error) {
    say(messageOf(error));
    return false;
  }
}

/**
 * @param {string} name
 * @param {string[]} args
 * @param {string} mend
 * @returns {Check}
 */
const rust = (name, args, mend) => ({ name, command: "cargo", args, mend });

/**
 * @param {string} name
 * @param {string} from the npm package
 * @param {string[]} args
 * @param {string} mend
 * @param {{ command?: string, cwd?: string }} [options]
 * @returns {Check}
 */
function script(name, from, args, mend, { command, cwd = root } = {}) {
  const path = packageScript(from, command, cwd);
  return { name, command: process.execPath, args: [path, ...args], mend, cwd };
}
