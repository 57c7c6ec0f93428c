/** The ResNet18 checkpoint: found on this machine, or downloaded. */
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { SetupError, say, step } from "../support/console.mjs";
import { download } from "../support/download.mjs";
import { exists, sha256OfFile } from "../support/files.mjs";
import { root } from "../support/paths.mjs";
import { sharedFolder } from "./shared.mjs";

export const OFFICIAL = {
  name: "resnet18-f37072fd.pth",
  url: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
  size: 46_830_571,
  sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
};

/** An older file of the same weights, which many machines still have. */
const OLDER = {
  name: "resnet18-5c106cde.pth",
  sha256: "5c106cde386e87d4033832f2996f5493238eda96ccf559d1d62760c4de0613f8",
};

/**
 * The checkpoint on this machine, by the order that the documentation promises; `undefined` if there is none.
 * @param {string} [folder] the repository root
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string | undefined>}
 */
export async function findCheckpoint(folder = root, env = process.env) {
  if (env.RESNET18_WEIGHTS) {
    // npm runs scripts in the repository root; a relative path is meant from where npm was called.
    const path = resolve(env.INIT_CWD ?? folder, env.RESNET18_WEIGHTS);
    if (await exists(path)) return path;
    throw new SetupError(
      `RESNET18_WEIGHTS names ${path}, which does not exist`,
      "Correct it, or unset it to have the official checkpoint downloaded",
    );
  }
  const places = [folder, sharedFolder(folder, env)];
  for (const place of places) {
    const path = await checkpointIn(join(place, "weights"));
    if (path) return path;
  }
  return undefined;
}

/**
 * The official files first, so that a file put beside them does not change what is built.
 * @param {string} folder
 */
async function checkpointIn(folder) {
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith(".pth"))
    .sort();
  const preferred = [OFFICIAL.name, OLDER.name].find((name) =>
    names.includes(name),
  );
  const name = preferred ?? names[0];
  return name && join(folder, name);
}

/**
 * Where the checkpoint is, after downloading it if need be, and its hash.
 * @returns {Promise<{ path: string, sha256: string }>}
 */
export async function checkpoint() {
  const path = (await findCheckpoint()) ?? (await downloadOfficial());
  const sha256 = await sha256OfFile(path);
  checkIdentity(path, sha256);
  return { path, sha256 };
}

async function downloadOfficial() {
  const destination = join(root, "weights", OFFICIAL.name);
  await step(
    {
      doing: "Downloading the official ResNet18 checkpoint, 47 MB",
      usually: "under a minute",
      mend: "Run this again, or set RESNET18_WEIGHTS to the path of a checkpoint",
    },
    () => download({ ...OFFICIAL, destination }),
  );
  return destination;
}

/**
 * Any checkpoint may be used, but not one that pretends to be the official one.
 * @param {string} path
 * @param {string} sha256
 * @param {(line: string) => void} [log]
 */
export function checkIdentity(path, sha256, log = say) {
  const name = basename(path);
  if (sha256 === OFFICIAL.sha256 || sha256 === OLDER.sha256) return;
  if (name === OFFICIAL.name || name === OLDER.name) {
    throw new SetupError(
      `${path} is damaged: its SHA-256 is not that of the official file of this name`,
      "Delete it; the next run downloads it again",
    );
  }
  log(`- checkpoint: ${name}, which is not the official one`);
}
