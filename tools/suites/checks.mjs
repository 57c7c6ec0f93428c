/** Checks of the sources that are not tests: each one passes or fails as a whole. */
import { withNativeTarget } from "../support/cargo.mjs";
import { messageOf, say } from "../support/console.mjs";
import { inRoot, root } from "../support/paths.mjs";
import { ask, attempt } from "../support/run.mjs";
import { WASM } from "../steps/rust.mjs";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {string} mend
 * @property {string} [cwd]
 *
 * @typedef {import("./run-suites.mjs").Output} Output
 */

const FORMAT = "Run: npm run format";
const COMPILER = "Mend what the compiler names above";

/** Every set of features that is built, and what ships to browsers. */
const FEATURES = {
  default: "--lib --bins",
  // The reference suite is no target of `cargo test`, and so none of "all".
  reference: "--all-targets --test reference --features reference",
  everything: "--all-targets --all-features",
  cpu: `--lib --target ${WASM} --no-default-features --features cpu`,
  webgpu: `--lib --target ${WASM} --no-default-features --features webgpu`,
  finetune: `--lib --target ${WASM} --no-default-features --features cpu,finetune-cpu`,
};

/** @type {Check[]} */
const RUST = [
  {
    name: "Rust formatting",
    command: "cargo",
    args: ["fmt", "--all", "--check", "--", "-l"],
    mend: FORMAT,
  },
  ...Object.entries(FEATURES).map(([name, args]) => ({
    name: `clippy (${name})`,
    command: "cargo",
    args: [
      "clippy",
      "--locked",
      "--quiet",
      ...args.split(" "),
      "--",
      "-D",
      "warnings",
    ],
    mend: "Mend what clippy names above",
  })),
];

/** Where it is installed: what ships is checked by the build in any case, against the same list. */
const DENY = {
  name: "cargo-deny",
  command: "cargo",
  args: "deny --locked check licenses bans sources".split(" "),
  mend: "Mend what cargo-deny names above, or allow it in deny.toml",
};

/** @type {Check[]} */
const JAVASCRIPT = [
  {
    name: "prettier",
    command: "prettier",
    args: ["--check", "--log-level", "warn", "."],
    mend: FORMAT,
  },
  {
    name: "eslint",
    command: "eslint",
    args: ["--max-warnings", "0", "."],
    mend: "Mend what eslint names above, or run: npx eslint --fix .",
  },
];

/** @type {Check[]} */
const TYPES = [
  ...[
    ...["pkg-config", "pkg-config/tests", "tests", "tests/packaging"],
    ...["tools", "benches"],
  ].map((folder) => ({
    name: `types of ${folder}`,
    command: "tsc",
    args: ["-p", folder, "--noEmit"],
    mend: COMPILER,
  })),
  {
    name: "types of www",
    command: "svelte-check",
    args: ["--tsconfig", "./tsconfig.json", "--fail-on-warnings"],
    mend: COMPILER,
    cwd: inRoot("www"),
  },
  {
    name: "documentation of the package",
    command: "typedoc",
    args: ["--options", inRoot("pkg-config", "typedoc.json"), "--emit", "none"],
    mend: "Mend the comments that are named above",
  },
];

/** @type {import("./run-suites.mjs").Work} */
export const rustChecks = async (name, output) => {
  const checks = [...RUST];
  if (await ask("cargo", ["deny", "--version"])) checks.push(DENY);
  return withNativeTarget((env) => runChecks(name, checks, env, output));
};

/** @type {import("./run-suites.mjs").Work} */
export const javaScriptChecks = (name, output) =>
  runChecks(name, JAVASCRIPT, {}, output);

/** @type {import("./run-suites.mjs").Work} */
export const typeChecks = (name, output) => runChecks(name, TYPES, {}, output);

/**
 * @param {string} name
 * @param {Check[]} checks
 * @param {NodeJS.ProcessEnv} env
 * @param {Output} [output]
 * @returns {Promise<import("./results.mjs").Suite>}
 */
async function runChecks(name, checks, env, output) {
  const tell = output
    ? (/** @type {string} */ line) => output(`${line}\n`)
    : say;
  let passed = 0;
  const failed = [];
  for (const { name, command, args, mend, cwd = root } of checks) {
    tell(`- ${name}`);
    const { code } = await attempt(command, args, { cwd, env, output }).catch(
      (error) => {
        tell(messageOf(error));
        return { code: 1 };
      },
    );
    if (code === 0) passed++;
    else {
      failed.push(name);
      tell(`${name} failed. ${mend}`);
    }
  }
  const notes = failed.length > 0 ? [failed.join(", ")] : [];
  return { name, passed, failed: failed.length, skipped: 0, notes };
}
