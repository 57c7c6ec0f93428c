/** Reads the quantized weights file (safetensors: https://github.com/huggingface/safetensors#format) into f32. */
import { convolutions } from "./network.mjs";

/**
 * `weight` is `[to, from, kernel, kernel]`, `bias` is `[to]`.
 * @typedef {{ weight: Float32Array, bias: Float32Array }} ConvWeights
 */

/**
 * The real weights of every convolution, by name: `weight · scale` of its output channel.
 * @param {ArrayBuffer} file
 * @returns {Map<string, ConvWeights>}
 */
export function readWeights(file) {
  const headerLength = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(
    new TextDecoder().decode(new Uint8Array(file, 8, headerLength)),
  );
  const bytes = (/** @type {string} */ name) => {
    const entry = header[name];
    if (!entry) throw new Error(`The weights have no ${name}`);
    const [start, end] = entry.data_offsets;
    // A copy, since f32 values need not be aligned in the file.
    return file.slice(8 + headerLength + start, 8 + headerLength + end);
  };
  return new Map(
    convolutions().map(({ name, from, to, kernel }) => {
      const quantized = new Int8Array(bytes(`${name}.weight`));
      const scale = new Float32Array(bytes(`${name}.scale`));
      const perChannel = from * kernel * kernel;
      if (quantized.length !== to * perChannel || scale.length !== to) {
        throw new Error(`The weights of ${name} have another shape`);
      }
      const weight = Float32Array.from(
        quantized,
        (value, i) => value * (scale[Math.floor(i / perChannel)] ?? NaN),
      );
      return [name, { weight, bias: new Float32Array(bytes(`${name}.bias`)) }];
    }),
  );
}
