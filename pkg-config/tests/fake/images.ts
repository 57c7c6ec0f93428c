/** Files without pixels, and what takes them for images. */
import { HeadstartError } from "../../src/errors.js";
import type { Decoder } from "../../src/worker/decode.js";

/** Files whose text starts with "broken" cannot be decoded. */
export const fakeDecoder: Decoder = {
  async decodeFile(name, _blob, bytes) {
    if (new TextDecoder().decode(bytes).startsWith("broken")) {
      throw new HeadstartError(
        "IMAGE_UNDECODABLE",
        `${name} cannot be decoded.`,
      );
    }
    return imageData(1, 1);
  },
  readBitmap: (_name, { width, height }) => imageData(width, height),
};

/** Node has no ImageData. */
function imageData(width: number, height: number): ImageData {
  const data = new Uint8ClampedArray(4 * width * height);
  return { data, width, height, colorSpace: "srgb" };
}

export function file(name: string, content = name): File {
  return new File([content], name);
}
