/** What the READMEs say to type is right: their code compiles, and their commands are ones that a consumer builds with. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { codeBlocks } from "./support/markdown.js";
import { consumers, root } from "./support/paths.js";
import { project } from "./support/project.js";
import { compile } from "./support/typescript.js";

const READMES = {
  repository: "README.md",
  package: "pkg-config/README.md",
  weights: "pkg-config/weights-package/README.md",
};
const CODE = ["js", "jsx", "ts", "tsx"];
const COMMANDS = ["sh"];
/** Neither our code nor a command. A language that is in no list fails, so that nothing slips through. */
const OTHERS = ["html", "json", "mermaid", "svelte", "text"];

/** What code may use without saying where it comes from. */
const PREAMBLE = `
/// <reference types="vite/client" />
declare const classifier: import("headstart").Classifier;
declare const weights: string;
declare const antFiles: File[];
declare const beeFiles: File[];
declare const files: File[];
declare const file: File;
declare const photo: HTMLImageElement;
declare const canvas: HTMLCanvasElement;
declare module "*.wasm" {
  const url: string;
  export default url;
}
`;
const OPTIONS = {
  ...{ target: "ES2022", module: "ESNext", moduleResolution: "bundler" },
  ...{ lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"] },
  ...{ types: [], jsx: "react-jsx", skipLibCheck: true },
  moduleDetection: "force",
};
/** By what a block is written in: JavaScript has no types for its own parameters, and its names must be right all the same. */
const KINDS = {
  js: { ...OPTIONS, allowJs: true, checkJs: true, strict: false },
  ts: { ...OPTIONS, strict: true },
};

interface Manifest {
  scripts?: { build: string };
}

const blocks = Object.entries(READMES).flatMap(([name, path]) =>
  codeBlocks(join(root, path)).map((block) => ({ name, ...block })),
);

test("READMEs: their code compiles against the package", async () => {
  const languages = blocks.map(({ language }) => language);
  expect([...CODE, ...COMMANDS, ...OTHERS]).toEqual(
    expect.arrayContaining(languages),
  );
  const code = blocks.filter(({ language }) => CODE.includes(language));
  expect(new Set(code.map(({ name }) => name))).toEqual(
    new Set(Object.keys(READMES)),
  );

  const folder = await project("readme", {
    packages: ["headstart", "headstart-weights"],
  });
  for (const [kind, compilerOptions] of Object.entries(KINDS)) {
    const here = join(folder, kind);
    mkdirSync(here);
    writeFileSync(join(here, "preamble.d.ts"), PREAMBLE);
    writeFileSync(
      join(here, "tsconfig.json"),
      JSON.stringify({ compilerOptions }),
    );
    const sources = code
      .filter(({ language }) => language.startsWith(kind))
      .map(({ name, language, line, text }) => {
        const source = join(here, `${name}-${line}.${language}`);
        // The compiler's line numbers are then the README's.
        writeFileSync(source, "\n".repeat(line - 1) + text);
        return source;
      });
    expect(sources).not.toEqual([]);
    expect(await compile(here)).toEqual(expect.arrayContaining(sources));
  }
});

test("READMEs: every command is one that a consumer here builds with", () => {
  const tested = readdirSync(consumers, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(consumers, name, "package.json"))
    .map((path) => JSON.parse(readFileSync(path, "utf8")) as Manifest)
    .flatMap(({ scripts }) => scripts?.build.split(" && ") ?? []);
  const said = blocks
    .filter(({ language }) => COMMANDS.includes(language))
    .flatMap(({ text }) => text.split(/\n|&&/))
    .map((command) => command.trim())
    .filter((command) => command && !command.startsWith("npm install "));
  expect(said).not.toEqual([]);
  expect(tested).toEqual(expect.arrayContaining(said));
});
