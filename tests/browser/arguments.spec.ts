/** What only a browser can get wrong: buffers and bitmaps that are gone, and classifiers that are. */
import { photos } from "./support/inputs.js";
import { add, create, expect, test, urlsOf } from "./support/test.js";

test("images without pixels are told, and the others are added", async ({
  packagePage,
}) => {
  await create(packagePage);
  const result = await packagePage.evaluate(
    async (urls) => {
      const [file] = await window.files(urls);
      const closed = await createImageBitmap(file!);
      closed.close();
      const gone = new ImageData(32, 32);
      structuredClone(gone.data.buffer, { transfer: [gone.data.buffer] });
      const canvas = document.createElement("canvas");
      canvas.width = 0;
      const added = await window.classifier.add(
        [closed, gone, canvas, new Image(), file!],
        { label: "checks" },
      );
      const failure = (image: ImageBitmap | ImageData) =>
        window.failure(window.classifier.embed([image]));
      return {
        added,
        failures: [await failure(closed), await failure(gone)],
        classes: window.classifier.classes,
      };
    },
    urlsOf(photos("train", "checks", 1)),
  );
  expect(result.added.added).toBe(1);
  expect(result.added.rejected.map(({ name, code }) => [name, code])).toEqual(
    [1, 2, 3, 4].map((position) => [`image ${position}`, "IMAGE_UNDECODABLE"]),
  );
  for (const failure of result.failures)
    expect(failure).toMatchObject({ code: "IMAGE_UNDECODABLE", own: true });
  expect(result.classes).toEqual([
    { label: "checks", auto: 1, train: 0, test: 0 },
  ]);
});

test("a detached buffer of weights is refused before anything starts", async ({
  packagePage,
}) => {
  const failure = await packagePage.evaluate(async () => {
    const weights = new ArrayBuffer(8);
    structuredClone(weights, { transfer: [weights] });
    return window.failure(window.headstart.Classifier.create({ weights }));
  });
  expect(failure).toMatchObject({ code: "INVALID_ARGUMENT", own: true });
  expect(failure!.message).toContain("detached");
  expect(packagePage.workers()).toHaveLength(0);
});

test("a classifier that was disposed of rejects every call, and others go on", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 1));
  const codes = await packagePage.evaluate(async () => {
    const other = await window.headstart.Classifier.create({
      weights: "/weights",
      backend: "cpu",
    });
    const { classifier } = window;
    classifier.dispose();
    classifier.dispose();
    const calls = [
      classifier.add([], { label: "checks" }),
      classifier.train().next(),
      classifier.evaluate(),
      classifier.predict([]),
      classifier.embed([]),
      classifier.export("project"),
      classifier.rename("checks", "rings"),
      classifier.remove({ label: "checks" }),
      classifier.stats(),
    ];
    const failures = await Promise.all(calls.map(window.failure));
    const { images } = await other.stats();
    other.dispose();
    return [...failures.map((failure) => failure?.code), images];
  });
  expect(codes).toEqual([...Array<string>(9).fill("DISPOSED"), 0]);
  await expect.poll(() => packagePage.workers().length).toBe(0);
});

test("the browser's abilities are told", async ({ packagePage }) => {
  const support = await packagePage.evaluate(() =>
    window.headstart.Classifier.support(),
  );
  expect(support).toMatchObject({
    supported: true,
    missing: [],
    // The tests' browser computes WebGPU in software.
    backend: { kind: "cpu" },
  });
  for (const [name, { available, reason }] of Object.entries(
    support.features,
  )) {
    expect(available, name).toBe(true);
    expect(reason).toMatch(/\.$/);
  }
});
