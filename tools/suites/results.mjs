/**
 * What each test runner says at its end, as counts.
 *
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 *
 * @typedef {Counts & { name: string, notes: string[] }} Suite
 */
import { stripVTControlCharacters } from "node:util";

/**
 * Makes a suite of counts and of how the runner ended. What did not run must not look like success: a runner that
 * failed without naming a test, and a suite without tests, count as a failure.
 * @param {string} name
 * @param {Counts | undefined} counts `undefined` when the runner left no result
 * @param {number} code the runner's exit status
 * @returns {Suite}
 */
export function suiteOf(name, counts, code) {
  const suite = { passed: 0, failed: 0, skipped: 0, ...counts, name };
  const notes = [];
  if (code !== 0 && suite.failed === 0 && suite.skipped === 0) {
    suite.failed = 1;
    notes.push(`the runner ended with status ${code}`);
  } else if (!counts) {
    suite.failed = 1;
    notes.push("the runner left no result");
  } else if (suite.passed + suite.failed + suite.skipped === 0) {
    suite.failed = 1;
    notes.push("no tests ran");
  }
  return { ...suite, notes };
}

/**
 * @param {string} name
 * @param {string} reason
 * @returns {Suite}
 */
export const notRun = (name, reason) => ({
  ...{ name, passed: 0, failed: 1, skipped: 0 },
  notes: [`not run: ${reason}`],
});

/**
 * `cargo test`: one closing line per test binary. A binary that opened and did not close crashed.
 * @param {string} output
 * @returns {Counts | undefined}
 */
export function cargoCounts(output) {
  const text = stripVTControlCharacters(output).replaceAll("\r\n", "\n");
  const opened = text.match(/^running \d+ tests?$/gm)?.length ?? 0;
  const closing =
    /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored;/gm;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let closed = 0;
  for (const [, passed, failed, ignored] of text.matchAll(closing)) {
    closed++;
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  if (opened === 0 && closed === 0) return undefined;
  counts.failed += Math.max(0, opened - closed);
  return counts;
}

/**
 * node's TAP reporter: `# pass 3` and its like at the end.
 * @param {string} tap
 * @returns {Counts | undefined}
 */
export function nodeCounts(tap) {
  const at = tap.lastIndexOf("\n# tests ");
  if (at < 0) return undefined;
  const count = (/** @type {string} */ what) =>
    Number(tap.slice(at).match(new RegExp(`^# ${what} (\\d+)$`, "m"))?.[1]);
  return {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  };
}

/**
 * vitest's JSON reporter. A file that could not be loaded is no test to it, but a failure to us.
 * @param {string} json
 * @returns {Counts | undefined}
 */
export function vitestCounts(json) {
  const report = parsed(json);
  if (!report) return undefined;
  const unloaded = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * Playwright's JSON reporter. A test that passed only when repeated has failed.
 * @param {string} json
 * @returns {Counts | undefined}
 */
export function playwrightCounts(json) {
  const report = parsed(json);
  if (!report) return undefined;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return {
    passed: expected,
    failed: unexpected + flaky + report.errors.length,
    skipped,
  };
}

/** @param {string} json */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
