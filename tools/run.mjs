/**
 * `node tools/run.mjs COMMAND …`: what the scripts of package.json run. It needs nothing but node, and installs npm's
 * packages, so that commands may import them.
 */
import { installNodePackages } from "./node-packages.mjs";
import { main } from "./support/console.mjs";

await main(async () => {
  await installNodePackages();
  await import(`./commands/${process.argv[2]}.mjs`);
});
