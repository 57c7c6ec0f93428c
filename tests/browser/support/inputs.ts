/** The pictures and the weights that the tests run on, which the crate draws from a seed. Where they are missing, tests fail and say so. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(
  dirname(fileURLToPath(import.meta.url)),
  "..",
  "..",
  "..",
);

export const drawn = join(root, "tests", "drawn-data");
export const packageDist = join(root, "pkg-config", "dist");
export const packageSources = join(root, "pkg-config", "src");
/** The modules as the package's worker binds them, one folder per backend. */
export const wasmModules = join(root, "pkg-config", "build", "wasm");
export const fixtures = join(root, "tests", "fixtures");
export const browserTests = join(root, "tests", "browser");
export const weightsPath = join(drawn, "resnet18-int8.safetensors");

const DRAW =
  "run `npm test`, which draws it, or `cargo run --release --locked --example drawn -- tests/drawn-data`";
const BUILD = "run `npm run build`";

const needed = [
  [join(drawn, "photos", "train"), DRAW],
  [join(drawn, "photos", "val"), DRAW],
  [join(drawn, "strangers"), DRAW],
  [weightsPath, DRAW],
  [join(packageDist, "index.js"), BUILD],
  [join(packageDist, "headstart.wasm"), BUILD],
  [join(packageDist, "headstart-webgpu.wasm"), BUILD],
  [join(wasmModules, "cpu", "headstart.js"), BUILD],
  [join(wasmModules, "webgpu", "headstart.js"), BUILD],
] as const;

export function requireInputs(): void {
  requireFiles(needed);
}

/** Fails with what is missing, and with what to do about each. */
export function requireFiles(
  files: readonly (readonly [path: string, remedy: string])[],
): void {
  const missing = files.filter(([path]) => !existsSync(path));
  if (missing.length === 0) return;
  const lines = missing.map(([path, remedy]) => `  ${path}: ${remedy}`);
  throw new Error(
    `These tests need what is missing here:\n${lines.join("\n")}`,
  );
}

export type Side = "train" | "val";
export type Pattern = "checks" | "rings" | "stripes";

export const photoFolder = (side: Side): string => join(drawn, "photos", side);

/** The first pictures of a class, from `start` on, in the order of their names. */
export function photos(
  side: Side,
  pattern: Pattern,
  count: number,
  start = 0,
): string[] {
  const found = jpegs(join(photoFolder(side), pattern));
  return exactly(count, found.slice(start, start + count));
}

/** Pictures that are of none of the classes. */
export const strangers = (count: number): string[] =>
  exactly(count, jpegs(join(drawn, "strangers")).slice(0, count));

/** A name that no other picture has: each class begins to number its own anew. */
export const nameOf = (photo: string): string =>
  relative(drawn, photo).split(sep).join("-");

export const photoNamed = (name: string): string =>
  join(drawn, ...name.split("-"));

/** As a person would choose them. */
export const filesOf = (photos: string[]) =>
  photos.map((photo) => ({
    name: nameOf(photo),
    mimeType: "image/jpeg",
    buffer: photoBytes(photo),
  }));

export const photoBytes = (path: string): Buffer => readFileSync(path);
export const weightsBytes = (): Buffer => readFileSync(weightsPath);

function jpegs(folder: string): string[] {
  requireFiles([[folder, DRAW]]);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jpg"))
    .sort()
    .map((name) => join(folder, name));
}

/** Fewer would make a test quietly weaker. */
function exactly(count: number, paths: string[]): string[] {
  if (paths.length === count) return paths;
  throw new Error(
    `There are only ${String(paths.length)} of ${String(count)} pictures: ${DRAW}`,
  );
}
