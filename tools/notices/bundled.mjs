/** The npm packages that a bundler took code from: what it says itself, so that nothing merely installed is named. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/**
 * @param {import("esbuild").Metafile} metafile of the build
 * @param {string} folder its `absWorkingDir`
 * @returns {Promise<import("./notices.mjs").Work[]>}
 */
export async function bundledByEsbuild(metafile, folder) {
  const folders = new Set(
    Object.values(metafile.outputs)
      .flatMap(({ inputs }) => Object.entries(inputs))
      // esbuild lists what it read; of some of it nothing is left.
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .flatMap(([path]) => PACKAGE.exec(path) ?? []),
  );
  return Promise.all(
    [...folders].map((path) => packageIn(resolve(folder, path))),
  );
}

/**
 * @param {string} folder
 * @returns {Promise<import("./notices.mjs").Work>}
 */
export async function packageIn(folder) {
  const path = join(folder, "package.json");
  const { name, version, license, author } = JSON.parse(
    await readFile(path, "utf8"),
  );
  const writer = typeof author === "string" ? author : author?.name;
  return {
    ...{ kind: "npm package", name, version, licence: license ?? null },
    authors: writer ? [writer] : [],
    source: `https://www.npmjs.com/package/${name}`,
    folder,
  };
}

/**
 * Vite's own list, its option `build.license` with a name that ends in `.json`.
 * @param {string} path
 * @returns {Promise<import("./notices.mjs").Work[]>}
 */
export async function bundledByVite(path) {
  /** @type {{ name: string, version: string, identifier?: string, text?: string }[]} */
  const packages = JSON.parse(await readFile(path, "utf8"));
  return packages.map(({ name, version, identifier, text }) => ({
    ...{ kind: "npm package", name, version, licence: identifier ?? null },
    authors: [],
    source: `https://www.npmjs.com/package/${name}`,
    texts: text ? [text] : [],
  }));
}
