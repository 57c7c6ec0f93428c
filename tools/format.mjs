/** `npm run format`: rewrites every file as the formatters want it. */
import { main } from "./support/console.mjs";
import { packageScript, run } from "./support/run.mjs";
import { installNodePackages } from "./steps/node-packages.mjs";
import { requireRust, requireRustComponents } from "./steps/rust.mjs";

await main(async () => {
  await installNodePackages();
  await requireRust();
  await requireRustComponents();
  await run("cargo", ["fmt"]);
  await run(process.execPath, [packageScript("prettier"), "--write", "."]);
});
