import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import test from "node:test";
import {
  bundledByEsbuild,
  bundledByVite,
} from "../../tools/notices/bundled.mjs";
import { linkedCrates } from "../../tools/notices/crates.mjs";
import { checkLicences } from "../../tools/notices/licences.mjs";
import {
  NOTICES,
  writePackageNotices,
  writePageNotices,
} from "../../tools/notices/notices.mjs";
import { section } from "../../tools/notices/section.mjs";
import {
  cratesIn,
  standardLibrary,
} from "../../tools/notices/standard-library.mjs";
import { inRoot, root } from "../../tools/support/paths.mjs";
import { scratch } from "./scratch.mjs";

/** @typedef {import("../../tools/notices/notices.mjs").Work} Work */

/**
 * @param {string} name
 * @param {Partial<Work>} [facts]
 * @returns {Work}
 */
const work = (name, facts) => ({
  ...{ kind: "crate", name, version: "1.0.0", licence: "MIT", authors: [] },
  ...{ source: `https://example.org/${name}` },
  ...facts,
});

/**
 * @param {string} folder
 * @param {Record<string, string>} files
 */
function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/**
 * @param {string} name
 * @param {string} [more]
 */
const manifest = (name, more = "") =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\nlicense = "MIT"\n${more}`;

/**
 * A crate with a dependency of every kind, all of them beside it.
 * @param {import("node:test").TestContext} t
 */
async function crate(t) {
  const folder = realpathSync(await scratch(t));
  const pinned = inRoot("rust-toolchain.toml");
  if (existsSync(pinned))
    copyFileSync(pinned, join(folder, "rust-toolchain.toml"));
  const plain = [
    "always",
    "optional",
    "elsewhere",
    "builds",
    "tests",
    "inside",
  ];
  for (const name of plain)
    write(join(folder, name), {
      ...{ "Cargo.toml": manifest(name), "src/lib.rs": "" },
    });
  write(folder, {
    "macros/Cargo.toml": manifest(
      "macros",
      `[lib]
proc-macro = true
[dependencies]
inside = { path = "../inside" }
`,
    ),
    "macros/src/lib.rs": "",
    "own/Cargo.toml": manifest(
      "own",
      `[features]
