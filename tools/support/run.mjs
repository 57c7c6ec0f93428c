/** Starts programs, the same way on Linux, macOS and Windows. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { SetupError } from "./console.mjs";
import { root } from "./paths.mjs";

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] the repository root unless told
 * @property {NodeJS.ProcessEnv} [env]
 * @property {"show" | "keep" | "both" | "ask"} [output] show it as it comes (default), keep standard output, or
 *   both; `"ask"` keeps it and drops what goes to standard error
 * @property {boolean} [shell]
 *
 * @typedef {object} Outcome
 * @property {number} code 127 when the program does not exist, 128 when a signal ended it
 * @property {string} stdout empty unless kept
 */

/**
 * Runs a program to its end, whatever that is.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function attempt(command, args, options = {}) {
  const { cwd = root, env = process.env, output = "show", shell } = options;
  const child = spawn(command, args, {
    cwd,
    env,
    shell,
    windowsHide: true,
    stdio: [
      "ignore",
      output === "show" ? "inherit" : "pipe",
      output === "ask" ? "ignore" : "inherit",
    ],
  });
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout?.on("data", (chunk) => {
    chunks.push(chunk);
    if (output === "both") process.stdout.write(chunk);
  });
  return new Promise((settle) => {
    const done = (/** @type {number} */ code) =>
      settle({ code, stdout: Buffer.concat(chunks).toString("utf8") });
    child.on("error", () => done(127));
    child.on("close", (code) => done(code ?? 128));
  });
}

/**
 * Runs a program that has to succeed.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function run(command, args, options) {
  const outcome = await attempt(command, args, options);
  if (outcome.code === 127) {
    throw new SetupError(`${command} could not be started`);
  }
  if (outcome.code !== 0) {
    const line = [basename(command), ...args].join(" ");
    throw new SetupError(`"${line}" ended with status ${outcome.code}`);
  }
  return outcome;
}

/**
 * What a program prints, without surrounding space; `undefined` when it fails or does not exist.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function ask(command, args, options) {
  const outcome = await attempt(command, args, { ...options, output: "ask" });
  return outcome.code === 0 ? outcome.stdout.trim() : undefined;
}

/**
 * npm is a script: run it with this very node where npm says where it is, and through a shell on Windows.
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options) {
  const script = process.env.npm_execpath;
  if (script && basename(script) === "npm-cli.js" && existsSync(script)) {
    return run(process.execPath, [script, ...args], options);
  }
  if (process.platform === "win32") {
    return run(["npm", ...args].join(" "), [], { ...options, shell: true });
  }
  return run("npm", args, options);
}

/**
 * The folder of an installed npm package, as node would find it from `from`.
 * @param {string} name
 * @param {string} [from]
 */
export function packageFolder(name, from = root) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) {
      throw new SetupError(
        `The npm package ${name} is not installed`,
        "Run: npm ci",
      );
    }
  }
}

/**
 * @param {string} name
 * @param {string} [from]
 * @returns {{ version: string, bin?: string | Record<string, string> }}
 */
export const packageManifest = (name, from) =>
  JSON.parse(
    readFileSync(join(packageFolder(name, from), "package.json"), "utf8"),
  );

/**
 * The script behind a package's command: run with node, it needs neither a shell nor npx.
 * @param {string} name
 * @param {string} [command] the package's name unless told
 * @param {string} [from]
 */
export function packageScript(name, command = name, from = root) {
  const { bin } = packageManifest(name, from);
  const script = typeof bin === "string" ? bin : bin?.[command];
  if (!script)
    throw new Error(`The npm package ${name} has no command ${command}`);
  return join(packageFolder(name, from), script);
}

/**
 * The path of a program on PATH, or `undefined`.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 */
export function onPath(name, env = process.env) {
  const endings =
    process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  return (env.PATH ?? env.Path ?? "")
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending)))
    .find((path) => existsSync(path));
}
