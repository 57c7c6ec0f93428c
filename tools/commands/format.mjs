/** `npm run format`: rewrites every file as the formatters want it. */
import { requireRust } from "../steps/rust.mjs";
import { run } from "../support/run.mjs";

await requireRust();
await run("cargo", ["fmt", "--all"]);
await run("prettier", ["--write", "--log-level", "warn", "."]);
