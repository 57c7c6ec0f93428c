/**
 * The network in jax-js, by its own convolution or by `unfold`: on the CPU the first is slow, and one matrix product
 * of unfolded inputs computes the same many times faster. Feature maps are `[channels, N, side, side]`, so that a
 * product's result is the next layer's input.
 */
import { defaultDevice, init, jit, lax, nn, numpy as np } from "@jax-js/jax";
import {
  SIDE,
  STEM,
  blocks,
  convolutions,
  padding,
} from "../model/network.mjs";
import { normalized } from "../model/pictures.mjs";
import { readWeights } from "../model/weights.mjs";
import { WEIGHTS, bytesOf } from "./serve.js";

export async function openJax(device, convolve, facts) {
  const devices = await init(device);
  if (!devices.includes(device))
    throw new Error(`jax-js has no ${device} here`);
  defaultDevice(device);
  const weights = readWeights(await bytesOf(WEIGHTS));
  const parameters = Object.fromEntries(
    convolutions().map(({ name, from, to, kernel }) => {
      const { weight, bias } = weights.get(name);
      const filter = np.array(weight, { shape: [to, from, kernel, kernel] });
      return [name, { filter, bias: np.array(bias, { shape: [to, 1, 1, 1] }) }];
    }),
  );
  let values;
  let batch;
  return {
    facts: { ...facts, device },
    prepare(pictures) {
      batch = pictures.length;
      values = new Float32Array(batch * 3 * SIDE * SIDE);
      pictures.forEach((picture, i) =>
        values.set(normalized(picture), i * 3 * SIDE * SIDE),
      );
    },
    embed() {
      const input = np.array(values, { shape: [batch, 3, SIDE, SIDE] });
      return forward(convolve, parameters, input).data();
    },
  };
}

/** `[N, 3, 224, 224]` → `[N, 512]`. An operation takes its arguments over; `ref` keeps one for another use. */
function forward(convolve, parameters, input) {
  const conv = (x, layer) => {
    const { filter, bias } = parameters[layer.name];
    return convolve(x, filter.ref, layer).add(bias.ref);
  };
  let x = nn.relu(conv(np.transpose(input, [1, 0, 2, 3]), STEM));
  x = maxPool(x);
  for (const { conv1, conv2, downsample } of blocks()) {
    const shortcut = downsample ? conv(x.ref, downsample) : x.ref;
    const inner = conv(nn.relu(conv(x, conv1)), conv2);
    x = nn.relu(inner.add(shortcut));
  }
  return np.transpose(np.mean(x, [2, 3]));
}

/** After a ReLU, padding with zeros is padding with nothing. */
const maxPool = jit((x) =>
  lax.reduceWindow(np.pad(x, around(1)), np.max, [3, 3], [2, 2]),
);

export function libraryConvolution(x, filter, layer) {
  const pad = padding(layer);
  const { stride } = layer;
  const images = np.transpose(x, [1, 0, 2, 3]);
  const result = lax.convGeneralDilated(
    images,
    filter,
    [stride, stride],
    [
      [pad, pad],
      [pad, pad],
    ],
  );
  return np.transpose(result, [1, 0, 2, 3]);
}

/** The filter as a matrix, times the inputs that each place of the result sees, as columns. */
export function unfoldedConvolution(x, filter, layer) {
  const { to, from, kernel, stride } = layer;
  const [, batch, side] = x.shape;
  const columns = unfold(kernel, stride)(x);
  return np
    .matmul(filter.reshape([to, from * kernel * kernel]), columns)
    .reshape([to, batch, side / stride, side / stride]);
}

const unfolding = new Map();

/** `[channels, N, side, side]` → `[channels · kernel², N · (side / stride)²]`. */
function unfold(kernel, stride) {
  const key = `${kernel}/${stride}`;
  if (!unfolding.has(key))
    unfolding.set(
      key,
      jit((x) => unfoldWith(x, kernel, stride)),
    );
  return unfolding.get(key);
}

function unfoldWith(x, kernel, stride) {
  const [channels, batch, side] = x.shape;
  const out = side / stride;
  const pad = padding({ kernel });
  // So that rows and columns divide into phases, of which a stride takes one.
  const padded = np.pad(x, around(pad, pad + ((side + 2 * pad) % stride)));
  const length = padded.shape[2] / stride;
  const phases = padded.reshape([
    channels,
    batch,
    length,
    stride,
    length,
    stride,
  ]);
  const parts = [];
  for (let row = 0; row < kernel; row++) {
    for (let column = 0; column < kernel; column++) {
      const [y, x] = [Math.floor(row / stride), Math.floor(column / stride)];
      const part = phases.ref
        .slice(
          [],
          [],
          [y, y + out],
          row % stride,
          [x, x + out],
          column % stride,
        )
        .reshape([channels, 1, batch * out * out]);
      parts.push(part);
    }
  }
  return np
    .concatenate(parts, 1)
    .reshape([channels * kernel * kernel, batch * out * out]);
}

function around(before, after = before) {
  return [
    [0, 0],
    [0, 0],
    [before, after],
    [before, after],
  ];
}
