/** The reference data: a real checkpoint, photos, and what torch computes from them. */
import { join, resolve } from "node:path";
import { SetupError } from "../support/console.mjs";
import { exists } from "../support/files.mjs";
import { root } from "../support/paths.mjs";

/**
 * The folder that HEADSTART_SHARED names, or `../shared`.
 * @param {string} [folder] the repository root
 * @param {NodeJS.ProcessEnv} [env]
 */
export function sharedFolder(folder = root, env = process.env) {
  // npm runs scripts in the repository root; a relative path is meant from where npm was called.
  const named = env.HEADSTART_SHARED;
  return named
    ? resolve(env.INIT_CWD ?? folder, named)
    : resolve(folder, "../shared");
}

/** The same, which has to be there. */
export async function requireShared() {
  const folder = sharedFolder();
  if (await exists(join(folder, "golden", "index.json"))) return folder;
  throw new SetupError(
    `There are no reference data: ${join(folder, "golden", "index.json")} does not exist`,
    "Put them there, or name their folder in HEADSTART_SHARED; npm test needs none",
  );
}
