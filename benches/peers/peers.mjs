/** `npm run bench -- peers`: Headstart beside the other libraries that embed images in a browser. */
import { build } from "../../tools/steps/build.mjs";
import { chromium } from "../../tools/steps/chromium.mjs";
import { prepareWeights } from "../../tools/steps/weights.mjs";
import { main, say } from "../../tools/support/console.mjs";
import { installPeers } from "./bundle.mjs";
import { USAGE, readOptions } from "./options.mjs";
import { breakDown } from "./breakdown-mode.mjs";
import { compareFolder } from "./folder-mode.mjs";
import { compare } from "./table-mode.mjs";

const MODES = { table: compare, folder: compareFolder, breakdown: breakDown };

await main(async () => {
  const options = readOptions(process.argv.slice(2));
  if (!options) return say(USAGE);
  await installPeers();
  await build();
  await prepareWeights();
  const executablePath = await chromium();
  await MODES[options.mode](options, executablePath);
});
