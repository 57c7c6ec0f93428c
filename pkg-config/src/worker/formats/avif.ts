import { brandsOf } from "./bytes.js";
import { NO_EDITS, type Edits } from "./edit.js";

/**
 * Not as a sequence, if there is a still image too: Chromium decodes a sequence without its colour
 * range, which makes bright parts white and dark ones black.
 */
export function editAvif(bytes: Uint8Array): Edits {
  const [major, ...others] = brandsOf(bytes);
  if (major !== "avis" || !others.includes("avif")) return NO_EDITS;
  const still = new TextEncoder().encode("avif");
  return { changes: [{ at: 8, length: 4, becomes: still }], orientation: 1 };
}
