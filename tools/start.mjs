/** `npm start`: sets up whatever is missing, builds, and serves the page. */
import { describe, main, warn } from "./support/console.mjs";
import { installNodePackages } from "./steps/node-packages.mjs";
import { requireRust } from "./steps/rust.mjs";
import { build } from "./steps/build.mjs";
import { prepareWeights } from "./steps/weights.mjs";

await main(async () => {
  await installNodePackages();
  await requireRust();
  await build();
  await prepareWeights().catch((error) => {
    warn(describe(error));
    warn("The page is served all the same; it cannot classify until then.");
  });
  // Not at the top: it needs npm's packages.
  const { serve } = await import("./serve.mjs");
  await serve();
});
