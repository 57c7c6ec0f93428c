/** The network in TensorFlow.js: channels last, bias and ReLU fused into the convolutions where they follow. */
import * as tf from "@tensorflow/tfjs-core";
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

/** `[N, 224, 224, 3]` → `[N, 512]`. */
export async function loadNetwork() {
  const filters = constants(readWeights(await bytesOf(WEIGHTS)));
  const conv = (x, layer, activation) => {
    const { filter, bias } = filters.get(layer.name);
    const pad = padding(layer);
    return tf.fused.conv2d({
      ...{ x, filter, bias, activation, strides: layer.stride },
      pad:
        pad === 0
          ? "valid"
          : [
              [0, 0],
              [pad, pad],
              [pad, pad],
              [0, 0],
            ],
    });
  };
  return (input) =>
    tf.tidy(() => {
      let x = conv(input, STEM, "relu");
      x = tf.maxPool(x, 3, 2, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]);
      for (const { conv1, conv2, downsample } of blocks()) {
        const shortcut = downsample ? conv(x, downsample, "linear") : x;
        const inner = conv(conv(x, conv1, "relu"), conv2, "linear");
        x = tf.relu(tf.add(inner, shortcut));
      }
      return tf.mean(x, [1, 2]);
    });
}

/** From `[to, from, kernel, kernel]` to TensorFlow's `[kernel, kernel, from, to]`. */
function constants(weights) {
  return new Map(
    convolutions().map(({ name, from, to, kernel }) => {
      const { weight, bias } = weights.get(name);
      const filter = tf.tidy(() =>
        tf.transpose(
          tf.tensor4d(weight, [to, from, kernel, kernel]),
          [2, 3, 1, 0],
        ),
      );
      return [name, { filter, bias: tf.tensor1d(bias) }];
    }),
  );
}

/** The engine, on the backend that is set. */
export async function openTensorflow(facts) {
  const network = await loadNetwork();
  let values;
  let batch;
  return {
    facts: { ...facts, library: tf.version_core, backend: tf.getBackend() },
    prepare(pictures) {
      batch = pictures.length;
      values = new Float32Array(batch * SIDE * SIDE * 3);
      const area = SIDE * SIDE;
      pictures.forEach((picture, image) => {
        const planes = normalized(picture);
        for (let i = 0; i < 3 * area; i++) {
          values[(image * area + (i % area)) * 3 + Math.floor(i / area)] =
            planes[i];
        }
      });
    },
    async embed() {
      const input = tf.tensor4d(values, [batch, SIDE, SIDE, 3]);
      const embedding = network(input);
      const result = await embedding.data();
      tf.dispose([input, embedding]);
      return result;
    },
  };
}
