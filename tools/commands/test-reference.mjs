/**
 * `npm run test:reference`: the tests that need a real checkpoint and photos, and what torch computed from them. They
 * are looked for in HEADSTART_SHARED, then in ../shared.
 */
import { join } from "node:path";
import { sha256OfFile } from "../support/files.mjs";
import { quantizedReference, referenceData } from "../support/paths.mjs";
import { build } from "../steps/build.mjs";
import { chromium } from "../steps/chromium.mjs";
import { requireRust } from "../steps/rust.mjs";
import { requireShared } from "../steps/shared.mjs";
import { quantize } from "../steps/weights.mjs";
import { runSuites } from "../suites/run-suites.mjs";
import { playwright } from "../suites/runners.mjs";
import { rustReferenceTests } from "../suites/rust.mjs";
import { printSummary } from "../suites/summary.mjs";

const mayInstall =
  process.argv.includes("--install") || Boolean(process.env.CI);
const shared = await requireShared();
await requireRust();
await build();
const path = join(shared, "weights", "resnet18-standin.pth");
await quantize({ path, sha256: await sha256OfFile(path) }, quantizedReference);
const browser = await chromium(mayInstall);

process.exitCode = printSummary(
  await runSuites({
    "Rust, reference": rustReferenceTests(shared),
    "Browser, reference": playwright("reference/playwright.config.ts", {
      HEADSTART_CHROMIUM: browser,
      HEADSTART_SHARED: shared,
      HEADSTART_WEIGHTS: referenceData,
    }),
  }),
);
