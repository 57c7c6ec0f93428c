import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { orientationIn } from "../src/worker/formats/exif.js";
import { formatOf } from "../src/worker/formats/format.js";
import { prepareFile } from "../src/worker/formats/prepare.js";

const folder = join(import.meta.dirname, "../../tests/fixtures/decode");
const names = readdirSync(folder).filter((name) => !/\.(py|json)$/.test(name));
const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const latin = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

async function prepared(name: string) {
  const bytes = read(name);
  const blob = new Blob([bytes], { type: "image/x" });
  const result = prepareFile(formatOf(bytes), blob, bytes);
  const after = Buffer.from(await result.blob.arrayBuffer());
  return { ...result, before: Buffer.from(bytes), after };
}

describe("a file before the browser decodes it", () => {
  it("stays as it is where browsers and Pillow agree", async () => {
    const same = ["jpeg-orientation-6.jpg", "png-rgba.png", "gif.gif"];
    for (const name of [...same, "webp-lossy-alpha.webp", "avif-444.avif"]) {
      const { before, after, orientation } = await prepared(name);
      expect(after.equals(before), name).toBe(true);
      expect(orientation, name).toBe(1);
    }
  });

  it.each(["png", "webp"])(
    "of a %s loses its EXIF, which is applied afterwards",
    async (type) => {
      for (let expected = 1; expected <= 8; expected++) {
        const name = `${type}-orientation-${expected}.${type}`;
        const { blob, after, orientation } = await prepared(name);
        expect(orientation).toBe(expected);
        expect(after.includes(type === "png" ? "eXIf" : "EXIF")).toBe(false);
        expect(blob.type).toBe("image/x");
      }
    },
  );

  it("is no animation if it has an image besides", async () => {
    expect((await prepared("apng.png")).before.includes("acTL")).toBe(true);
    expect((await prepared("apng.png")).after.includes("acTL")).toBe(false);
    const avif = (await prepared("avif-animated.avif")).after;
    expect(avif.toString("latin1", 4, 12)).toBe("ftypavif");
  });

  it("of a GIF has no transparent colour in its first frame", async () => {
    const { before, after } = await prepared("gif-transparent.gif");
    const changed = [...before.keys()].filter((i) => before[i] !== after[i]);
    expect(changed).toEqual([before.indexOf("\x21\xf9\x04", "latin1") + 3]);
    expect(after[changed[0]!]! & 1).toBe(0);
  });

  it("may be cut short anywhere", () => {
    for (const name of names) {
      const bytes = read(name);
      for (let length = 0; length < Math.min(bytes.length, 400); length++) {
        const part = bytes.subarray(0, length);
        const format = formatOf(part);
        expect(() => prepareFile(format, new Blob([part]), part)).not.toThrow();
      }
    }
  });
});

describe("an EXIF orientation", () => {
  const little = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
  const big = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";

  it.each([
    ["little-endian", little, 6],
    ["big-endian", big, 6],
    ["after JPEG's prefix", `Exif\0\0${big}`, 6],
    ["of no meaning", little.replace("\x06", "\x09"), 1],
    ["cut short", big.slice(0, 18), 1],
    ["missing", "MM\0*\0\0\0\x08\0\0", 1],
    ["in no EXIF", "orientation: 6", 1],
  ])("%s", (_, exif, orientation) => {
    expect(orientationIn(latin(exif))).toBe(orientation);
  });
});
