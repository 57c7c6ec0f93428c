/** The npm package's types: the declarations that its entry points lead to, and no others. */
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { inRoot } from "../support/paths.mjs";
import { run } from "../support/run.mjs";

const ENTRIES = ["index.d.ts", "slim.d.ts", "weights.d.ts"];
/** What says that a script is one, and not a mistake in its name. */
const SCRIPT = "slim-worker.d.ts";

/** @param {string} destination */
export async function writeDeclarations(destination) {
  const scratch = await mkdtemp(join(tmpdir(), "headstart-types-"));
  try {
    await run("tsc", [
      ...["-p", inRoot("pkg-config"), "--emitDeclarationOnly"],
      ...["--outDir", scratch],
    ]);
    const entries = ENTRIES.map((name) => join(scratch, name));
    for (const file of await reachable(entries)) {
      const target = join(destination, relative(scratch, file));
      await mkdir(dirname(target), { recursive: true });
      await copyFile(file, target);
    }
    await copyFile(join(scratch, "worker", SCRIPT), join(destination, SCRIPT));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * The files, and all that they import by a relative path.
 * @param {string[]} files
 */
async function reachable(files) {
  const found = new Set(files);
  for (const file of found) {
    const text = await readFile(file, "utf8");
    for (const [, path] of text.matchAll(/\bfrom "(\.[^"]*)\.js"/g)) {
      found.add(join(dirname(file), `${path}.d.ts`));
    }
  }
  return found;
}
