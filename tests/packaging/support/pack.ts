/** Packs the package and its weights once for all tests, as `npm publish` would. */
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { requireInputs, weightsPath } from "../../browser/support/inputs.js";
import {
  packageFolder,
  prepack,
  projects,
  tarballs,
  weightsPackageFolder,
} from "./paths.js";
import { npm } from "./program.js";

export default async function pack(): Promise<void> {
  requireInputs();
  for (const folder of [tarballs, projects]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  // The weights are no part of the repository: they join the package where it is packed.
  const withWeights = join(projects, "headstart-weights");
  cpSync(weightsPackageFolder, withWeights, { recursive: true });
  cpSync(weightsPath, join(withWeights, basename(weightsPath)));
  cpSync(prepack, join(projects, basename(prepack)));
  for (const folder of [packageFolder, withWeights])
    await npm(["pack", "--silent", "--pack-destination", tarballs], folder);
}

export type PackageName = "headstart" | "headstart-weights";

export function tarballOf(name: PackageName): string {
  const file = readdirSync(tarballs).find((file) =>
    new RegExp(`^${name}-\\d.*\\.tgz$`).test(file),
  );
  if (!file) throw new Error(`${name} was not packed`);
  return join(tarballs, file);
}
