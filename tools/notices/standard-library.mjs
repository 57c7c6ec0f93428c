/** Rust's standard library, which is part of every module, and the crates that it is linked from in turn. */
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { TARGET } from "./crates.mjs";

/** @typedef {import("./notices.mjs").Work} Work */

const start = promisify(execFile);

/**
 * @param {string} folder the repository root, which decides the toolchain
 * @returns {Promise<Work[]>}
 */
export async function standardLibrary(folder) {
  const [version = "", sysroot = "", libraries = ""] = await Promise.all(
    [
      ["--version"],
      ["--print", "sysroot"],
      ["--print", "target-libdir", "--target", TARGET],
    ].map(async (args) =>
      (await start("rustc", args, { cwd: folder })).stdout.trim(),
    ),
  );
  // A toolchain of an operating system may come without them; the library's own licence is known all the same.
  const notices = await readFile(
    join(sysroot, "share", "doc", "rust", "COPYRIGHT-library.html"),
    "utf8",
  ).catch(() => "");
  const linked = await readdir(libraries).catch(() => []);
  return [
    {
      ...{ kind: "crate", name: "Rust's standard library" },
      version: version.split(" ")[1] ?? "",
      // The second one is that of its tables of characters.
      licence: "(MIT OR Apache-2.0) AND Unicode-3.0",
      authors: ["The Rust Project Developers", "Unicode, Inc"],
      source: "https://github.com/rust-lang/rust",
    },
    ...cratesIn(notices).filter(({ name }) =>
      linked.some((file) => file.startsWith(`lib${name.replace(/-/g, "_")}-`)),
    ),
  ];
}

/**
 * The crates of Rust's own notices, which tell of every platform's.
 * @param {string} html
 * @returns {Work[]}
 */
export function cratesIn(html) {
  return html
    .split("<h3>")
    .slice(1)
    .flatMap((section) => {
      const [, name, version] = /^\S+ (.+?)-(\d\S*)<\/h3>/.exec(section) ?? [];
      if (!name || !version) return [];
      return {
        ...{ kind: "crate", name, version },
        licence: /<b>License:<\/b> (.*)<\/p>/.exec(section)?.[1] ?? null,
        authors: [],
        source: `https://crates.io/crates/${name}`,
        texts: [...section.matchAll(/<pre>\n?([^]*?)<\/pre>/g)].map(
          ([, text = ""]) => decoded(text),
        ),
      };
    });
}

/** @param {string} html with characters as decimal numbers, and no other entities */
const decoded = (html) =>
  html.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
