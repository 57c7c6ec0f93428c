/** npm's packages, exactly as package-lock.json has them. Imports nothing that they bring. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError, sayCurrent, step } from "../support/console.mjs";
import { atLeast } from "../support/cargo.mjs";
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
  if (await nodePackagesAreCurrent(root)) return sayCurrent("npm packages");
  await step(
    {
      doing: "Installing npm packages",
      usually: "under a minute",
      mend: "With a connection to npm's registry, run: npm ci",
    },
    // ci, not install: it never rewrites the lock file.
    () => npm(["ci"]),
  );
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
