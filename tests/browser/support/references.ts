/** What Pillow decodes of the files in fixtures/decode, whose make.py wrote references.json. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { fixtures } from "./inputs.js";
import { png } from "./images.js";

interface References {
  images: Record<string, { width: number; height: number; rgb: string }>;
  /** Differences between rows, compressed. */
  rgb: Record<string, string>;
}

export interface Rgb {
  width: number;
  height: number;
  /** `[height, width, 3]` */
  data: Uint8Array;
}

export interface Difference {
  max: number;
  mean: number;
}

const folder = join(fixtures, "decode");
const { images, rgb } = JSON.parse(
  readFileSync(join(folder, "references.json"), "utf8"),
) as References;

export const decodable = Object.keys(images);
export const urlOfFixture = (name: string) => `/fixtures/decode/${name}`;
export const fixtureBytes = (name: string) => readFileSync(join(folder, name));

export function referenceOf(name: string): Rgb {
  const { width, height, rgb: key } = images[name]!;
  const data = new Uint8Array(inflateSync(Buffer.from(rgb[key]!, "base64")));
  const row = width * 3;
  for (let at = row; at < data.length; at++) data[at]! += data[at - row]!;
  return { width, height, data };
}

/** In levels of 255. Images of other sizes have nothing to compare. */
export function differenceOf(a: Rgb, b: Rgb): Difference {
  if (a.width !== b.width || a.height !== b.height)
    throw new Error(`${a.width}x${a.height} against ${b.width}x${b.height}`);
  const each = [...a.data].map((value, at) => Math.abs(value - b.data[at]!));
  const sum = each.reduce((total, value) => total + value, 0);
  return { max: Math.max(...each), mean: sum / each.length };
}

/** The part of an image from (left, top) on. */
export function crop(
  { width, data }: Rgb,
  left: number,
  top: number,
  size: { width: number; height: number },
): Rgb {
  const rows = Array.from({ length: size.height }, (_, y) => {
    const start = ((top + y) * width + left) * 3;
    return [...data.subarray(start, start + size.width * 3)];
  });
  return { ...size, data: Uint8Array.from(rows.flat()) };
}

export function pngOf({ width, height, data }: Rgb): Buffer {
  return png(width, height, (x, y) => {
    const at = (y * width + x) * 3;
    return [...data.subarray(at, at + 3)];
  });
}
