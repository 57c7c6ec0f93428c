/** `npm run docs`: the package's API as pages in docs/api, made from the comments in its sources. */
import { step } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { run } from "../support/run.mjs";
import { buildForCpu } from "../steps/build.mjs";

// The types of the modules come from the build.
await buildForCpu();
await step(
  {
    doing: "Making the API's pages in docs/api",
    usually: "10 seconds",
    mend: "Mend the comments that are named above, then run: npm run docs",
  },
  () => run("typedoc", ["--options", inRoot("pkg-config", "typedoc.json")]),
);
