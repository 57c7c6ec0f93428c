/** Starts programs, the same way on Linux, macOS and Windows. What npm's packages bring is found by its name. */
import { basename } from "node:path";
import { x } from "tinyexec";
import { SetupError } from "./console.mjs";
import { root } from "./paths.mjs";

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] the repository root unless told
 * @property {NodeJS.ProcessEnv} [env] what is different from this process's
 * @property {(text: string) => void} [output] is given what the program prints; without it, it is shown as it comes
 *
 * @typedef {object} Outcome
 * @property {number} code 127 when the program does not exist, 128 when a signal ended it
 * @property {string} stdout empty where it is shown as it comes
 */

/**
 * Runs a program to its end, whatever that is.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export async function attempt(command, args, { cwd = root, env, output } = {}) {
  const shown = output ? "pipe" : "inherit";
  /** @type {import("node:child_process").StdioOptions} */
  const stdio = ["ignore", shown, shown];
  try {
    const running = x(command, args, {
      nodeOptions: { cwd, env, stdio, windowsHide: true },
    });
    /** @type {string[]} */
    const kept = [];
    for (const stream of [running.process?.stdout, running.process?.stderr]) {
      stream
        ?.setEncoding("utf8")
        .on("data", (/** @type {string} */ text) => output?.(text));
    }
    running.process?.stdout?.on("data", (/** @type {string} */ text) =>
      kept.push(text),
    );
    await running;
    return { code: running.exitCode ?? 128, stdout: kept.join("") };
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT")
      throw error;
    return { code: 127, stdout: "" };
  }
}

/**
 * Runs a program that has to succeed.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function run(command, args, options) {
  const outcome = await attempt(command, args, options);
  if (outcome.code === 127)
    throw new SetupError(`${command} could not be started`);
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
 */
export async function ask(command, args) {
  const { code, stdout } = await attempt(command, args, { output: () => {} });
  return code === 0 ? stdout.trim() : undefined;
}
