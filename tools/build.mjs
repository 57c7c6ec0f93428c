/** `npm run build [-- --with-weights]`: the npm package in pkg-config/dist, the page in www/dist. */
import { main } from "./support/console.mjs";
import { installNodePackages } from "./steps/node-packages.mjs";
import { requireRust } from "./steps/rust.mjs";
import { build } from "./steps/build.mjs";
import { copyWeightsIntoPage, removeWeightsFromPage } from "./steps/page.mjs";

const withWeights = process.argv.includes("--with-weights");

await main(async () => {
  await installNodePackages();
  await requireRust();
  await build();
  await (withWeights ? copyWeightsIntoPage() : removeWeightsFromPage());
});
