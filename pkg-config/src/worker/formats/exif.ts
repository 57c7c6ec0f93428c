import { ascii, startsWith, viewOf } from "./bytes.js";

const ORIENTATION = 0x0112;

/** The orientation, 1 to 8, that a block of EXIF tells; 1, which is upright, if none. */
export function orientationIn(exif: Uint8Array): number {
  // JPEG's prefix, which some writers put into other formats too.
  const tiff = startsWith(exif, "Exif\0\0") ? exif.subarray(6) : exif;
  const order = ascii(tiff, 0, 2);
  if (order !== "II" && order !== "MM") return 1;
  try {
    const orientation = find(viewOf(tiff), order === "II");
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  } catch (thrown) {
    if (thrown instanceof RangeError) return 1; // It is cut short.
    throw thrown;
  }
}

/** In the first directory, whose entries take 12 bytes each: tag, type, count and value. */
function find(tiff: DataView, little: boolean): number {
  const directory = tiff.getUint32(4, little);
  const entries = tiff.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (tiff.getUint16(entry, little) === ORIENTATION)
      return tiff.getUint16(entry + 8, little);
  }
  return 1;
}
