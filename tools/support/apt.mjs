/** Debian's package manager, for machines where nothing else brings a program. */
import { SetupError } from "./console.mjs";
import { ask, onPath, run } from "./run.mjs";

/** The words before a command that make it run as root, or `undefined` when that needs a password. */
async function asRoot() {
  if (process.getuid?.() === 0) return [];
  if (onPath("sudo") && (await ask("sudo", ["-n", "true"])) !== undefined) {
    return ["sudo", "-n"];
  }
  return undefined;
}

export async function canInstall() {
  return (
    process.platform === "linux" &&
    onPath("apt-get") !== undefined &&
    (await asRoot()) !== undefined
  );
}

/** @param {string[]} args */
async function aptGet(args) {
  const prefix = await asRoot();
  if (!prefix) throw new SetupError("apt-get needs root");
  const [command, ...rest] = [...prefix, "apt-get", ...args];
  await run(command, rest, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

export const updatePackageLists = () => aptGet(["update", "-qq"]);

/** @param {string[]} packages */
export const installPackages = (packages) =>
  aptGet(["install", "-y", "-qq", "--no-install-recommends", ...packages]);

/**
 * The names of the packages that a pattern matches.
 * @param {string} pattern
 */
export async function availablePackages(pattern) {
  const listing = await ask("apt-cache", ["search", "--names-only", pattern]);
  return (listing ?? "")
    .split("\n")
    .map((line) => line.split(" ")[0])
    .filter(Boolean);
}
