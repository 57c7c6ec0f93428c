/** `npm run build [-- --with-weights]`: the npm package in pkg-config/dist, the page in www/dist. */
import { build } from "../steps/build.mjs";
import { copyWeightsIntoPage, removeWeightsFromPage } from "../steps/page.mjs";

await build();
await (process.argv.includes("--with-weights")
  ? copyWeightsIntoPage()
  : removeWeightsFromPage());
