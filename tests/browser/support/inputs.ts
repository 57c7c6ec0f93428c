/** The photos and the weights that the tests need. Where they are missing, tests fail and say so. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

export const datasets = join(root, "..", "shared", "datasets");
export const hymenoptera = join(datasets, "hymenoptera");
export const packageDist = join(root, "pkg-config", "dist");
export const packageSources = join(root, "pkg-config", "src");
export const fixtures = join(root, "tests", "fixtures");
export const browserTests = join(root, "tests", "browser");
export const weightsPath = join(root, "weights", "resnet18-int8.safetensors");

const needed = [
  [join(hymenoptera, "train"), "put the ants-and-bees photos there"],
  [join(hymenoptera, "val"), "put the ants-and-bees photos there"],
  [join(datasets, "samples"), "put the sample photos there"],
  [weightsPath, "run `npm start` once, which makes it"],
  [join(packageDist, "index.js"), "run `npm run build`"],
  [join(packageDist, "headstart.wasm"), "run `npm run build`"],
  [join(packageDist, "headstart-webgpu.wasm"), "run `npm run build`"],
] as const;

export function requireInputs(): void {
  const missing = needed.filter(([path]) => !existsSync(path));
  if (missing.length === 0) return;
  const lines = missing.map(([path, remedy]) => `  ${path}: ${remedy}`);
  throw new Error(
    `These tests need what is missing here:\n${lines.join("\n")}`,
  );
}

export type Side = "train" | "val";
export type Insect = "ants" | "bees";

/** The first photos of a folder, from `start` on, in the order of their names. */
export function photos(
  side: Side,
  insect: Insect,
  count: number,
  start = 0,
): string[] {
  const folder = join(hymenoptera, side, insect);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".jpg"))
    .sort();
  return names.slice(start, start + count).map((name) => join(folder, name));
}

/** A photo of something that is neither ant nor bee. */
export const sample = (name: string): string =>
  join(datasets, "samples", `${name}.jpg`);

export const photoBytes = (path: string): Buffer => readFileSync(path);
export const weightsBytes = (): Buffer => readFileSync(weightsPath);