default = ["optional"]
optional = ["dep:optional"]
[dependencies]
always = { path = "../always" }
macros = { path = "../macros" }
optional = { path = "../optional", optional = true }
[target.'cfg(not(target_family = "wasm"))'.dependencies]
elsewhere = { path = "../elsewhere" }
[build-dependencies]
builds = { path = "../builds" }
[dev-dependencies]
tests = { path = "../tests" }
`,
    ),
    "own/src/lib.rs": "",
  });
  const own = join(folder, "own");
  const options = { cwd: own };
  execFileSync("cargo", ["generate-lockfile", "--offline", "--quiet"], options);
  return own;
}

test("what is linked is named: not what builds, tests or extends the compiler, nor what is for another target", async (t) => {
  const folder = await crate(t);
  const names = async (/** @type {string[]} */ features) =>
    (await linkedCrates(features, folder)).map(({ name }) => name);
  assert.deepEqual(await names([]), ["always"]);
  assert.deepEqual(await names(["optional"]), ["always", "optional"]);
});

test("a crate is described by its manifest", async (t) => {
  const folder = await crate(t);
  const [always] = await linkedCrates([], folder);
  assert.deepEqual(always, {
    ...{ kind: "crate", name: "always", version: "0.1.0", licence: "MIT" },
    ...{ authors: [], source: "https://crates.io/crates/always" },
    folder: join(dirname(folder), "always"),
  });
});

test("a package is named if any of its code is in the bundle", async (t) => {
  const folder = await scratch(t);
  const named = (/** @type {string} */ name) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({
      ...{ name, version: "2.0.0", license: "ISC", main: "index.js" },
      ...{ author: { name: "A. Author" }, sideEffects: false },
    }),
    [`node_modules/${name}/index.js`]: `export const answer = "${name}";`,
  });
  write(folder, {
    ...named("used"),
    ...named("@scope/used"),
    ...named("shaken-out"),
    ...named("unused"),
    "index.js": `import { answer } from "used"; import { answer as other } from "@scope/used";
      import { answer as none } from "shaken-out"; console.log(answer, other);`,
  });
  const { metafile } = await esbuild().build({
    ...{ entryPoints: ["index.js"], absWorkingDir: folder, bundle: true },
    ...{ outdir: "dist", write: false, format: "esm", metafile: true },
  });
  const works = await bundledByEsbuild(metafile, folder);
  assert.deepEqual(
    works.map(({ name }) => name),
    ["used", "@scope/used"],
  );
  assert.deepEqual(works[0], {
    ...{ kind: "npm package", name: "used", version: "2.0.0", licence: "ISC" },
    ...{ authors: ["A. Author"], folder: join(folder, "node_modules/used") },
    source: "https://www.npmjs.com/package/used",
  });
});

test("Vite's list is read, also where it knows no licence and no text", async (t) => {
  const list = join(await scratch(t), "list.json");
  const known = { name: "a", version: "1.0.0", identifier: "MIT", text: "T" };
  writeFileSync(list, JSON.stringify([known, { name: "b", version: "2.0.0" }]));
  const [a, b] = await bundledByVite(list);
  assert.deepEqual([a?.licence, a?.texts], ["MIT", ["T"]]);
  assert.deepEqual([b?.licence, b?.texts], [null, []]);
});

/**
 * @param {import("node:test").TestContext} t
 * @param {string} text
 */
async function list(t, text) {
  const path = join(await scratch(t), "deny.toml");
  writeFileSync(path, text);
  return path;
}

test("licences on the list may ship, in every form that crates write them in", async (t) => {
  const path = await list(
    t,
    `[licenses]\nallow = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]`,
  );
  const good = ["MIT", "GPL-3.0-only OR MIT", "Apache-2.0/MIT", "MIT AND Zlib"];
  for (const licence of [...good, "Apache-2.0 WITH LLVM-exception"])
    await checkLicences([work("a", { licence })], path);
});

test("a licence that is not on the list is refused, and so is what nobody can read", async (t) => {
  const path = await list(t, `[licenses]\nallow = ["MIT", "Apache-2.0"]`);
  const bad = [
    ...["GPL-3.0-only", "MIT AND GPL-3.0-only", "MPL-2.0", "Apache-1.1"],
    ...["Apache-2.0 WITH LLVM-exception", "UNLICENSED", "SEE LICENSE IN it"],
  ];
  for (const licence of bad) {
    await assert.rejects(
      checkLicences([work("fine"), work("bad", { licence })], path),
      {
        message: `Not everything that would ship may do so: crate bad 1.0.0 is under ${licence}`,
      },
    );
  }
  await assert.rejects(
    checkLicences([work("bare", { licence: null })], path),
    /crate bare 1\.0\.0 names no licence/,
  );
});

test("an exception is for one crate, and for no npm package of its name", async (t) => {
  const path = await list(
    t,
    `[licenses]\nallow = []\nexceptions = [{ crate = "a", allow = ["MPL-2.0"] }]`,
  );
  const licence = "MPL-2.0";
  await checkLicences([work("a", { licence })], path);
  await assert.rejects(checkLicences([work("b", { licence })], path));
  await assert.rejects(
    checkLicences([work("a", { licence, kind: "npm package" })], path),
  );
});

test("a list without licences is an error, and allows nothing", async (t) => {
  const path = await list(t, `[bans]\nwildcards = "deny"`);
  await assert.rejects(checkLicences([], path), /which licences may ship/);
});

test("each text stands once, for all works that come with it", async () => {
  const text = await section("Title", [
    work("b", { texts: ["One\r\ntext"], authors: ["B. <b@example.org>"] }),
    work("a", { texts: ["Another", "One text"] }),
  ]);
  assert.match(text, /a 1\.0\.0\n {4}MIT \(1, 2\)\n {4}https:/);
  assert.match(text, /b 1\.0\.0\n {4}MIT \(2\)\n {4}B\.\n {4}https:/);
  assert.match(text, /\(1\) a 1\.0\.0\n\nAnother\n/);
  assert.match(text, /\(2\) a 1\.0\.0, b 1\.0\.0\n\nOne text\n/);
  assert.equal(text.split("One").length, 2);
});

test("all licence files of a work are read, and nothing else in its folder", async (t) => {
  const folder = await scratch(t);
  const files = [
    "LICENSE-MIT",
    "licence.txt",
    "COPYING",
    "NOTICE",
    "UNLICENSE",
  ];
  write(folder, Object.fromEntries(files.map((name) => [name, `of ${name}`])));
  write(folder, {
    "README.md": "of README",
    "LICENSES/MIT.txt": "of a folder",
  });
  const text = await section("Title", [work("a", { folder })]);
  for (const name of files) assert.match(text, new RegExp(`of ${name}\n`));
  assert.doesNotMatch(text, /of README|of a folder/);
});

test("a work without a licence file comes with the standard text of each licence that it names", async (t) => {
  const folder = await scratch(t);
  const text = await section("Title", [
    work("a", { folder, licence: "MIT/Apache-2.0", authors: ["A. Author"] }),
  ]);
  assert.match(
    text,
    /a 1\.0\.0\n {4}MIT\/Apache-2\.0 \(1, 2\)\n {4}A\. Author/,
  );
  assert.match(text, /standard text[^]*MIT License[^]*Apache License/);
  await assert.rejects(
    section("Title", [work("a", { folder, licence: "LicenseRef-Own" })]),
    /no standard text of the licence LicenseRef-Own/,
  );
});

test("the notices of Rust's standard library are read from what its toolchain says", async () => {
  const html = `<h2>Before</h2><pre>not a crate</pre>
    <h3>📦 two-words-1.2.3</h3>
    <p><b>License:</b> MIT/Apache-2.0</p>
    <summary><code>LICENSE</code></summary><pre>
