/** Where the tests find what they pack, and where they put what they make. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

export const root = join(here, "..", "..", "..");
export const packageFolder = join(root, "pkg-config");
/** What both packages run before they are packed. */
export const prepack = join(packageFolder, "prepack.mjs");
export const weightsPackageFolder = join(packageFolder, "weights-package");
export const consumers = join(here, "..", "consumers");

/** Inside the repository, so that projects copied there find the bundlers. */
const results = join(here, "..", "test-results");
export const tarballs = join(results, "tarballs");
export const projects = join(results, "projects");
