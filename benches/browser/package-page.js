/** What the package's benchmark does in the page. */
import { Classifier } from "/package/index.js";

const WEIGHTS = "/weights/resnet18-int8.safetensors";

/** From base64, outside of what is measured. */
async function toFile({ name, bytes }) {
  const response = await fetch(`data:image/jpeg;base64,${bytes}`);
  return new File([await response.blob()], name);
}

const toFiles = (photos) => Promise.all(photos.map(toFile));

/** Adds photos to a new classifier: how long it took, and the tasks over 50 ms on this thread meanwhile. */
async function addAll(photos) {
  const files = await toFiles(photos);
  const classifier = await Classifier.create({
    weights: WEIGHTS,
    backend: "cpu",
  });
  const long = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) long.push(duration);
  });
  observer.observe({ type: "longtask" });
  const start = performance.now();
  for (const label of ["ants", "bees"]) {
    const own = files.filter((_, i) => photos[i].label === label);
    const { added } = await classifier.add(own, { label });
    if (added !== own.length) throw new Error(`${added} of ${own.length}`);
  }
  const milliseconds = performance.now() - start;
  for (const { duration } of observer.takeRecords()) long.push(duration);
  observer.disconnect();
  const { cached } = await classifier.stats();
  classifier.dispose();
  return { milliseconds, cached, long };
}

/** Memory in bytes after each cycle of create, add, train and dispose, in a worker that stays. */
async function cycles(photos, backend, count) {
  const files = await toFiles(photos);
  const options = { weights: WEIGHTS, backend, threads: 1, cache: false };
  const keeper = await Classifier.create(options);
  const memory = [];
  for (let cycle = 0; cycle < count; cycle++) {
    const classifier = await Classifier.create(options);
    for (const label of ["ants", "bees"]) {
      const own = files.filter((_, i) => photos[i].label === label);
      await classifier.add(own, { label });
    }
    // One penalty and no choice between several: the same buffers, in less time.
    for await (const step of classifier.train({ l2: 0.1 })) void step;
    classifier.dispose();
    memory.push((await keeper.stats()).memory);
  }
  keeper.dispose();
  return memory;
}

/**
 * Memory in bytes after as many images as `marks` says, embedded or added. Copies of the photos, which differ by a
 * number after their end.
 */
async function growth(photos, what, marks) {
  const files = await toFiles(photos);
  const options = { weights: WEIGHTS, backend: "cpu", cache: false };
  const classifier = await Classifier.create(options);
  const copy = (i) => new File([files[i % files.length], `${i}`], `${i}.jpg`);
  const memory = [];
  let done = 0;
  for (const mark of marks) {
    while (done < mark) {
      const count = Math.min(100, mark - done);
      const images = Array.from({ length: count }, (_, i) => copy(done + i));
      if (what === "add") await classifier.add(images, { label: "all" });
      else await classifier.embed(images);
      done += count;
    }
    memory.push((await classifier.stats()).memory.wasm);
  }
  classifier.dispose();
  return memory;
}

Object.assign(window, {
  ...{ addAll, cycles, growth },
  clear: () => Classifier.clearCache(),
});
