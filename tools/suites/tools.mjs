/** Tests of these tools. */
import { readFile } from "node:fs/promises";
import { say } from "../support/console.mjs";
import { filesUnder } from "../support/files.mjs";
import { inRoot } from "../support/paths.mjs";
import { nodeCounts, suiteOf } from "../support/results.mjs";
import { attempt } from "../support/run.mjs";
import { withReport } from "./report-file.mjs";

/** @param {string} name */
export async function toolTests(name) {
  say("\n== Tests of the tools");
  const files = (await filesUnder([inRoot("tests", "tools")])).filter((file) =>
    file.endsWith(".test.mjs"),
  );
  return withReport("tools.tap", async (report) => {
    const { code } = await attempt(process.execPath, [
      "--test",
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=tap", `--test-reporter-destination=${report}`],
      ...files,
    ]);
    const tap = await readFile(report, "utf8").catch(() => "");
    return suiteOf(name, nodeCounts(tap), code);
  });
}
