/** How works and their texts are written down. */
import { textsOf } from "./texts.mjs";

/** @typedef {import("./notices.mjs").Work} Work */

/**
 * A list of works, and then each text once, however many works come with it.
 * @param {string} title
 * @param {Work[]} works
 */
export async function section(title, works) {
  /** @type {Map<string, { number: number, text: string, names: string[] }>} */
  const texts = new Map();
  const entries = [];
  for (const work of [...works].sort(byName)) {
    const name = `${work.name} ${work.version}`;
    const numbers = [];
    for (const text of await textsOf(work)) {
      // The same text, broken into other lines.
      const key = text.replace(/\s+/g, " ");
      const known = texts.get(key) ?? {
        ...{ number: texts.size + 1, text, names: [] },
      };
      texts.set(key, known);
      known.names.push(name);
      numbers.push(known.number);
    }
    const licence = `${work.licence} (${numbers.join(", ")})`;
    const authors = work.authors.map(withoutAddress).join(", ");
    const lines = [name, licence, authors, work.source].filter(Boolean);
    entries.push(lines.join("\n    "));
  }
  const printed = [...texts.values()].map(
    ({ number, text, names }) =>
      `${"-".repeat(80)}\n(${number}) ${names.join(", ")}\n\n${text}\n`,
  );
  const heading = `${"=".repeat(80)}\n${title}\n`;
  return [heading, entries.join("\n\n"), "", ...printed].join("\n");
}

/** @param {string} author */
const withoutAddress = (author) => author.replace(/\s*<.*>/, "");

/**
 * @param {Work} a
 * @param {Work} b
 */
const byName = (a, b) =>
  a.name.localeCompare(b.name, "en") ||
  a.version.localeCompare(b.version, "en", { numeric: true });
