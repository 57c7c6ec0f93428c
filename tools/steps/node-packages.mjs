/** npm's packages, exactly as package-lock.json has them. Imports nothing that they bring. */
import { existsSync } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError, sayCurrent, step } from "../support/console.mjs";
import { atLeast } from "../support/cargo.mjs";
import { withLock } from "../support/lock.mjs";
import { root } from "../support/paths.mjs";
import { npm } from "../support/run.mjs";

/** @param {string} [version] */
export function requireNode(version = process.versions.node) {
  if (!atLeast(version, "20.19")) {
    throw new SetupError(
      `Headstart's tools need Node 20.19 or newer; this is ${version}`,
      "Install a current Node from https://nodejs.org",
    );
  }
}

export async function installNodePackages() {
  requireNode();
  const lock = join(root, ".stamps", "npm.lock");
  await withLock(lock, "npm", async () => {
    if (await nodePackagesAreCurrent(root)) return sayCurrent("npm packages");
    await refuseLinkedFolders(root);
    await step(
      {
        doing: "Installing npm packages",
        usually: "under a minute",
        mend: "With a connection to npm's registry, run: npm ci",
      },
      // ci, not install: it never rewrites the lock file.
      () => npm(["ci"]),
    );
  });
}

/**
 * npm ci begins by emptying node_modules, and through a link it would empty another clone's.
 * @param {string} folder
 */
export async function refuseLinkedFolders(folder) {
  const manifest = await readFile(join(folder, "package.json"), "utf8");
  /** @type {string[]} */
  const workspaces = JSON.parse(manifest).workspaces;
  for (const workspace of [".", ...workspaces]) {
    const path = join(folder, workspace, "node_modules");
    const info = await lstat(path).catch(() => undefined);
    if (!info?.isSymbolicLink()) continue;
    throw new SetupError(
      `${path} is a link, and what it leads to is not what package-lock.json asks for`,
      "Remove the link and run this again, or run npm ci where it leads to",
    );
  }
}

/**
 * Whether what is installed is what the lock file asks for, by npm's own record of what it installed.
 * @param {string} folder
 */
export async function nodePackagesAreCurrent(folder) {
  const wanted = await packagesIn(join(folder, "package-lock.json"));
  const installed = await packagesIn(
    join(folder, "node_modules", ".package-lock.json"),
  );
  if (!wanted || !installed) return false;
  return Object.entries(wanted)
    .filter(([path]) => path.includes("node_modules/"))
    .every(([path, entry]) => {
      const present = installed[path];
      // Packages for other platforms are optional and stay out.
      if (!present) return Boolean(entry.optional || entry.devOptional);
      return (
        present.version === entry.version && existsSync(join(folder, path))
      );
    });
}

/**
 * @param {string} path
 * @returns {Promise<Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | undefined>}
 */
async function packagesIn(path) {
  try {
    return JSON.parse(await readFile(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}
