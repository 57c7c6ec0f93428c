/** Cancelling: a download, the start, embedding and training. What was finished before stays. */
import { photos, weightsBytes } from "./support/inputs.js";
import { add, create, expect, test, urlsOf } from "./support/test.js";

test("a download stops, on the wire too, and leaves no worker", async ({
  packagePage,
  site,
}) => {
  const weights = weightsBytes();
  let closed = false;
  site.put("/own/slow", (request, response) => {
    response.writeHead(200, { "content-length": weights.length });
    response.write(weights.subarray(0, 1_000_000));
    request.on("close", () => (closed = true));
  });
  const { failure, loaded } = await packagePage.evaluate(async () => {
    const abort = new AbortController();
    let loaded = 0;
    const failure = await window.failure(
      window.headstart.Classifier.create({
        weights: "/own/slow",
        backend: "cpu",
        signal: abort.signal,
        onProgress: (progress) => {
          if (progress.stage !== "weights" || progress.loaded === 0) return;
          loaded = progress.loaded;
          abort.abort();
        },
      }),
    );
    return { failure, loaded };
  });
  expect(failure).toMatchObject({ code: "CANCELLED", own: true });
  expect(loaded).toBeGreaterThan(0);
  await expect.poll(() => packagePage.workers().length).toBe(0);
  await expect.poll(() => closed).toBe(true);
});

test("a start stops while the code loads, and leaves no worker", async ({
  packagePage,
}) => {
  const failure = await packagePage.evaluate(() => {
    const abort = new AbortController();
    return window.failure(
      window.headstart.Classifier.create({
        weights: "/weights",
        backend: "cpu",
        signal: abort.signal,
        onProgress: ({ stage }) => {
          if (stage === "code") abort.abort();
        },
      }),
    );
  });
  expect(failure).toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => packagePage.workers().length).toBe(0);
});

test("embedding stops, and the images that were finished stay", async ({
  packagePage,
}) => {
  await create(packagePage);
  const urls = urlsOf(photos("train", "checks", 12));
  const result = await packagePage.evaluate(async (urls) => {
    const { classifier } = window;
    const files = await window.files(urls);
    const abort = new AbortController();
    let finished = 0;
    const failure = await window.failure(
      classifier.add(files, {
        label: "checks",
        signal: abort.signal,
        onProgress: ({ loaded }) => {
          finished = loaded;
          abort.abort();
        },
      }),
    );
    const kept = classifier.classes;
    const rest = await classifier.add(files, { label: "checks" });
    return {
      failure,
      finished,
      kept,
      rest,
      classes: classifier.classes,
    };
  }, urls);
  expect(result.failure).toMatchObject({ code: "CANCELLED", own: true });
  expect(result.finished).toBeLessThan(12);
  expect(result.kept).toEqual([
    { label: "checks", auto: result.finished, train: 0, test: 0 },
  ]);
  expect(result.rest.duplicates).toHaveLength(result.finished);
  expect(result.rest.added).toBe(12 - result.finished);
  expect(result.classes).toMatchObject([{ auto: 12 }]);
});

test("embedding stops in the middle of a batch, whose images are not counted", async ({
  packagePage,
}) => {
  await create(packagePage);
  const urls = urlsOf(photos("train", "checks", 4));
  const result = await packagePage.evaluate(async (urls) => {
    const { classifier } = window;
    const abort = new AbortController();
    const files = await window.files(urls);
    let aborted = 0;
    setTimeout(() => {
      aborted = performance.now();
      abort.abort();
    }, 100);
    const failure = await window.failure(
      classifier.add(files, { label: "checks", signal: abort.signal }),
    );
    const waited = performance.now() - aborted;
    return { failure, waited, classes: classifier.classes };
  }, urls);
  console.log(
    `cancel: embedding stopped ${result.waited.toFixed(0)} ms after the abort`,
  );
  expect(result.failure).toMatchObject({ code: "CANCELLED" });
  expect(result.classes).toEqual([]);
});

test("training stops, or is left, and the head from before stays", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 4));
  await add(packagePage, "rings", photos("train", "rings", 4));
  const result = await packagePage.evaluate(
    async (urls) => {
      const { classifier } = window;
      const [photo] = await window.files(urls);
      const predict = async () =>
        (await classifier.predict([photo!]))[0].probability;
      await window.steps(classifier.train());
      const before = await predict();

      const abort = new AbortController();
      const aborted = async () => {
        const run = classifier.train({
          method: "adam",
          seed: 5,
          learningRate: 0.1,
          signal: abort.signal,
        });
        for await (const { epoch } of run) if (epoch === 3) abort.abort();
      };
      const failure = await window.failure(aborted());
      const afterAbort = await predict();

      for await (const { epoch } of classifier.train({
        method: "adam",
        seed: 6,
        learningRate: 0.1,
      })) {
        if (epoch === 2) break;
      }
      const afterBreak = await predict();
      const stopped = AbortSignal.abort();
      const atOnce = await window.failure(
        window.steps(classifier.train({ signal: stopped })),
      );

      await window.steps(
        classifier.train({
          method: "adam",
          seed: 7,
          epochs: 5,
          learningRate: 0.1,
        }),
      );
      return {
        before,
        failure,
        afterAbort,
        afterBreak,
        atOnce,
        after: await predict(),
      };
    },
    urlsOf(photos("val", "checks", 1)),
  );
  expect(result.failure).toMatchObject({ code: "CANCELLED", own: true });
  expect(result.atOnce).toMatchObject({ code: "CANCELLED" });
  expect(result.afterAbort).toBe(result.before);
  expect(result.afterBreak).toBe(result.before);
  expect(result.after).not.toBe(result.before);
});
