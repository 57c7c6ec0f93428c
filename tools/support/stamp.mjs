/**
 * Remembers what a step's result was made from, so that a step whose result is current is skipped.
 * Contents are compared, not dates: a checkout or a copy changes dates and nothing else.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashesOf, sha256, sha256OfFile } from "./files.mjs";
import { root } from "./paths.mjs";

/**
 * What a result depends on, as one key.
 * @param {string[]} inputs files
 * @param {unknown} facts anything else that matters: versions, flags
 * @param {string} [base]
 */
export async function keyOf(inputs, facts, base = root) {
  return sha256(JSON.stringify([await hashesOf(inputs, base), facts]));
}

/** Keeps one small file per step in `folder`; results lie under `base`. */
export class Stamps {
  /**
   * @param {string} [folder]
   * @param {string} [base]
   */
  constructor(folder = join(root, ".stamps"), base = root) {
    this.folder = folder;
    this.base = base;
  }

  /**
   * Whether the step ran with this key and its results are still as it left them.
   * @param {string} name
   * @param {string} key
   */
  async isCurrent(name, key) {
    try {
      const stamp = JSON.parse(await readFile(this.#file(name), "utf8"));
      if (stamp.key !== key) return false;
      for (const [path, hash] of Object.entries(stamp.results)) {
        if ((await sha256OfFile(join(this.base, path))) !== hash) return false;
      }
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} name
   * @param {string} key
   * @param {string[]} results files; at least one, or nothing would show that they are gone
   */
  async record(name, key, results) {
    if (results.length === 0) throw new Error(`${name} left no results`);
    const stamp = { key, results: await hashesOf(results, this.base) };
    await mkdir(this.folder, { recursive: true });
    await writeFile(this.#file(name), JSON.stringify(stamp, null, 1) + "\n");
  }

  /** @param {string} name */
  #file(name) {
    return join(this.folder, `${name}.json`);
  }
}

export const stamps = new Stamps();
