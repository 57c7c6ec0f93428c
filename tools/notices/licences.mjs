/** Which licences may ship: those on the list in deny.toml, which cargo-deny reads too. */
import { readFile } from "node:fs/promises";
import parseExpression from "spdx-expression-parse";
import satisfies from "spdx-satisfies";
import { parse } from "smol-toml";
import { SetupError } from "../support/console.mjs";
import { inRoot } from "../support/paths.mjs";

/** @typedef {import("./notices.mjs").Work} Work */

/**
 * @typedef {object} List the table `[licenses]` of deny.toml
 * @property {string[]} allow
 * @property {{ crate: string, allow: string[] }[]} [exceptions] what a single crate may have besides
 */

/**
 * Refuses works that may not ship, all of them at once.
 * @param {Work[]} works
 * @param {string} [path] of the list
 */
export async function checkLicences(works, path = inRoot("deny.toml")) {
  const { allow, exceptions = [] } = await listIn(path);
  const refused = works.flatMap((work) => {
    const name = `${work.kind} ${work.name} ${work.version}`;
    if (!work.licence) return [`${name} names no licence`];
    const own = work.kind === "crate" ? exceptions : [];
    const allowed = own
      .filter(({ crate }) => crate === work.name)
      .flatMap((exception) => exception.allow);
    if (permits(work.licence, [...allow, ...allowed])) return [];
    return [`${name} is under ${work.licence}`];
  });
  if (refused.length === 0) return;
  throw new SetupError(
    `Not everything that would ship may do so: ${refused.join("; ")}`,
    "Do without it, or allow its licence in deny.toml if that is right",
  );
}

/**
 * @param {string} path
 * @returns {Promise<List>}
 */
async function listIn(path) {
  const { licenses } = parse(await readFile(path, "utf8"));
  const list = /** @type {List | undefined} */ (licenses);
  if (list && Array.isArray(list.allow)) return list;
  throw new SetupError(
    `${path} does not say which licences may ship`,
    "List them there under [licenses], as allow",
  );
}

/**
 * @param {string} licence
 * @param {string[]} allowed
 */
function permits(licence, allowed) {
  try {
    return satisfies(expressionOf(licence), allowed);
  } catch {
    // Not SPDX's language: nobody can tell what it means.
    return false;
  }
}

/**
 * Crates of old write "or" as a slash.
 * @param {string} licence
 */
const expressionOf = (licence) => licence.replaceAll("/", " OR ");

/**
 * The identifiers of all licences that an expression names.
 * @param {string} licence
 * @returns {string[]}
 */
export function identifiersIn(licence) {
  /**
   * @param {import("spdx-expression-parse").Info} part
   * @returns {string[]}
   */
  const visit = (part) =>
    "conjunction" in part
      ? [...visit(part.left), ...visit(part.right)]
      : [part.license];
  return [...new Set(visit(parseExpression(expressionOf(licence))))];
}
