/** A Chromium for the browser tests: the machine's own, or Playwright's. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { Launcher } from "chrome-launcher";
import { SetupError, say, step } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { ask, run } from "../support/run.mjs";

/**
 * @param {boolean} mayInstall whether system packages may be installed, as root
 * @returns {Promise<string>} the path of a Chromium
 */
export async function chromium(mayInstall = false) {
  const path =
    fromEnvironment(process.env) ??
    installed() ??
    (mayInstall ? await install() : undefined);
  if (path) {
    say(`- browser: ${path}`);
    return path;
  }
  const commands = (await installation()).map((words) => words.join(" "));
  throw new SetupError(
    "There is no Chromium or Chrome for the browser tests",
    `Run: ${commands.join(" && ")}; or npm test -- --install, which does; or set HEADSTART_CHROMIUM to the path of one`,
  );
}

/** @param {NodeJS.ProcessEnv} env */
export function fromEnvironment(env) {
  const path = env.HEADSTART_CHROMIUM;
  if (!path || existsSync(path)) return path || undefined;
  throw new SetupError(
    `HEADSTART_CHROMIUM names ${path}, which does not exist`,
    "Correct it, or unset it to have a browser looked for",
  );
}

/** Where systems have it, and where Playwright puts its own. */
function installed() {
  const require = createRequire(inRoot("tests", "package.json"));
  const playwrights = require("@playwright/test").chromium.executablePath();
  return [...systems(), playwrights].find((path) => path && existsSync(path));
}

function systems() {
  try {
    return Launcher.getInstallations();
  } catch {
    // That there is none is an error to it.
    return [];
  }
}

/** The commands that bring one: Debian's and its kin's own, Playwright's elsewhere. */
async function installation() {
  if (!(await ask("apt-get", ["--version"]))) {
    return [["npx", "playwright", "install", "chromium"]];
  }
  const root = process.getuid?.() === 0 ? [] : ["sudo"];
  return [
    [...root, "apt-get", "update", "-qq"],
    [
      ...root,
      ..."apt-get install -y -qq --no-install-recommends chromium".split(" "),
    ],
  ];
}

async function install() {
  await step(
    {
      doing: "Installing Chromium",
      usually: "1 minute",
      mend: "Install Chromium or Chrome, or set HEADSTART_CHROMIUM to the path of one",
    },
    async () => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      for (const [command = "", ...args] of await installation()) {
        await run(command, args, { cwd: inRoot("tests"), env });
      }
    },
  );
  return installed();
}
