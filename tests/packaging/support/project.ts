/** Miniature projects that install the packed package. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { tarballOf, type PackageName } from "./pack.js";
import { consumers, projects } from "./paths.js";
import { npm } from "./program.js";

interface ProjectOptions {
  packages?: PackageName[];
  /** The consumer that it is a copy of; there need not be one. */
  consumer?: string;
}

/** Makes a project with the packages installed, and resolves to its folder. */
export async function project(
  name: string,
  { packages = ["headstart"], consumer }: ProjectOptions = {},
): Promise<string> {
  const folder = join(projects, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  if (consumer) copyConsumer(consumer, folder);
  else writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  await npm(
    [
      ...["install", "--no-save", "--no-package-lock", "--offline"],
      ...["--no-audit", "--no-fund", ...packages.map(tarballOf)],
    ],
    folder,
  );
  for (const name of packages) refuseLink(join(folder, "node_modules", name));
  return folder;
}

function copyConsumer(consumer: string, folder: string): void {
  cpSync(join(consumers, consumer), folder, { recursive: true });
  for (const sources of ["src", "public"].map((name) => join(folder, name))) {
    if (existsSync(sources))
      cpSync(join(consumers, "run.js"), join(sources, "run.js"));
  }
}

/** A link would lead to the sources, of which much is never packed. */
function refuseLink(folder: string): void {
  if (lstatSync(folder).isDirectory()) return;
  throw new Error(`${folder} is not what was packed`);
}
