/** The package's types, as strict applications compile against them. */
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { project } from "./support/project.js";
import { compile } from "./support/typescript.js";

const RESOLUTIONS = [
  { moduleResolution: "bundler", module: "esnext" },
  { moduleResolution: "node16", module: "node16" },
];

let folder: string;

test.beforeAll(async () => {
  folder = await project("typescript", {
    packages: ["headstart", "headstart-weights"],
    consumer: "typescript",
  });
});

for (const resolution of RESOLUTIONS) {
  const { moduleResolution } = resolution;
  test(`types: a program compiles and mistakes do not, with moduleResolution ${moduleResolution}`, async () => {
    const options = Object.entries(resolution).flatMap(([name, value]) => [
      `--${name}`,
      value,
    ]);
    const files = await compile(folder, options);
    const here = files.filter((file) => !file.includes("node_modules"));
    expect(here.map((file) => file.slice(folder.length + 1)).sort()).toEqual([
      "mistakes.ts",
      "program.ts",
      "worker.ts",
    ]);
    expect(files).toContain(
      join(folder, "node_modules", "headstart", "dist", "index.d.ts"),
    );
  });
}
