/**
 * `node tools/run.mjs COMMAND …`: what the scripts of package.json run. It needs nothing but node, and installs npm's
 * packages, so that commands may import them.
 */
import { installNodePackages } from "./node-packages.mjs";
import { main } from "./support/console.mjs";

// Stopped, it ends as it would by itself, and leaves no lock behind.
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => process.exit(130));

await main(async () => {
  await installNodePackages();
  await import(`./commands/${process.argv[2]}.mjs`);
});
