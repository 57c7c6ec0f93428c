/** Tests in a real browser, with Playwright: of the built page and package, and of the package as others build it. */
import { readFile } from "node:fs/promises";
import { say } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { notRun, playwrightCounts, suiteOf } from "../support/results.mjs";
import { attempt, packageScript } from "../support/run.mjs";
import { withReport } from "./report-file.mjs";

/** @typedef {import("./set-up.mjs").SetUp} SetUp */

/**
 * @param {string} name
 * @param {SetUp} setUp
 */
export function browserTests(name, setUp) {
  const title = "Browser tests (usually 4 minutes)";
  return tests(name, title, "playwright.config.ts", setUp);
}

/**
 * @param {string} name
 * @param {SetUp} setUp
 */
export function packagingTests(name, setUp) {
  const title = "Packaging tests (usually 2 minutes)";
  return tests(name, title, "packaging/playwright.config.ts", setUp);
}

/**
 * @param {string} name
 * @param {string} title
 * @param {string} config
 * @param {SetUp} setUp
 */
async function tests(name, title, config, { built, chromium }) {
  if (!built) return notRun(name, "the build failed");
  if (!chromium) return notRun(name, "there is no browser");
  say(`\n== ${title}`);
  const cwd = inRoot("tests");
  const playwright = packageScript("@playwright/test", "playwright", cwd);
  return withReport("playwright.json", async (report) => {
    const { code } = await attempt(
      process.execPath,
      [playwright, "test", "--reporter=list,json", "--config", config],
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
