import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prepare, transferables } from "../src/images.js";

/** An object that calls itself what a browser's would. */
const tagged = (tag: string, fields: object = {}) =>
  Object.assign(Object.create({ [Symbol.toStringTag]: tag }) as object, fields);

const close = vi.fn();
let readable = true;

beforeEach(() => {
  readable = true;
  close.mockClear();
  vi.stubGlobal("createImageBitmap", async (source: { broken?: boolean }) => {
    if (source.broken) throw new DOMException("closed", "InvalidStateError");
    return tagged("ImageBitmap", { close, copyOf: source });
  });
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext() {
        return {
          drawImage: () => undefined,
          getImageData: () => {
            if (!readable) throw new DOMException("tainted", "SecurityError");
          },
        };
      }
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

describe("an image that is given", () => {
  it("goes as it is when it is a file, under its name", async () => {
    const file = new File(["x"], "cat.jpg");
    expect(await prepare(file, 1)).toEqual({
      kind: "file",
      name: "cat.jpg",
      blob: file,
    });
  });

  it("is named by its position, from 1, when it has no name", async () => {
    const blob = new Blob(["x"]);
    expect(await prepare(blob, 3)).toEqual({
      kind: "file",
      name: "image 3",
      blob,
    });
    expect(await prepare(new File(["x"], ""), 4)).toMatchObject({
      name: "image 4",
    });
  });

  it("goes as it is when it is ImageData, which a message clones", async () => {
    const data = new Uint8ClampedArray(4);
    const pixels = tagged("ImageData", { data, width: 1, height: 1 });
    expect(await prepare(pixels, 1)).toEqual({
      kind: "pixels",
      name: "image 1",
      pixels,
    });
  });

  it("fails in its turn when it is ImageData whose buffer was transferred", async () => {
    const data = new Uint8ClampedArray(0);
    const pixels = tagged("ImageData", { data, width: 1, height: 1 });
    expect(await prepare(pixels, 2)).toMatchObject({
      kind: "failed",
      error: {
        code: "IMAGE_UNDECODABLE",
        message: expect.stringContaining("pass a copy") as unknown,
      },
    });
  });

  it.each([
    ...["ImageBitmap", "HTMLImageElement", "HTMLVideoElement", "VideoFrame"],
    ...["HTMLCanvasElement", "OffscreenCanvas"],
  ])(
    "is copied when it is an %s, and only the copy is handed over",
    async (tag) => {
      const source = tagged(tag);
      const outgoing = await prepare(source, 2);
      expect(outgoing).toMatchObject({ kind: "bitmap", name: "image 2" });
      const [bitmap] = transferables([outgoing]);
      expect(bitmap).not.toBe(source);
      expect(bitmap).toMatchObject({ copyOf: source });
    },
  );

  it("fails in its turn when it has no pixels", async () => {
    expect(
      await prepare(tagged("ImageBitmap", { broken: true }), 5),
    ).toMatchObject({
      kind: "failed",
      name: "image 5",
      error: {
        code: "IMAGE_UNDECODABLE",
        message: expect.stringContaining("image 5") as unknown,
      },
    });
  });

  it("fails in its turn when it is another site's, since a message could not carry it", async () => {
    readable = false;
    expect(await prepare(tagged("HTMLImageElement"), 6)).toMatchObject({
      kind: "failed",
      error: {
        code: "IMAGE_UNDECODABLE",
        message: expect.stringContaining("CORS") as unknown,
      },
    });
    expect(close).toHaveBeenCalledOnce();
  });

  it.each([
    ["cat.jpg", '"cat.jpg"'],
    [undefined, "undefined"],
    [null, "null"],
    [new ArrayBuffer(1), "an ArrayBuffer"],
    [7, "7"],
  ])("is refused with its position when it is %s", async (value, said) => {
    await expect(prepare(value, 3)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(
        `Image 3 is ${said}: pass a File`,
      ) as unknown,
    });
  });
});
