/** The end of `npm test`: a line per suite, then one line of totals that a program can read. */

/** @typedef {import("./results.mjs").Suite} Suite */

/**
 * @param {Suite[]} suites
 * @returns {{ lines: string[], code: number }}
 */
export function summarise(suites) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const width = Math.max(...suites.map((suite) => suite.name.length));
  const lines = ["", "Summary"];
  for (const suite of suites) {
    total.passed += suite.passed;
    total.failed += suite.failed;
    total.skipped += suite.skipped;
    const notes = suite.notes.map((note) => ` (${note})`).join("");
    lines.push(`  ${suite.name.padEnd(width)}  ${countsOf(suite)}${notes}`);
  }
  lines.push("", countsOf(total));
  // A skipped test protects nothing.
  const good = total.passed > 0 && total.failed === 0 && total.skipped === 0;
  return { lines, code: good ? 0 : 1 };
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
const countsOf = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed` +
  (skipped > 0 ? `, ${skipped} skipped` : "");

/**
 * @param {Suite[]} suites
 * @returns {number} the exit status
 */
export function printSummary(suites) {
  const { lines, code } = summarise(suites);
  console.log(lines.join("\n"));
  return code;
}
