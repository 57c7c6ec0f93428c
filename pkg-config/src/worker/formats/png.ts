import { ascii, viewOf } from "./bytes.js";
import type { Change, Edits } from "./edit.js";
import { orientationIn } from "./exif.js";

/**
 * Without its animation, whose first frame need not be the image itself, and without its EXIF,
 * whose orientation only some browsers apply. Each is a chunk, which can be taken out.
 */
export function editPng(bytes: Uint8Array): Edits {
  const view = viewOf(bytes);
  const changes: Change[] = [];
  let orientation = 1;
  // After the signature, chunks: a length, a name of 4 letters, the content and a checksum.
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const name = ascii(bytes, at + 4, 4);
    if (name === "eXIf")
      orientation = orientationIn(bytes.subarray(at + 8, at + 8 + length));
    if (name === "eXIf" || name === "acTL")
      changes.push({ at, length: length + 12 });
    at += length + 12;
  }
  return { changes, orientation };
}
