/** `npm run lint`: formatting and static checks of Rust and of everything else. */
import { main } from "./support/console.mjs";
import { installNodePackages } from "./steps/node-packages.mjs";
import { requireRust, requireRustComponents } from "./steps/rust.mjs";
import { lint } from "./suites/checks.mjs";
import { runSuites } from "./suites/run-suites.mjs";
import { printSummary } from "./support/summary.mjs";

await main(async () => {
  await installNodePackages();
  await requireRust();
  await requireRustComponents();
  process.exitCode = printSummary(await runSuites({ Lint: lint }));
});
