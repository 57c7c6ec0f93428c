/** A folder of photos through TensorFlow.js, as a small application does it: embed, fit a dense head, measure it. */
import * as tf from "@tensorflow/tfjs-core";
// Without it operations have no gradients in this build.
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { EMBEDDING, SIDE } from "../model/network.mjs";
import { MEAN, STD } from "../model/pictures.mjs";
import { loadNetwork } from "./tensorflow.js";

const BATCH = 8;
const RESIZED = 256;
const EPOCHS = 20;
const STEP = 32;
const LEARNING_RATE = 0.01;

/** On the backend that is set. */
export async function openFolder(facts) {
  const network = await loadNetwork();
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";

  /** `[1, 224, 224, 3]` */
  async function read(file) {
    const bitmap = await createImageBitmap(file);
    const scale = RESIZED / Math.min(bitmap.width, bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.drawImage(
      bitmap,
      (SIDE - width) / 2,
      (SIDE - height) / 2,
      width,
      height,
    );
    bitmap.close();
    const pixels = context.getImageData(0, 0, SIDE, SIDE);
    return tf.tidy(() => {
      const image = tf.div(
        tf.cast(tf.browser.fromPixels(pixels), "float32"),
        255,
      );
      return tf.expandDims(tf.div(tf.sub(image, MEAN), STD));
    });
  }

  /** `[photos, 512]` */
  async function embedAll(photos) {
    const parts = [];
    for (let first = 0; first < photos.length; first += BATCH) {
      const images = [];
      for (const { file } of photos.slice(first, first + BATCH)) {
        images.push(await read(file));
      }
      const part = tf.tidy(() => network(tf.concat(images)));
      tf.dispose(images);
      // So that the device keeps up with what is decoded.
      await part.data();
      parts.push(part);
    }
    const all = tf.concat(parts);
    tf.dispose(parts);
    return all;
  }

  return {
    facts,
    /** `photos` are `{ file, label, split }`. */
    async run(photos) {
      const start = performance.now();
      const embeddings = await embedAll(photos);
      const embedded = performance.now();
      const names = [...new Set(photos.map(({ label }) => label))];
      const side = (split) => {
        const own = photos.flatMap((photo, i) =>
          photo.split === split ? [i] : [],
        );
        const labels = own.map((i) => names.indexOf(photos[i].label));
        return { x: tf.gather(embeddings, own), labels };
      };
      const head = await fit(side("train"), names.length);
      const fitted = performance.now();
      const { x, labels } = side("test");
      const predicted = await tf.argMax(head(x), 1).data();
      const right = labels.filter((label, i) => label === predicted[i]).length;
      const end = performance.now();
      tf.dispose([embeddings, x]);
      return {
        add: embedded - start,
        train: fitted - embedded,
        evaluate: end - fitted,
        accuracy: right / labels.length,
      };
    },
  };
}

/** Softmax regression by Adam. */
async function fit({ x, labels }, classes) {
  const weight = tf.variable(tf.zeros([EMBEDDING, classes]));
  const bias = tf.variable(tf.zeros([classes]));
  const head = (input) => tf.add(tf.matMul(input, weight), bias);
  const optimizer = tf.train.adam(LEARNING_RATE);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const order = tf.util.createShuffledIndices(labels.length);
    for (let first = 0; first < order.length; first += STEP) {
      const own = [...order.slice(first, first + STEP)];
      tf.tidy(() => {
        const input = tf.gather(x, own);
        const wanted = tf.oneHot(
          own.map((i) => labels[i]),
          classes,
        );
        optimizer.minimize(() =>
          tf.losses.softmaxCrossEntropy(wanted, head(input)),
        );
      });
    }
    await bias.data();
  }
  x.dispose();
  optimizer.dispose();
  return head;
}
