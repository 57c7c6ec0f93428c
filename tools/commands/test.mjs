/**
 * `npm test [-- --install]`: sets up whatever is missing, runs every test that needs only this clone, and ends with one
 * line of totals. `--install`, or CI, lets it install a browser with the system's package manager.
 */
import { drawnData } from "../support/paths.mjs";
import { build } from "../steps/build.mjs";
import { chromium } from "../steps/chromium.mjs";
import { drawData } from "../steps/drawn-data.mjs";
import { requireRust } from "../steps/rust.mjs";
import { javaScriptChecks, rustChecks, typeChecks } from "../suites/checks.mjs";
import { notRun } from "../suites/results.mjs";
import { runSuites, runSuitesAside } from "../suites/run-suites.mjs";
import { playwright, toolTests, vitest } from "../suites/runners.mjs";
import { rustTests } from "../suites/rust.mjs";
import { SetUp } from "../suites/set-up.mjs";
import { printSummary } from "../suites/summary.mjs";

const mayInstall =
  process.argv.includes("--install") || Boolean(process.env.CI);
const setUp = new SetUp();

await requireRust();
const browser = await setUp.try("browser", () => chromium(mayInstall));

// What compiles natively, and beside it what compiles for browsers or not at all.
const drawn = setUp.try("drawn data", async () => (await drawData(), true));
const native = async () => {
  await drawn;
  return runSuitesAside({ Rust: rustTests, "Rust checks": rustChecks });
};
const built = setUp.try("build", async () => (await build(), true));
const portable = async () => {
  await built;
  return runSuitesAside({
    JavaScript: javaScriptChecks,
    Types: typeChecks,
    Tools: toolTests,
    Package: vitest("pkg-config"),
    Page: vitest("www"),
  });
};
const aside = await Promise.all([native(), portable()]);

const missing =
  (!(await built) && "the build failed") ||
  (!(await drawn) && "there are no drawn photos") ||
  (!browser && "there is no browser");
/** @param {string} config */
const inBrowser = (config) =>
  missing
    ? async (/** @type {string} */ name) => notRun(name, missing)
    : playwright(config, {
        HEADSTART_CHROMIUM: browser,
        HEADSTART_WEIGHTS: drawnData,
      });
// Alone, since they compute on all cores.
const alone = await runSuites({
  Browser: inBrowser("playwright.config.ts"),
  Packaging: inBrowser("packaging/playwright.config.ts"),
});

process.exitCode = printSummary([
  ...setUp.asSuites(),
  ...aside.flat(),
  ...alone,
]);