The &#34;Software&#34;
</pre><pre>\nMore\n</pre>
    <h3>📦 bare-0.1.0-alpha.1</h3><p><b>License:</b> MIT</p>`;
  assert.deepEqual(
    cratesIn(html).map(({ name, version, licence, texts }) => ({
      ...{ name, version, licence, texts },
    })),
    [
      {
        ...{ name: "two-words", version: "1.2.3", licence: "MIT/Apache-2.0" },
        texts: ['The "Software"\n', "More\n"],
      },
      { name: "bare", version: "0.1.0-alpha.1", licence: "MIT", texts: [] },
    ],
  );
  const [library] = await standardLibrary(root);
  assert.match(library?.version ?? "", /^1\.\d+\.\d+/);
});

/** This package's JavaScript, in memory. */
async function bundle() {
  const folder = inRoot("pkg-config");
  const { metafile } = await esbuild().build({
    ...{ entryPoints: ["src/index.ts"], absWorkingDir: folder, bundle: true },
    ...{ outdir: "dist", write: false, format: "esm", metafile: true },
  });
  return { metafile, folder };
}

/**
 * Vite's list for a page of Svelte alone.
 * @param {string} folder
 */
function listOfSvelte(folder) {
  const path = join(folder, "licences.json");
  const svelte = { name: "svelte", version: "5.0.0", identifier: "MIT" };
  writeFileSync(path, JSON.stringify([svelte]));
  return path;
}

test("the notices of this package and its page name what is in them, and no place on this machine", async (t) => {
  const folder = await scratch(t);
  const ofPackage = join(folder, NOTICES);
  await writePackageNotices({
    ...{ destination: ofPackage, features: ["cpu", "webgpu"] },
    bundle: await bundle(),
  });
  const bundled = listOfSvelte(folder);
  const ofPage = join(folder, "page.txt");
  await writePageNotices({ destination: ofPage, ofPackage, bundled });

  const text = readFileSync(ofPage, "utf8");
  const names = [...text.matchAll(/^(\S.*) \d+\.\S+\n {4}\S/gm)].map(
    ([, name]) => name,
  );
  const shipped = ["safetensors", "wgpu", "Rust's standard library", "comlink"];
  for (const name of [...shipped, "svelte"])
    assert.ok(names.includes(name), name);
  for (const name of ["headstart", "syn", "serde_derive", "clap", "proptest"])
    assert.ok(!names.includes(name), name);
  assert.ok(!text.includes(root), "the repository's folder");
  assert.equal(existsSync(bundled), false);
});

test("neither package nor page is built with what may not ship", async (t) => {
  const folder = await scratch(t);
  const nothing = await list(t, `[licenses]\nallow = ["ISC"]`);
  const destination = join(folder, NOTICES);
  await assert.rejects(
    writePackageNotices({
      ...{ destination, features: ["cpu"], list: nothing },
      bundle: await bundle(),
    }),
    /crate safetensors \S+ is under Apache-2\.0; .*npm package comlink/,
  );
  await assert.rejects(
    writePageNotices({
      ...{ destination, ofPackage: destination, list: nothing },
      bundled: listOfSvelte(folder),
    }),
    /npm package svelte 5\.0\.0 is under MIT/,
  );
  assert.equal(existsSync(destination), false);
});

/** @returns {typeof import("esbuild")} */
const esbuild = () =>
  // It is the package's own dependency, so it is looked up from there.
  createRequire(inRoot("pkg-config", "package.json"))("esbuild");
