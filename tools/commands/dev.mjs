/** `npm run dev`: the page with hot reload, on the package as it was last built, and the weights beside it. */
import { SetupError } from "../support/console.mjs";
import { exists } from "../support/files.mjs";
import { inRoot, packageDist } from "../support/paths.mjs";
import { run } from "../support/run.mjs";

if (!(await exists(packageDist))) {
  throw new SetupError("The package is not built", "Run: npm run build");
}
await run("vite", process.argv.slice(3), { cwd: inRoot("www") });
