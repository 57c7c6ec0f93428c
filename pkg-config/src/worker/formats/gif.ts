import { NO_EDITS, type Edits } from "./edit.js";

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;

/**
 * Without transparency in its first frame: browsers make the transparent colour black, and this way
 * it stays as the palette has it.
 */
export function editGif(bytes: Uint8Array): Edits {
  const byte = (at: number) => bytes[at] ?? 0;
  let at = 13 + paletteLength(byte(10));
  // What comes before the first frame.
  while (byte(at) === EXTENSION) {
    if (byte(at + 1) === GRAPHIC_CONTROL && byte(at + 3) & 1) {
      const opaque = Uint8Array.of(byte(at + 3) & ~1);
      const change = { at: at + 3, length: 1, becomes: opaque };
      return { changes: [change], orientation: 1 };
    }
    at += 2;
    // Blocks, each after its length; one of length 0 is the last.
    while (byte(at) > 0) at += 1 + byte(at);
    at++;
  }
  return NO_EDITS;
}

/** In bytes. The flags say whether there is one, and how many bits number its colours. */
function paletteLength(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}
