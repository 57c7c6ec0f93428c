/** Adds synthetic records with the CPU's module, and trains, evaluates and saves. */

onmessage = async ({ data }) => {
  try {
    postMessage({ result: await measure(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

async function measure({ images, classes }) {
  const module = await import("/cpu/headstart.js");
  await module.default({ module_or_path: "/cpu/headstart_bg.wasm" });
  const response = await fetch("/weights/resnet18-int8.safetensors");
  const weights = new Uint8Array(await response.arrayBuffer());
  const backbone = await module.Backbone.load(weights);
  const session = backbone.session("centre", "all");
  const times = {};
  let last = performance.now();
  const lap = (name) => {
    const now = performance.now();
    times[name] = now - last;
    last = now;
  };
  const records = await recordMaker(backbone, session, classes);
  lap("drawing");
  let drawing = 0;
  for (let image = 0; image < images; image++) {
    const start = performance.now();
    const record = records(image % classes);
    drawing += performance.now() - start;
    const name = `image ${image}`;
    const label = `class ${image % classes}`;
    const described = { name, hash: name, label, split: "auto" };
    session.addSample({ ...described, group: null, taken: null }, record);
  }
  lap("adding");
  times.adding -= drawing;
  const phases = {};
  let longest = 0;
  let from = last;
  session.startTraining({});
  for (;;) {
    const step = await session.trainEpoch();
    const now = performance.now();
    longest = Math.max(longest, now - from);
    const phase = step?.phase ?? "finishing";
    phases[phase] = (phases[phase] ?? 0) + now - from;
    from = now;
    if (!step) break;
  }
  lap("training");
  const report = await session.evaluate();
  lap("evaluating");
  await session.exportProject();
  lap("saving");
  const { l2, converged } = report.head;
  const memory = backbone.memory().wasm;
  const { accuracy } = report;
  session.free();
  return {
    ...{ images, classes, times, phases, longest },
    ...{ memory, l2, converged, accuracy },
  };
}

/**
 * What is kept of an image of noise, with another embedding: of a class, with much more noise than difference.
 * The embedding comes last in a record, and the rest is of the picture.
 */
async function recordMaker(backbone, session, classes) {
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
  const base = Array.from({ length: features }, () => 2 * random() ** 2);
  const centres = Array.from({ length: classes }, () =>
    base.map((feature) => feature + 0.15 * random()),
  );
  return (label) => {
    const record = template.slice();
    for (let i = 0; i < first; i++) record[i] = 256 * random();
    const values = new DataView(record.buffer, first);
    centres[label].forEach((feature, i) => {
      const value = Math.max(0, feature + random() + random() - 1);
      values.setFloat32(4 * i, value, true);
    });
    return record;
  };
}

/** Numbers in [0, 1), the same for the same seed (Marsaglia 2003, "Xorshift RNGs", 32 bits). */
function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
