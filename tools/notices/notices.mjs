/**
 * Third-party notices: the works of others in what is published, each with its licence and that licence's texts.
 *
 * @typedef {object} Work
 * @property {"crate" | "npm package"} kind
 * @property {string} name
 * @property {string} version
 * @property {string | null} licence an SPDX expression, or `null` where it names none
 * @property {string[]} authors
 * @property {string} source where its source code is
 * @property {string} [folder] where its licence files lie
 * @property {string[]} [texts] what would stand in them, where it is known already
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { root } from "../support/paths.mjs";
import { bundledByEsbuild, bundledByVite } from "./bundled.mjs";
import { linkedCrates } from "./crates.mjs";
import { section } from "./section.mjs";
import { checkLicences } from "./licences.mjs";
import { standardLibrary } from "./standard-library.mjs";

/** The name of the file, in the package and in the page. */
export const NOTICES = "THIRD-PARTY-NOTICES.txt";
const OPENING = `THIRD-PARTY NOTICES

Headstart is licensed under MIT or Apache-2.0, as you like. It contains the works
of others that are listed here, each under its own licence. The numbers are those
of the texts that follow the list.
`;

/**
 * Writes the notices of the npm package.
 * @param {object} options
 * @param {string} options.destination
 * @param {string[]} options.features of the crate in its modules, together
 * @param {{ metafile: import("esbuild").Metafile, folder: string }} options.bundle what esbuild said of its JavaScript
 * @param {string} [options.list] of the licences that may ship
 */
export async function writePackageNotices(options) {
  const { destination, features, bundle, list } = options;
  const [crates, library, packages] = await Promise.all([
    linkedCrates(features, root),
    standardLibrary(root),
    bundledByEsbuild(bundle.metafile, bundle.folder),
  ]);
  const linked = onceEach([...library, ...crates]);
  await checkLicences([...linked, ...packages], list);
  const sections = [
    await section("In the WebAssembly modules", linked),
    await section("In the package's JavaScript", packages),
  ];
  await writeFile(destination, [OPENING, ...sections].join("\n"));
}

/**
 * Writes the notices of the page: those of the package in it, and of what Vite bundled besides. They take the place
 * of Vite's list.
 * @param {object} options
 * @param {string} options.destination
 * @param {string} options.ofPackage the path of the package's notices
 * @param {string} options.bundled the path of Vite's list, its option `build.license`, as JSON
 * @param {string} [options.list] of the licences that may ship
 */
export async function writePageNotices(options) {
  const { destination, ofPackage, bundled, list } = options;
  const packages = await bundledByVite(bundled);
  await checkLicences(packages, list);
  const sections = [
    await readFile(ofPackage, "utf8"),
    await section("In the page's JavaScript", packages),
  ];
  // By the mark at the front a browser takes the file for UTF-8, whatever its server says.
  await writeFile(destination, "\uFEFF" + sections.join("\n"));
  await rm(bundled);
}

/**
 * The standard library and the crate may be linked from the same version of another.
 * @param {Work[]} works
 */
const onceEach = (works) => [
  ...new Map(
    works.map((work) => [`${work.name} ${work.version}`, work]),
  ).values(),
];
