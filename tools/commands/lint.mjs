/** `npm run lint`: formatting and static checks of Rust and of everything else. */
import { requireRust } from "../steps/rust.mjs";
import { javaScriptChecks, rustChecks } from "../suites/checks.mjs";
import { runSuites } from "../suites/run-suites.mjs";
import { printSummary } from "../suites/summary.mjs";

await requireRust();
process.exitCode = printSummary(
  await runSuites({ Rust: rustChecks, JavaScript: javaScriptChecks }),
);
