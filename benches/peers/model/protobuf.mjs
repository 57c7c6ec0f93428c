/** As much of protobuf's wire format as an ONNX file needs (https://protobuf.dev/programming-guides/encoding). */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** @param {number} value a whole number from 0 to 2⁵³ */
function varint(value) {
  const bytes = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
}

/**
 * @param {number} field
 * @param {number} value
 */
export const integer = (field, value) =>
  joined([varint(field * 8 + VARINT), varint(value)]);

/**
 * @param {number} field
 * @param {Uint8Array} content
 */
export const bytes = (field, content) =>
  joined([
    varint(field * 8 + LENGTH_DELIMITED),
    varint(content.length),
    content,
  ]);

/**
 * @param {number} field
 * @param {string} content
 */
export const text = (field, content) =>
  bytes(field, new TextEncoder().encode(content));

/**
 * @param {number} field
 * @param {Uint8Array[]} fields
 */
export const message = (field, fields) => bytes(field, joined(fields));

/** @param {Uint8Array[]} parts */
export function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
