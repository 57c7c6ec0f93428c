/** Turns what callers have into what can be sent to the worker, without decoding files here. */
import { HeadstartError, toPlain } from "./errors.js";
import { describe, kindOf } from "./options.js";
import type { Outgoing } from "./protocol.js";

/** `position` counts from 1 and names an image that has no name. */
export async function prepare(
  source: unknown,
  position: number,
): Promise<Outgoing> {
  const name = `image ${position}`;
  switch (kindOf(source)) {
    case "File":
      return {
        kind: "file",
        name: (source as File).name || name,
        blob: source as File,
      };
    case "Blob":
      return { kind: "file", name, blob: source as Blob };
    case "ImageData":
      return pixels(source as ImageData, name);
    case "ImageBitmap":
    case "HTMLCanvasElement":
    case "OffscreenCanvas":
    case "HTMLImageElement":
    case "HTMLVideoElement":
    case "VideoFrame":
      return copy(source as CanvasImageSource & ImageBitmapSource, name);
    default:
      throw new HeadstartError(
        "INVALID_ARGUMENT",
        `Image ${position} is ${describe(source)}: pass a File, Blob, ImageBitmap, ImageData, <img>, <canvas> or <video>.`,
      );
  }
}

/** What a message hands over instead of copying. */
export function transferables(images: Outgoing[]): Transferable[] {
  return images.flatMap((image) =>
    image.kind === "bitmap" ? [image.bitmap] : [],
  );
}

function pixels(pixels: ImageData, name: string): Outgoing {
  if (pixels.data.byteLength > 0) return { kind: "pixels", name, pixels };
  // Sending it would fail with all that go with it.
  return failed(
    name,
    `The pixels of ${name} are gone, because their buffer was transferred: pass a copy of the ImageData.`,
  );
}

function failed(name: string, message: string, cause?: unknown): Outgoing {
  const error = new HeadstartError("IMAGE_UNDECODABLE", message, { cause });
  return { kind: "failed", name, error: toPlain(error) };
}

/** A copy, so that the caller's bitmap or element stays usable. */
async function copy(
  source: CanvasImageSource & ImageBitmapSource,
  name: string,
): Promise<Outgoing> {
  let bitmap: ImageBitmap | undefined;
  try {
    bitmap = await createImageBitmap(source, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
    checkReadable(bitmap);
    return { kind: "bitmap", name, bitmap };
  } catch (cause) {
    bitmap?.close();
    const tainted =
      cause instanceof DOMException && cause.name === "SecurityError";
    const reason = tainted
      ? `The browser does not let this page read ${name}, which comes from another site: have it served with CORS headers, or pass the file itself.`
      : `There are no pixels in ${name}: pass an <img> that has finished loading, a <video> that plays, a <canvas> that is not empty, or an ImageBitmap that is not closed.`;
    return failed(name, reason, cause);
  }
}

/** Throws for an image of another site: sending its bitmap would fail with all that go with it. */
function checkReadable(bitmap: ImageBitmap): void {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context?.drawImage(bitmap, 0, 0, 1, 1);
  context?.getImageData(0, 0, 1, 1);
}
