/** Where results are written. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { inRoot } from "../../../tools/support/paths.mjs";

/**
 * @param {string} name of the file in `benches/results`, without its extension
 * @param {unknown} result
 */
export async function writeResult(name, result) {
  const folder = inRoot("benches", "results");
  await mkdir(folder, { recursive: true });
  const json = await format(JSON.stringify(result), { parser: "json" });
  await writeFile(join(folder, `${name}.json`), json);
}

/**
 * @param {string} path below `benches`
 * @param {string} text
 */
export async function writePage(path, text) {
  await writeFile(
    inRoot("benches", path),
    await format(text, { parser: "markdown" }),
  );
}
