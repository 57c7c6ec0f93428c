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

const drawn = setUp.try("drawn data", async () => (await drawData(), true));
const built = setUp.try("build", async () => (await build(), true));

/**
 * @param {string} config
 * @returns {import("../suites/run-suites.mjs").Work}
 */
const inBrowser = (config) => async (name, output) => {
  const missing =
    (!(await built) && "the build failed") ||
    (!(await drawn) && "there are no drawn photos") ||
    (!browser && "there is no browser");
  if (missing) return notRun(name, missing);
  const env = { HEADSTART_CHROMIUM: browser, HEADSTART_WEIGHTS: drawnData };
  return playwright(config, env)(name, output);
};

// What compiles natively, and beside it what compiles for browsers or not at all.
const native = async () => {
  await drawn;
  return runSuitesAside({ Rust: rustTests, "Rust checks": rustChecks });
};
const portable = async () => {
  await built;
  return runSuitesAside({
    JavaScript: javaScriptChecks,
    Types: typeChecks,
    Tools: toolTests,
    Package: vitest("pkg-config"),
    Page: vitest("www"),
    Packaging: inBrowser("packaging/playwright.config.ts"),
  });
};
const aside = await Promise.all([native(), portable()]);
// Alone, since it computes on all cores.
const alone = await runSuites({
  Browser: inBrowser("playwright.config.ts"),
});

process.exitCode = printSummary([
  ...setUp.asSuites(),
  ...aside.flat(),
  ...alone,
]);
