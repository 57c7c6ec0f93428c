import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { explain, formatOf } from "../src/worker/formats/format.js";

const folder = join(import.meta.dirname, "../../tests/fixtures/decode");
const names = readdirSync(folder).filter((name) => !/\.(py|json)$/.test(name));
const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const latin = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

describe("a file's format", () => {
  const of = (bytes: Uint8Array) => formatOf(bytes)?.what ?? "unknown";

  it.each([
    [/^jpeg/, "a JPEG image"],
    [/^a?png/, "a PNG image"],
    [/^gif/, "a GIF image"],
    [/^webp/, "a WebP image"],
    [/^avif/, "an AVIF image"],
    [/^jxl/, "a JPEG XL image"],
    [/^bmp/, "a BMP image"],
    [/^ico/, "an ICO image"],
    [/^renamed/, "a HEIC image"],
    [/^page/, "a web page"],
  ])("is known by content: %s", (files, what) => {
    const matching = names.filter((name) => files.test(name));
    expect(matching).not.toEqual([]);
    for (const name of matching) expect(of(read(name)), name).toContain(what);
  });

  it.each([
    ["II*\0\x10\0\0\0CR\x02\0", "a TIFF image or a camera's raw file"],
    ["FUJIFILMCCD-RAW 0201", "a camera's raw file"],
    ["IIRO\x08\0\0\0", "a camera's raw file"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"],
    ["\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a video"],
    ["\x1a\x45\xdf\xa3webm", "a video"],
    ["\xef\xbb\xbf<!-- drawn --><svg>", "an SVG drawing"],
    ["<?xml version='1.0'?><note/>", "unknown"],
    ["P6 40 32 255 ", "a Netpbm image"],
    ["RIFF\0\0\0\0WAVE", "unknown"],
    ["Pets of 2020", "unknown"],
    ["", "unknown"],
  ])("of %j is %s", (text, what) => {
    expect(of(latin(text))).toContain(what);
  });

  it("comes with a remedy, always to make a JPEG or PNG of it", () => {
    for (const name of names)
      expect(explain(formatOf(read(name)))).toMatch(/^it is an? .*JPEG or PNG/);
    expect(explain(undefined)).toBe(
      "it is no image of a format known here. Save it again as JPEG or PNG.",
    );
  });
});
