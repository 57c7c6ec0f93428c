/** Fits a head on synthetic embeddings with the CPU's module, and says how long each phase took. */

const FEATURES = 512;

onmessage = async ({ data }) => {
  try {
    postMessage({ result: await measure(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

async function measure({ images, classes, repeats }) {
  const module = await import("/cpu/headstart.js");
  await module.default({ module_or_path: "/cpu/headstart_bg.wasm" });
  const response = await fetch("/weights/resnet18-int8.safetensors");
  const weights = new Uint8Array(await response.arrayBuffer());
  const session = (await module.Backbone.load(weights)).session("centre");
  const random = generator(1);
  const base = Array.from({ length: FEATURES }, () => 2 * random() ** 2);
  const centres = Array.from({ length: classes }, () =>
    base.map((feature) => feature + 0.15 * random()),
  );
  for (let image = 0; image < images; image++) {
    const label = image % classes;
    // Much more noise than difference: about one image in ten is taken for another class's.
    const embedding = Float32Array.from(centres[label], (feature) =>
      Math.max(0, feature + random() + random() - 1),
    );
    const name = `image ${image}`;
    session.addSample(name, name, `class ${label}`, "train", embedding);
  }
  const runs = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    runs.push(await fit(session));
  }
  return runs;
}

async function fit(session) {
  const start = performance.now();
  const phases = {};
  let last = start;
  let final;
  session.startTraining({});
  for (;;) {
    const step = await session.trainEpoch();
    const now = performance.now();
    const phase = step?.phase ?? "finishing";
    phases[phase] = (phases[phase] ?? 0) + now - last;
    last = now;
    if (!step) return { total: now - start, phases, ...final };
    final = { l2: step.l2, trainAccuracy: step.trainAccuracy };
  }
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
