/** A Chromium for the browser tests: the machine's own if there is one. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  canInstall,
  installPackages,
  updatePackageLists,
} from "../support/apt.mjs";
import { SetupError, messageOf, say, step } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";
import { ask, onPath, packageScript, run } from "../support/run.mjs";

const tests = inRoot("tests");
const BY_HAND =
  "Install Chromium or Chrome, or set HEADSTART_CHROMIUM to the path of one";

/** @returns {Promise<string>} the path of a Chromium that runs */
export async function chromium() {
  const path =
    fromEnvironment(process.env) ??
    (await fromMachine()) ??
    fromPlaywright() ??
    (await installWithApt()) ??
    (await installWithPlaywright());
  say(`- browser: ${path}`);
  return path;
}

/** @param {NodeJS.ProcessEnv} env */
export function fromEnvironment(env) {
  const path = env.HEADSTART_CHROMIUM;
  if (!path) return undefined;
  if (existsSync(path)) return path;
  throw new SetupError(
    `HEADSTART_CHROMIUM names ${path}, which does not exist`,
    "Correct it, or unset it to have a browser looked for",
  );
}

async function fromMachine() {
  const names = [
    ...["chromium", "chromium-browser"],
    ...["google-chrome", "google-chrome-stable", "chrome"],
  ];
  const candidates = [...names.map((name) => onPath(name)), ...usualPlaces()];
  for (const path of candidates) {
    if (path && existsSync(path) && (await runs(path))) return path;
  }
  return undefined;
}

function usualPlaces() {
  if (process.platform === "darwin") {
    return ["Google Chrome", "Chromium"].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (process.platform === "win32") {
    const { LOCALAPPDATA, PROGRAMFILES } = process.env;
    return [PROGRAMFILES, process.env["PROGRAMFILES(X86)"], LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) =>
        join(folder, "Google", "Chrome", "Application", "chrome.exe"),
      );
  }
  return ["/opt/google/chrome/chrome", "/usr/lib/chromium/chromium"];
}

/**
 * Some systems have a script of that name which only asks for an installation.
 * @param {string} path
 */
async function runs(path) {
  // There it would open a window instead of printing its version.
  if (process.platform === "win32") return true;
  return (await ask(path, ["--version"])) !== undefined;
}

function fromPlaywright() {
  const { chromium } = createRequire(join(tests, "package.json"))(
    "@playwright/test",
  );
  const path = chromium.executablePath();
  return path && existsSync(path) ? path : undefined;
}

async function installWithApt() {
  if (!(await canInstall())) return undefined;
  try {
    await step(
      {
        doing: "Installing Chromium with apt-get",
        usually: "1 minute",
        mend: BY_HAND,
      },
      async () => {
        await updatePackageLists();
        await installPackages(["chromium"]);
      },
    );
  } catch (error) {
    say(`  ${messageOf(error)}`);
    return undefined;
  }
  return fromMachine();
}

async function installWithPlaywright() {
  await step(
    {
      doing: "Installing Chromium with Playwright",
      usually: "1 minute",
      mend: BY_HAND,
    },
    () => {
      const playwright = packageScript("@playwright/test", "playwright", tests);
      return run(process.execPath, [playwright, "install", "chromium"], {
        cwd: tests,
      });
    },
  );
  const path = fromPlaywright();
  if (!path) {
    throw new SetupError(
      "Playwright installed no Chromium that can be found",
      BY_HAND,
    );
  }
  return path;
}
