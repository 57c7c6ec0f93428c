import { fromPlain, HeadstartError } from "../errors.js";
import type { Outgoing } from "../protocol.js";
import type { Decoder } from "./decode.js";
import { readBytes } from "./read-bytes.js";
import type { Inspected, WasmSession } from "./wasm-session.js";

/** An image that was read but not yet decoded. */
export interface Opened extends Inspected {
  /** Its place in the request. */
  position: number;
  name: string;
  group: string | null;
  pixels: () => ImageData | Promise<ImageData>;
}

/** Reads an image as far as its content's hash; its header is checked on the way. */
export async function openImage(
  image: Outgoing,
  position: number,
  wasm: WasmSession,
  decoder: Decoder,
): Promise<Opened> {
  const { name, group = null } = image;
  const known = { position, name, group };
  const decoded = (pixels: ImageData): Opened => {
    const hash = wasm.inspectPixels(name, pixels);
    return { ...known, hash, taken: null, pixels: () => pixels };
  };
  switch (image.kind) {
    case "failed":
      throw fromPlain(image.error);
    case "file": {
      const { blob } = image;
      const bytes = await readBytes(name, blob, "IMAGE_UNDECODABLE");
      const inspected = wasm.inspect(name, bytes);
      const pixels = () => decoder.decodeFile(name, blob, bytes);
      return { ...known, ...inspected, pixels };
    }
    case "bitmap":
      return decoded(decoder.readBitmap(name, image.bitmap));
    case "pixels": {
      if (!(image.pixels.data instanceof Uint8ClampedArray)) {
        throw new HeadstartError(
          "IMAGE_UNDECODABLE",
          `${name} does not hold 8-bit pixels: pass ImageData with the pixel format "rgba-unorm8".`,
        );
      }
      return decoded(image.pixels);
    }
  }
}
