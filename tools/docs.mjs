/** `npm run docs`: the package's API as pages in docs/api, made from the comments in its sources. */
import { main, step } from "./support/console.mjs";
import { inRoot } from "./support/paths.mjs";
import { packageScript, run } from "./support/run.mjs";
import { build } from "./steps/build.mjs";
import { installNodePackages } from "./steps/node-packages.mjs";
import { requireRust } from "./steps/rust.mjs";

await main(async () => {
  await installNodePackages();
  await requireRust();
  // The types of the modules come from the build.
  await build();
  await step(
    {
      doing: "Making the API's pages in docs/api",
      usually: "10 seconds",
      mend: "Mend the comments that are named above, then run: npm run docs",
    },
    () =>
      run(process.execPath, [
        packageScript("typedoc"),
        ...["--options", inRoot("pkg-config", "typedoc.json")],
      ]),
  );
});
