/** The test runners of JavaScript, each asked for a report from which its tests are counted. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesUnder } from "../support/files.mjs";
import { inRoot, root } from "../support/paths.mjs";
import { attempt } from "../support/run.mjs";
import {
  nodeCounts,
  playwrightCounts,
  suiteOf,
  vitestCounts,
} from "./results.mjs";

/** @typedef {import("./run-suites.mjs").Work} Work */

/**
 * Unit tests of the npm package or of the page.
 * @param {string} workspace
 * @returns {Work}
 */
export const vitest = (workspace) => (name, output) =>
  reported(name, vitestCounts, output, (report) => ({
    command: "vitest",
    args: [
      ...["run", "--reporter=default", "--reporter=json"],
      `--outputFile.json=${report}`,
    ],
    cwd: inRoot(workspace),
  }));

/**
 * Tests in a real browser.
 * @param {string} config
 * @param {NodeJS.ProcessEnv} env
 * @returns {Work}
 */
export const playwright = (config, env) => (name, output) =>
  reported(name, playwrightCounts, output, (report) => ({
    command: "playwright",
    args: ["test", "--reporter=list,json", "--config", config],
    cwd: inRoot("tests"),
    env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
  }));

/** @type {Work} */
export const toolTests = async (name, output) => {
  const all = await filesUnder([inRoot("tests", "tools")]);
  const files = all.filter((file) => file.endsWith(".test.mjs"));
  return reported(name, nodeCounts, output, (report) => ({
    command: process.execPath,
    args: [
      "--test",
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=tap", `--test-reporter-destination=${report}`],
      ...files,
    ],
  }));
};

/**
 * Runs a runner with a new place for its report, so that an old one is never read for this run's.
 * @param {string} name
 * @param {(report: string) => import("./results.mjs").Counts | undefined} counts
 * @param {import("./run-suites.mjs").Output | undefined} output
 * @param {(report: string) => { command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv }} runner
 */
async function reported(name, counts, output, runner) {
  const folder = await mkdtemp(join(tmpdir(), "headstart-report-"));
  try {
    const report = join(folder, "report");
    const { command, args, cwd = root, env } = runner(report);
    const { code } = await attempt(command, args, { cwd, env, output });
    const text = await readFile(report, "utf8").catch(() => "");
    return suiteOf(name, counts(text), code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
