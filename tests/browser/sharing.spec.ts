/** Several classifiers in one page: one worker, one copy of the weights, and memory that is given back. */
import { photos } from "./support/inputs.js";
import { expect, test, urlsOf } from "./support/test.js";
import { distance } from "./support/vectors.js";

const MEGABYTE = 1024 * 1024;

test("classifiers share a worker, a download and a backbone, and keep their images apart", async ({
  packagePage,
}) => {
  const requests: string[] = [];
  packagePage
    .context()
    .on("request", (request) => requests.push(new URL(request.url()).pathname));
  const result = await packagePage.evaluate(
    async ([check, ring]) => {
      const { Classifier } = window.headstart;
      const options = {
        weights: "/weights",
        backend: "cpu" as const,
      };
      const first = await Classifier.create(options);
      await first.embed([await window.file(check!)]);
      const alone = (await first.stats()).memory.wasm;
      const [second, third] = await Promise.all([
        Classifier.create({ ...options, views: "flip" }),
        Classifier.create(options),
      ]);
      await first.add([await window.file(check!)], { label: "checks" });
      await third.add([await window.file(ring!)], { label: "rings" });
      const together = (await second.stats()).memory.wasm;
      const classes = [first, second, third].map((each) => each.classes);
      first.dispose();
      const [embedding] = await third.embed([await window.file(ring!)]);
      const length = embedding.length;
      return { alone, together, classes, length };
    },
    urlsOf([...photos("train", "checks", 1), ...photos("train", "rings", 1)]),
  );
  expect(requests.filter((path) => path === "/weights")).toHaveLength(1);
  expect(requests.filter((path) => path.endsWith(".wasm"))).toHaveLength(1);
  expect(packagePage.workers()).toHaveLength(1);
  expect(result.classes).toMatchObject([
    [{ label: "checks", auto: 1 }],
    [],
    [{ label: "rings", auto: 1 }],
  ]);
  expect(result.length).toBe(960);
  console.log(
    `sharing: ${result.alone / MEGABYTE} MiB of WebAssembly memory with one classifier, ${result.together / MEGABYTE} MiB with three`,
  );
  expect(result.together).toBeLessThan(result.alone * 1.05);
});

test("ten cycles of create, add, train and dispose leave memory where it was after the second", async ({
  packagePage,
}) => {
  const checks = photos("train", "checks", 4);
  const rings = photos("train", "rings", 4);
  const cycles = await packagePage.evaluate(
    async ({ checks, rings }) => {
      const { Classifier } = window.headstart;
      const options = {
        weights: "/weights",
        backend: "cpu" as const,
        cache: false,
      };
      // It keeps the worker, whose memory would otherwise end with each cycle.
      const keeper = await Classifier.create(options);
      const cycles: number[] = [];
      for (let cycle = 0; cycle < 10; cycle++) {
        const classifier = await Classifier.create(options);
        await classifier.add(await window.files(checks), { label: "checks" });
        await classifier.add(await window.files(rings), { label: "rings" });
        await window.steps(classifier.train());
        classifier.dispose();
        cycles.push((await keeper.stats()).memory.wasm);
      }
      keeper.dispose();
      return cycles;
    },
    { checks: urlsOf(checks), rings: urlsOf(rings) },
  );
  console.log(
    `memory: MiB of WebAssembly memory after each cycle: ${cycles.map((bytes) => bytes / MEGABYTE).join(", ")}`,
  );
  expect(cycles).toHaveLength(10);
  expect(cycles.at(-1)!).toBeLessThan(cycles[1]! * 1.05);
  await expect.poll(() => packagePage.workers().length).toBe(0);
});

test("several workers share a batch, give what one gives, and ask for nothing once they are there", async ({
  packagePage,
}) => {
  const urls = urlsOf(photos("train", "checks", 7));
  const single = await packagePage.evaluate(async (urls) => {
    const options = { weights: "/weights", backend: "cpu" as const };
    const { Classifier } = window.headstart;
    const classifier = await Classifier.create(options);
    const images = await window.files(urls);
    const embeddings = await window.embed(classifier, images);
    classifier.dispose();
    return embeddings;
  }, urls);
  const requests: string[] = [];
  await packagePage.evaluate(async (urls) => {
    const options = { weights: "/weights", backend: "cpu" as const };
    const { Classifier } = window.headstart;
    window.classifier = await Classifier.create({ ...options, threads: 3 });
    window.images = await window.files(urls);
  }, urls);
  packagePage
    .context()
    .on("request", (request) => requests.push(request.url()));
  await expect
    .poll(() =>
      packagePage.evaluate(
        async () => (await window.classifier.stats()).threads,
      ),
    )
    .toBe(3);
  const shared = await packagePage.evaluate(() =>
    window.embed(window.classifier, window.images),
  );
  expect(requests).toEqual([]);
  expect(shared).toHaveLength(7);
  const errors = shared.map((embedding, i) => distance(embedding, single[i]!));
  console.log(
    `threads: embeddings of three workers are at most ${Math.max(...errors).toExponential(1)} from those of one`,
  );
  expect(Math.max(...errors)).toBeLessThan(1e-6);
  await packagePage.evaluate(() => window.classifier.dispose());
});
