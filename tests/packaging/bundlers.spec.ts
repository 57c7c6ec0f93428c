/** Projects that build with a bundler, or without one, the way its documentation says. */
import { join } from "node:path";
import { project } from "./support/project.js";
import { npm } from "./support/program.js";
import { expectResult, test } from "./support/test.js";
import type { PackageName } from "./support/pack.js";

interface Consumer {
  name: string;
  /** What its build fills, and a server serves. */
  built: string;
  packages?: PackageName[];
}

const withWeights: PackageName[] = ["headstart", "headstart-weights"];

const CONSUMERS: Consumer[] = [
  { name: "vite", built: "dist", packages: withWeights },
  { name: "webpack", built: "public", packages: withWeights },
  { name: "esbuild", built: "public" },
  { name: "rollup", built: "public" },
  { name: "plain", built: "public", packages: withWeights },
  { name: "react", built: "dist" },
  { name: "slim", built: "dist" },
  { name: "slim-module", built: "public" },
];

test.describe.configure({ mode: "parallel" });

for (const { name, built, packages } of CONSUMERS) {
  test(`${name}: the project builds, and its page learns checks and rings`, async ({
    page,
    serve,
  }) => {
    const folder = await project(name, { packages, consumer: name });
    await npm(["run", "build"], folder);
    const site = await serve(join(folder, built));
    await page.goto(site.url);
    await expectResult(page);
  });
}
