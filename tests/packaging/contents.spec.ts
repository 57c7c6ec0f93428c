/** What is in the package: all that is needed, nothing else, and not too much of it. */
import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { root } from "./support/paths.js";
import { project } from "./support/project.js";

const EXPECTED = [
  ...["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"],
  ...["headstart-webgpu.wasm", "headstart.wasm"].map(inDist),
  inDist("headstart-finetune.wasm"),
  inDist("THIRD-PARTY-NOTICES.txt"),
  ...["index.js", "slim.js", "weights.js"].map(inDist),
  ...["worker.js", "slim-worker.js"].map(inDist),
  ...["index", "slim", "slim-worker", "weights"].map(inTypes),
  ...["classifier", "errors"].map(inTypes),
  ...["index", "create", "images", "training", "report"].map(inTypesOf),
  ...["prediction", "support", "export", "placement"].map(inTypesOf),
];
/** What a page loads besides the module of its backend and the weights. */
const LOADED = ["index.js", "worker.js"].map(inDist);
const MOST_LOADED = 40_000;
/** Of the modules, with brotli at level 9; at its highest, as servers store files, the first is 321 kB. */
const MOST_OF_MODULES = new Map([
  [inDist("headstart.wasm"), 356_000],
  [inDist("headstart-webgpu.wasm"), 1_500_000],
  [inDist("headstart-finetune.wasm"), 500_000],
]);

interface Packed {
  path: string;
  bytes: Buffer;
}

let packed: Packed[];

test.beforeAll(async () => {
  const folder = join(await project("contents"), "node_modules", "headstart");
  packed = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((file) => ({
      path: relative(folder, file).split(sep).join("/"),
      bytes: readFileSync(file),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
});

test("contents: exactly the files that are needed", () => {
  expect(packed.map(({ path }) => path)).toEqual(EXPECTED.toSorted());
});

test("contents: the JavaScript that a page loads is small, and so are the modules", () => {
  const sizes = packed.map(({ path, bytes }) => ({ path, ...sizesOf(bytes) }));
  console.log(table(sizes));
  const loaded = sizes.filter(({ path }) => LOADED.includes(path));
  expect(loaded).toHaveLength(LOADED.length);
  const total = loaded.reduce((sum, { gzip }) => sum + gzip, 0);
  console.log(`${LOADED.join(" and ")}: ${total} bytes with gzip`);
  expect(total).toBeLessThan(MOST_LOADED);
  for (const [module, most] of MOST_OF_MODULES) {
    const size = sizes.find(({ path }) => path === module);
    expect(size?.brotli, module).toBeLessThanOrEqual(most);
  }
});

test("contents: no file has WebAssembly in text, a source map, or a path of the machine that built it", () => {
  for (const { path, bytes } of packed) {
    const text = bytes.toString("latin1");
    // "\0asm", as base64 has it.
    expect(text.includes("AGFzbQ"), `WebAssembly in ${path}`).toBe(false);
    expect(text, path).not.toContain("sourceMappingURL=");
    for (const place of [root, homedir()])
      expect(text.includes(place + sep), `${place} in ${path}`).toBe(false);
    const folders = /(?<![\w.$@-])\/(home|Users|tmp)\/[\w.-]+|[A-Z]:\\Users\\/;
    expect(folders.exec(text)?.[0], `a path in ${path}`).toBeUndefined();
  }
});

test("contents: the bundled worker leaves nothing to be loaded but the modules", () => {
  const textOf = (path: string) =>
    packed.find((file) => file.path === inDist(path))!.bytes.toString();
  const urls = (path: string) =>
    [...textOf(path).matchAll(/new URL\("([^"]*)", ?import\.meta\.url\)/g)]
      .map(([, url]) => url)
      .sort();
  expect(urls("index.js")).toEqual(["./worker.js"]);
  expect(urls("slim.js")).toEqual(["./slim-worker.js"]);
  expect(urls("worker.js")).toEqual([
    "./headstart-finetune.wasm",
    "./headstart-webgpu.wasm",
    "./headstart.wasm",
  ]);
  expect(urls("slim-worker.js")).toEqual([]);
  for (const path of ["index.js", "slim.js", "worker.js", "slim-worker.js"])
    expect(textOf(path), path).not.toMatch(/\bimport\s*(\(|["'{*]|\w+ from)/);
});

function inDist(name: string): string {
  return `dist/${name}`;
}

function inTypes(name: string): string {
  return inDist(`${name}.d.ts`);
}

function inTypesOf(name: string): string {
  return inTypes(`types/${name}`);
}

interface Sizes {
  raw: number;
  gzip: number;
  brotli: number;
}

function sizesOf(bytes: Buffer): Sizes {
  const gzip = gzipSync(bytes, { level: 9 }).length;
  // The highest quality takes half a minute for the modules, and saves a few per cent.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  const brotli = brotliCompressSync(bytes, { params }).length;
  return { raw: bytes.length, gzip, brotli };
}

function table(rows: ({ path: string } & Sizes)[]): string {
  const line = (path: string, ...cells: (number | string)[]) =>
    path.padEnd(34) + cells.map((cell) => String(cell).padStart(10)).join("");
  return [
    line("bytes", "raw", "gzip -9", "brotli -9"),
    ...rows.map(({ path, raw, gzip, brotli }) => line(path, raw, gzip, brotli)),
  ].join("\n");
}
