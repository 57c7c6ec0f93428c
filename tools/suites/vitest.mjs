/** Unit tests of the npm package and of the page, with vitest. */
import { readFile } from "node:fs/promises";
import { say } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { suiteOf, vitestCounts } from "../support/results.mjs";
import { attempt, packageScript } from "../support/run.mjs";
import { withReport } from "./report-file.mjs";

/** @param {string} name */
export const packageTests = (name) => unitTests(name, "pkg-config");

/** @param {string} name */
export const pageTests = (name) => unitTests(name, "www");

/**
 * @param {string} name
 * @param {string} workspace
 */
function unitTests(name, workspace) {
  say(`\n== Unit tests in ${workspace}`);
  const cwd = inRoot(workspace);
  const vitest = packageScript("vitest", "vitest", cwd);
  return withReport("vitest.json", async (report) => {
    const { code } = await attempt(
      process.execPath,
      [
        ...[vitest, "run", "--reporter=default"],
        ...["--reporter=json", `--outputFile.json=${report}`],
      ],
      { cwd },
    );
    const json = await readFile(report, "utf8").catch(() => "");
    return suiteOf(name, vitestCounts(json), code);
  });
}
