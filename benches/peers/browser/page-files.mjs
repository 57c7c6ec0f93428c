/** The page's own scripts, where the server finds them. */
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inRoot } from "../../../tools/support/paths.mjs";
import { distFolder } from "../bundle.mjs";

const SCRIPTS = ["page.js", "folder-page.js"];

export async function providePage() {
  const folder = join(distFolder, "page");
  await mkdir(folder, { recursive: true });
  for (const name of SCRIPTS) {
    await copyFile(
      inRoot("benches", "peers", "browser", name),
      join(folder, name),
    );
  }
}
