/** Reads parts of a file's bytes; what lies beyond its end is missing rather than an error. */

/** One character per byte. */
export function ascii(bytes: Uint8Array, at: number, length: number): string {
  if (at < 0) return "";
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export function startsWith(bytes: Uint8Array, text: string): boolean {
  return ascii(bytes, 0, text.length) === text;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The brands of an ISO base media file (AVIF, HEIC, MP4 and others), the major one first. */
export function brandsOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16 || ascii(bytes, 4, 4) !== "ftyp") return [];
  const end = Math.min(viewOf(bytes).getUint32(0), bytes.length, 256);
  const brands = [ascii(bytes, 8, 4)];
  // Between them lies the major brand's version.
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(bytes, at, 4));
  return brands;
}
