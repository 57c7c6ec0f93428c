/** Tests of the npm package as others install and build it, with Playwright. */
import { readFile } from "node:fs/promises";
import { say } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { notRun, playwrightCounts, suiteOf } from "../support/results.mjs";
import { attempt, packageScript } from "../support/run.mjs";
import { withReport } from "./report-file.mjs";

/**
 * @param {string} name
 * @param {import("./set-up.mjs").SetUp} setUp
 */
export async function packagingTests(name, { built, chromium }) {
  if (!built) return notRun(name, "the build failed");
  if (!chromium) return notRun(name, "there is no browser");
  say("\n== Packaging tests (usually 2 minutes)");
  const cwd = inRoot("tests");
  const playwright = packageScript("@playwright/test", "playwright", cwd);
  return withReport("playwright.json", async (report) => {
    const { code } = await attempt(
      process.execPath,
      [
        ...[playwright, "test", "--reporter=list,json"],
        ...["--config", "packaging/playwright.config.ts"],
      ],
      {
        cwd,
        env: {
          ...process.env,
          HEADSTART_CHROMIUM: chromium,
          PLAYWRIGHT_JSON_OUTPUT_NAME: report,
        },
      },
    );
    const json = await readFile(report, "utf8").catch(() => "");
    return suiteOf(name, playwrightCounts(json), code);
  });
}
