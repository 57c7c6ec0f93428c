/** What is to be different in a file before the browser decodes it. */
export interface Edits {
  changes: Change[];
  /** How the pixels are to be turned afterwards: an EXIF orientation. */
  orientation: number;
}

/** `length` bytes from `at` on become others. */
export interface Change {
  at: number;
  length: number;
  becomes?: Uint8Array<ArrayBuffer>;
}

/** The changes are in the order of their places, and do not overlap. */
export function edited(blob: Blob, changes: Change[]): Blob {
  if (changes.length === 0) return blob;
  const parts: BlobPart[] = [];
  let from = 0;
  for (const { at, length, becomes } of changes) {
    parts.push(blob.slice(from, at));
    if (becomes) parts.push(becomes);
    from = at + length;
  }
  parts.push(blob.slice(from));
  return new Blob(parts, { type: blob.type });
}

export const NO_EDITS: Edits = { changes: [], orientation: 1 };
