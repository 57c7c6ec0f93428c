import { join } from "node:path";
import { root } from "./paths.js";
import { node } from "./program.js";

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

/** Type-checks the project in a folder, and resolves to the files that were read; complaints are thrown. */
export async function compile(
  folder: string,
  options: string[] = [],
): Promise<string[]> {
  const output = await node(
    [tsc, "-p", folder, "--noEmit", "--listFiles", ...options],
    folder,
  );
  return output.split("\n").filter(Boolean);
}
