/** What the benchmark of fine-tuning does in the page. */
import { Classifier } from "/package/index.js";
import { generator } from "/random.js";

const WEIGHTS = "/weights/resnet18-int8.safetensors";
const VIEW_BYTES = 256 * 14 * 14 * 2;

async function toFile({ name, bytes }) {
  const response = await fetch(`data:image/jpeg;base64,${bytes}`);
  return new File([await response.blob()], name);
}

/** A picture of boxes in random places and colours, those of the second class with a ring around each. */
async function draw(number, second) {
  const canvas = new OffscreenCanvas(240, 240);
  const context = canvas.getContext("2d");
  const next = generator(2 * number + (second ? 1 : 0) + 1);
  const colour = () => `hsl(${360 * next()} 70% ${20 + 60 * next()}%)`;
  context.fillStyle = colour();
  context.fillRect(0, 0, 240, 240);
  for (let box = 0; box < 12; box++) {
    const [x, y, side] = [200 * next(), 200 * next(), 20 + 60 * next()];
    context.fillStyle = colour();
    context.fillRect(x, y, side, side);
    if (!second) continue;
    context.strokeStyle = colour();
    context.strokeRect(x - 3, y - 3, side + 6, side + 6);
  }
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], `${second ? "second" : "first"}-${number}.png`);
}

async function classesOf(photos, drawn) {
  const classes = { first: [], second: [] };
  for (let number = 0; number < drawn / 2; number++) {
    classes.first.push(await draw(number, false));
    classes.second.push(await draw(number, true));
  }
  if (drawn > 0) return classes;
  const files = await Promise.all(photos.map(toFile));
  const of = (label) => files.filter((_, i) => photos[i].label === label);
  return { ants: of("ants"), bees: of("bees") };
}

async function finetune(photos, drawn) {
  const classifier = await Classifier.create({
    ...{ weights: WEIGHTS, backend: "cpu", cache: false },
    logger: console,
  });
  let count = 0;
  for (const [label, files] of Object.entries(await classesOf(photos, drawn))) {
    const { added } = await classifier.add(files, { label });
    count += added;
  }
  const memory = async () => (await classifier.stats()).memory.wasm;
  const before = await memory();
  let [most, last] = [before, performance.now()];
  const steps = [];
  const seconds = {};
  const options = drawn > 0 ? { epochs: 1 } : {};
  for await (const { phase } of classifier.train({
    method: "finetune",
    ...options,
  })) {
    const part = ["views", "finetune"].includes(phase) ? phase : "head";
    const now = performance.now();
    seconds[part] = (seconds[part] ?? 0) + (now - last) / 1000;
    if (phase === "finetune") steps.push(now - last);
    if (phase === "views" || steps.length % 10 === 1)
      most = Math.max(most, await memory());
    last = performance.now();
  }
  const { finetune } = await classifier.evaluate();
  const result = {
    ...{ seconds, finetune },
    // Most steps learn from 16 images; those of judging are shorter.
    step: steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)],
    memory: { before, most, after: await memory() },
    // A training image in four views, a test image in one; a fifth are for the test.
    views: count * (0.8 * 4 + 0.2) * VIEW_BYTES,
  };
  classifier.dispose();
  return result;
}

Object.assign(window, { finetune });
