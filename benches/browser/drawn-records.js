/** Records as the module keeps them of images, with embeddings and fingerprints that are drawn. */
import { generator } from "./random.js";

/** The CPU's module with the weights, and an empty session. */
export async function openSession() {
  const module = await import("/cpu/headstart.js");
  await module.default({ module_or_path: "/cpu/headstart_bg.wasm" });
  const response = await fetch("/weights/resnet18-int8.safetensors");
  const weights = new Uint8Array(await response.arrayBuffer());
  const backbone = await module.Backbone.load(weights);
  return { backbone, session: backbone.session("centre", "all") };
}

/** How many bytes of a fingerprint are of its coarse picture, which varies less. */
const COARSE = 259;

const signed = (random, most) => Math.round((2 * random() - 1) * most);
const bytes = (length, value) => Int8Array.from({ length }, value);

const FINGERPRINTS = {
  random: (random, length) => () =>
    new Uint8Array(bytes(length, () => signed(random, 60)).buffer),
  alike(random, length) {
    const one = bytes(length, () => signed(random, 60));
    const value = (_, i) => {
      const noise = signed(random, 45);
      return one[i] / 2 + (i < COARSE ? noise / 9 : noise);
    };
    return () => new Uint8Array(bytes(length, value).buffer);
  },
  same(random, length) {
    const one = FINGERPRINTS.random(random, length)();
    return () => one;
  },
};

/**
 * What is kept of an image of noise, with another embedding: of a class, with much more noise than difference.
 * As with photos', half of its variance lies in few directions: an optimizer feels that.
 * The embedding comes last in a record, and the rest is its fingerprint: of `pictures` that have nothing in common,
 * that are alike but no copies, or that are the same one.
 */
export async function drawnRecords(
  backbone,
  session,
  classes,
  pictures = "random",
) {
  const random = generator(1);
  const crop = () => {
    const side = 224;
    const pixels = new Uint8ClampedArray(4 * side * side);
    for (let i = 0; i < pixels.length; i++) pixels[i] = 256 * random();
    return new ImageData(pixels, side, side);
  };
  session.stage("noise", crop());
  const crops = session.takeStaged();
  const { embeddings } = await backbone.run(crops.bytes(), false);
  const template = crops.records(embeddings);
  const features = crops.embeddings(embeddings).length;
  crops.free();
  const first = template.length - 4 * features;
  const fingerprint = FINGERPRINTS[pictures](random, first);
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const drawn = (length, scale) =>
    Float32Array.from({ length }, () => scale * normal());
  const centres = Array.from({ length: classes }, () => drawn(features, 0.1));
  const ranks = Array.from({ length: 50 }, (_, rank) => 1 / (rank + 1));
  const sum = ranks.reduce((a, b) => a + b);
  const directions = ranks.map((rank) =>
    drawn(features, Math.sqrt((0.5 * rank) / sum)),
  );
  return (label) => {
    const record = template.slice();
    record.set(fingerprint());
    const embedding = centres[label].map((value) => 3 + value + 0.7 * normal());
    for (const direction of directions) {
      const size = normal();
      for (let i = 0; i < features; i++) embedding[i] += size * direction[i];
    }
    const values = new DataView(record.buffer, first);
    embedding.forEach((value, i) => {
      values.setFloat32(4 * i, value, true);
    });
    return record;
  };
}

/**
 * Adds images of each class in turn, and says how many milliseconds that took, drawing not counted.
 */
export function addDrawn(session, records, images, classes) {
  let milliseconds = 0;
  for (let image = 0; image < images; image++) {
    const record = records(image % classes);
    const name = `image ${image}`;
    const label = `class ${image % classes}`;
    const described = { name, hash: name, label, split: "auto" };
    const start = performance.now();
    session.addSample({ ...described, group: null, taken: null }, record);
    milliseconds += performance.now() - start;
  }
  return milliseconds;
}
