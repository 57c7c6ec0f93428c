/** The hymenoptera photos, which are not the project's own. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../../tools/support/console.mjs";
import { inRoot } from "../../tools/support/paths.mjs";

/**
 * @typedef {{ side: string, label: string, name: string, bytes: string }} Photo `bytes` in base64
 * @param {string[]} sides
 * @returns {Photo[]}
 */
export function readPhotos(sides) {
  const shared = process.env.HEADSTART_SHARED ?? inRoot("..", "shared");
  const folder = join(shared, "datasets", "hymenoptera");
  if (!existsSync(folder)) {
    throw new SetupError(
      `${folder} does not exist`,
      "Put the reference data there, or name its folder in HEADSTART_SHARED",
    );
  }
  return sides.flatMap((side) =>
    ["ants", "bees"].flatMap((label) =>
      readdirSync(join(folder, side, label)).map((name) => ({
        ...{ side, label, name: `${side}/${label}/${name}` },
        bytes: readFileSync(join(folder, side, label, name)).toString("base64"),
      })),
    ),
  );
}
