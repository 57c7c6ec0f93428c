/** The texts that a work has to be passed on with. */
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { SetupError } from "../support/console.mjs";
import { identifiersIn } from "./licences.mjs";

const FILE = /^(licen[cs]e|unlicense|copying|copyright|notice)/i;
const STANDARD = `(The standard text, as these works bring none of their own. Their copyright
holders are the authors that the list names.)`;
const require = createRequire(import.meta.url);

/**
 * Those that lie in its folder, and else the standard text of each licence that it names.
 * @param {import("./notices.mjs").Work} work
 * @returns {Promise<string[]>}
 */
export async function textsOf({ texts, folder, ...work }) {
  const own = texts ?? (folder ? await textsIn(folder) : []);
  const all =
    own.length > 0 ? own : identifiersIn(work.licence ?? "").map(standard);
  return all.map((text) => text.replace(/\r\n?/g, "\n").trim());
}

/** @param {string} folder */
async function textsIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && FILE.test(entry.name))
    .map(({ name }) => name);
  return Promise.all(
    names.sort().map((name) => readFile(join(folder, name), "utf8")),
  );
}

/** @param {string} identifier */
function standard(identifier) {
  try {
    const { licenseText } = require(
      `spdx-license-list/licenses/${identifier}.json`,
    );
    return `${STANDARD}\n\n${licenseText}`;
  } catch (cause) {
    throw new SetupError(
      `There is no standard text of the licence ${identifier}`,
      "Correct the licence's name",
      { cause },
    );
  }
}
