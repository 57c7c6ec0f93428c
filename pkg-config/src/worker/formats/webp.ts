import { ascii, viewOf } from "./bytes.js";
import { NO_EDITS, type Edits } from "./edit.js";
import { orientationIn } from "./exif.js";

/** Of the flags in the extended header: there is EXIF. */
const EXIF_FLAG = 0x08;

/** Without its EXIF orientation, which only some browsers apply. */
export function editWebp(bytes: Uint8Array): Edits {
  // Only files with the extended header can have EXIF.
  if (ascii(bytes, 12, 4) !== "VP8X") return NO_EDITS;
  const view = viewOf(bytes);
  // Chunks: a name of 4 letters, a length, and the content, filled up to an even length.
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (ascii(bytes, at, 4) === "EXIF") {
      const exif = bytes.subarray(at + 8, at + 8 + length);
      return withoutExif(bytes, at, orientationIn(exif));
    }
    at += 8 + length + (length % 2);
  }
  return NO_EDITS;
}

/** Under a name that means nothing, so that no length changes. */
function withoutExif(
  bytes: Uint8Array,
  at: number,
  orientation: number,
): Edits {
  const name = { at, length: 4, becomes: new TextEncoder().encode("none") };
  // The extended header comes first, and begins with its flags.
  const flags = (bytes[20] ?? 0) & ~EXIF_FLAG;
  const header = { at: 20, length: 1, becomes: Uint8Array.of(flags) };
  return { changes: [header, name], orientation };
}
