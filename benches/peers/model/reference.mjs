/** The network in plain loops and f64, slow and independent of every engine: what they all have to agree with. */
import { EMBEDDING, SIDE, STEM, blocks, padding } from "./network.mjs";

/**
 * Channels, then rows, then columns.
 * @typedef {{ values: Float64Array, channels: number, side: number }} Map3
 */

/**
 * The embedding, `[512]`, of one input, `[3, 224, 224]`.
 * @param {Float32Array} input
 * @param {Map<string, import("./weights.mjs").ConvWeights>} weights
 */
export function embedPlainly(input, weights) {
  const conv = (
    /** @type {import("./network.mjs").Conv} */ layer,
    /** @type {Map3} */ x,
  ) => convolve(x, layer, weights.get(layer.name));
  let x = maxPool(
    relu(
      conv(STEM, {
        values: Float64Array.from(input),
        channels: 3,
        side: SIDE,
      }),
    ),
  );
  for (const { conv1, conv2, downsample } of blocks()) {
    const shortcut = downsample ? conv(downsample, x) : x;
    const inner = conv(conv2, relu(conv(conv1, x)));
    for (let i = 0; i < inner.values.length; i++) {
      inner.values[i] = (inner.values[i] ?? NaN) + (shortcut.values[i] ?? NaN);
    }
    x = relu(inner);
  }
  const area = x.side * x.side;
  return Float32Array.from({ length: EMBEDDING }, (_, channel) => {
    const map = x.values.subarray(channel * area, (channel + 1) * area);
    return map.reduce((sum, value) => sum + value, 0) / area;
  });
}

/**
 * @param {Map3} input
 * @param {import("./network.mjs").Conv} layer
 * @param {import("./weights.mjs").ConvWeights | undefined} weights
 * @returns {Map3}
 */
function convolve(input, layer, weights) {
  if (!weights) throw new Error(`There are no weights of ${layer.name}`);
  const { from, to, kernel, stride } = layer;
  const padded = pad(input, padding(layer));
  const side = (padded.side - kernel) / stride + 1;
  const out = Math.floor(side);
  const values = new Float64Array(to * out * out);
  for (let o = 0; o < to; o++) {
    const map = values.subarray(o * out * out, (o + 1) * out * out);
    map.fill(weights.bias[o] ?? NaN);
    for (let i = 0; i < from; i++) {
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const at = ((o * from + i) * kernel + ky) * kernel + kx;
          const w = weights.weight[at] ?? NaN;
          for (let y = 0; y < out; y++) {
            const row = (i * padded.side + y * stride + ky) * padded.side + kx;
            for (let x = 0; x < out; x++) {
              const value = padded.values[row + x * stride];
              map[y * out + x] = (map[y * out + x] ?? NaN) + w * (value ?? NaN);
            }
          }
        }
      }
    }
  }
  return { values, channels: to, side: out };
}

/**
 * Zeros around each channel.
 * @param {Map3} input
 * @param {number} width
 * @returns {Map3}
 */
function pad({ values, channels, side }, width) {
  const padded = side + 2 * width;
  const out = new Float64Array(channels * padded * padded);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < side; y++) {
      const from = (channel * side + y) * side;
      const to = (channel * padded + y + width) * padded + width;
      out.set(values.subarray(from, from + side), to);
    }
  }
  return { values: out, channels, side: padded };
}

/** 3×3, stride 2. After a ReLU, padding with zeros is padding with nothing. @param {Map3} input @returns {Map3} */
function maxPool(input) {
  const padded = pad(input, 1);
  const side = Math.floor((padded.side - 3) / 2) + 1;
  const values = new Float64Array(input.channels * side * side);
  for (let channel = 0; channel < input.channels; channel++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        let largest = 0;
        for (let k = 0; k < 9; k++) {
          const row = channel * padded.side + 2 * y + Math.floor(k / 3);
          const value = padded.values[row * padded.side + 2 * x + (k % 3)];
          largest = Math.max(largest, value ?? NaN);
        }
        values[(channel * side + y) * side + x] = largest;
      }
    }
  }
  return { values, channels: input.channels, side };
}

/** In place. @param {Map3} map */
function relu(map) {
  for (let i = 0; i < map.values.length; i++) {
    if ((map.values[i] ?? NaN) < 0) map.values[i] = 0;
  }
  return map;
}
