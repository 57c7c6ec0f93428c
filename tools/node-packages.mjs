/** npm's packages, exactly as package-lock.json has them. Imports nothing that they bring. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, lstat, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError, sayCurrent, step } from "./support/console.mjs";
import { withLock } from "./support/lock.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const LEAST_NODE = [20, 19];

/** @param {string} [version] */
export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (
    major < LEAST_NODE[0] ||
    (major === LEAST_NODE[0] && minor < LEAST_NODE[1])
  ) {
    throw new SetupError(
      `Headstart's tools need Node ${LEAST_NODE.join(".")} or newer; this is ${version}`,
      "Install a current Node from https://nodejs.org",
    );
  }
}

/**
 * @param {string} [folder] where package-lock.json is
 */
export async function installNodePackages(folder = root) {
  requireNode();
  await withLock(join(folder, ".stamps", "npm.lock"), "npm", async () => {
    if (await nodePackagesAreCurrent(folder)) return sayCurrent("npm packages");
    await refuseLink(join(folder, "node_modules"));
    await step(
      {
        doing: "Installing npm packages",
        usually: "under a minute",
        mend: "With a connection to npm's registry and room on the disk, run: npm ci",
      },
      async () => {
        // ci, not install: it never rewrites the lock file.
        npm(["ci", "--no-audit", "--no-fund"], folder);
        await copyFile(join(folder, "package-lock.json"), installed(folder));
      },
    );
  });
}

/**
 * What was installed, kept among it: npm ci removes it before it begins.
 * @param {string} folder
 */
const installed = (folder) =>
  join(folder, "node_modules", ".headstart-package-lock.json");

/**
 * Whether what is installed is what the lock file asks for.
 * @param {string} folder
 */
export async function nodePackagesAreCurrent(folder) {
  const read = (/** @type {string} */ path) =>
    readFile(path, "utf8").catch(() => undefined);
  const wanted = await read(join(folder, "package-lock.json"));
  return wanted !== undefined && wanted === (await read(installed(folder)));
}

/**
 * npm ci begins by emptying node_modules, and through a link it would empty another clone's.
 * @param {string} path
 */
export async function refuseLink(path) {
  const info = await lstat(path).catch(() => undefined);
  if (!info?.isSymbolicLink()) return;
  throw new SetupError(
    `${path} is a link, and what it leads to is not what package-lock.json asks for`,
    "Remove the link and run this again, or run npm ci where it leads to",
  );
}

/**
 * npm is a script: run it with this very node where npm says where it is, and through a shell on Windows.
 * @param {string[]} args
 * @param {string} cwd
 */
function npm(args, cwd) {
  const script = process.env.npm_execpath ?? "";
  const known = basename(script) === "npm-cli.js" && existsSync(script);
  const [command, all] = known
    ? [process.execPath, [script, ...args]]
    : ["npm", args];
  const shell = !known && process.platform === "win32";
  const { error, status } = spawnSync(command, all, {
    ...{ cwd, shell, stdio: "inherit" },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ended with status ${status}`);
}
