/**
 * Changes a file where browsers would decode something else than Pillow does, or each browser
 * something else. The pixels stay in the hands of the browser's decoder.
 */
import { editAvif } from "./avif.js";
import { edited, NO_EDITS, type Edits } from "./edit.js";
import type { Format } from "./format.js";
import { editGif } from "./gif.js";
import { editPng } from "./png.js";
import { editWebp } from "./webp.js";

export interface Prepared {
  /** For the browser to decode. */
  blob: Blob;
  /** The EXIF orientation that the blob no longer tells: 1, which is upright, to 8. */
  orientation: number;
}

export function prepareFile(
  format: Format | undefined,
  blob: Blob,
  bytes: Uint8Array,
): Prepared {
  const { changes, orientation } = editsOf(format, bytes);
  return { blob: edited(blob, changes), orientation };
}

function editsOf(format: Format | undefined, bytes: Uint8Array): Edits {
  switch (format?.kind) {
    case "png":
      return editPng(bytes);
    case "webp":
      return editWebp(bytes);
    case "gif":
      return editGif(bytes);
    case "avif":
      return editAvif(bytes);
    default:
      return NO_EDITS;
  }
}
