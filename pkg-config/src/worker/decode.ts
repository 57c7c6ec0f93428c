import { HeadstartError } from "../errors.js";
import { PixelReader } from "./pixels.js";

/** What turns images into RGBA, row by row from the top, colours not multiplied by alpha. */
export interface Decoder {
  /** `bytes` are the blob's, which tell its format. */
  decodeFile(name: string, blob: Blob, bytes: Uint8Array): Promise<ImageData>;
  readBitmap(name: string, bitmap: ImageBitmap): ImageData;
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
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch (cause) {
    throw undecodable(name, cause);
  }
  return read(name, bitmap, isJpeg(bytes));
}

/** The pixels of a bitmap, which is closed afterwards. */
export function readBitmap(name: string, bitmap: ImageBitmap): ImageData {
  return read(name, bitmap, false);
}

function read(name: string, bitmap: ImageBitmap, opaque: boolean): ImageData {
  try {
    return reader.read(bitmap, opaque);
  } catch (cause) {
    throw undecodable(name, cause);
  } finally {
    bitmap.close();
  }
}

/** By content: a file's type follows from its name, which may be wrong. */
function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

function undecodable(name: string, cause: unknown): HeadstartError {
  return new HeadstartError(
    "IMAGE_UNDECODABLE",
    `${name} cannot be decoded by this browser: re-save it as JPEG or PNG.`,
    { cause },
  );
}
