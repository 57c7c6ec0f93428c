import { HeadstartError, messageOf } from "../errors.js";
import { explain, formatOf } from "./formats/format.js";
import { prepareFile } from "./formats/prepare.js";
import { turn } from "./formats/turn.js";
import { PixelReader } from "./pixels.js";

/** What turns images into RGBA, row by row from the top, colours not multiplied by alpha. */
export interface Decoder {
  /** `bytes` are the blob's, which tell its format. */
  decodeFile: (
    name: string,
    blob: Blob,
    bytes: Uint8Array,
  ) => Promise<ImageData>;
  readBitmap: (name: string, bitmap: ImageBitmap) => ImageData;
}

const reader = new PixelReader();

/**
 * The pixels of an image file as its format stores them: turned as its EXIF orientation says,
 * without colour management, and without alpha multiplied in.
 */
export async function decodeFile(
  name: string,
  blob: Blob,
  bytes: Uint8Array,
): Promise<ImageData> {
  const format = formatOf(bytes);
  const prepared = prepareFile(format, blob, bytes);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(prepared.blob, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch (cause) {
    throw undecodable(name, explain(format), cause);
  }
  const image = read(name, bitmap, format?.kind === "jpeg");
  return turn(image, prepared.orientation);
}

/** The pixels of a bitmap, which is closed afterwards. */
export function readBitmap(name: string, bitmap: ImageBitmap): ImageData {
  return read(name, bitmap, false);
}

function read(name: string, bitmap: ImageBitmap, opaque: boolean): ImageData {
  try {
    return reader.read(bitmap, opaque);
  } catch (cause) {
    const problem = `its pixels could not be read (${messageOf(cause)}). Save it again as JPEG or PNG.`;
    throw undecodable(name, problem, cause);
  } finally {
    bitmap.close();
  }
}

function undecodable(
  name: string,
  problem: string,
  cause: unknown,
): HeadstartError {
  return new HeadstartError(
    "IMAGE_UNDECODABLE",
    `${name} cannot be decoded by this browser: ${problem}`,
    { cause },
  );
}
