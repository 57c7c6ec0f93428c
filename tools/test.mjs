/** `npm test`: sets up whatever is missing, runs every test, and ends with one line of totals. */
import { main } from "./support/console.mjs";
import { SetUp, prepareForTests } from "./suites/set-up.mjs";
import { lint, types } from "./suites/checks.mjs";
import { browserTests, packagingTests } from "./suites/playwright.mjs";
import { rustTests } from "./suites/rust.mjs";
import { toolTests } from "./suites/tools.mjs";
import { packageTests, pageTests } from "./suites/vitest.mjs";
import { runSuites } from "./suites/run-suites.mjs";
import { printSummary } from "./support/summary.mjs";

await main(async () => {
  const setUp = new SetUp();
  const usable = await prepareForTests(setUp);
  const suites = usable
    ? await runSuites({
        Lint: lint,
        Types: types,
        Tools: toolTests,
        Package: packageTests,
        Page: pageTests,
        Rust: rustTests,
        Browser: (name) => browserTests(name, setUp),
        Packaging: (name) => packagingTests(name, setUp),
      })
    : [];
  process.exitCode = printSummary([...setUp.asSuite(), ...suites]);
});
