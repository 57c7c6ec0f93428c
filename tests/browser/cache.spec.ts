/** What is kept in the browser's storage: embeddings and weights, until they are cleared. */
import { photos, weightsBytes } from "./support/inputs.js";
import { add, create, expect, test, urlsOf } from "./support/test.js";

const checks = photos("train", "checks", 4);
const rings = photos("train", "rings", 4);

test("the same photos are computed once, also for another classifier and after a reload", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", checks);
  const stats = () => packagePage.evaluate(() => window.classifier.stats());
  const embedded = () =>
    packagePage.evaluate(async () => {
      const project = await window.classifier.export("project");
      return [...new Uint8Array(await project.arrayBuffer())].length;
    });
  expect(await stats()).toMatchObject({ images: 4, cached: 0 });
  const size = await embedded();

  await packagePage.reload();
  await expect(packagePage.locator("html")).toHaveAttribute(
    "data-ready",
    "true",
  );
  await create(packagePage);
  await add(packagePage, "checks", checks);
  expect(await stats()).toMatchObject({ images: 4, cached: 4 });
  expect(await embedded()).toBe(size);
  await add(packagePage, "rings", rings);
  expect(await stats()).toMatchObject({ images: 8, cached: 4 });
});

test("an embedding from the cache is the one that would be computed", async ({
  packagePage,
}) => {
  const losses = await packagePage.evaluate(
    async (classes) => {
      const { Classifier } = window.headstart;
      const losses: { cached: number; loss: number }[] = [];
      for (const cache of [true, true, false]) {
        const classifier = await Classifier.create({
          weights: "/weights",
          backend: "cpu",
          cache,
        });
        for (const [label, urls] of classes)
          await classifier.add(await window.files(urls), { label });
        const steps = await window.steps(classifier.train({ l2: 0.1 }));
        const { cached } = await classifier.stats();
        losses.push({ cached, loss: steps.at(-1)!.loss });
        classifier.dispose();
      }
      return losses;
    },
    [
      ["checks", urlsOf(checks)],
      ["rings", urlsOf(rings)],
    ] as const,
  );
  expect(losses.map(({ cached }) => cached)).toEqual([0, 8, 0]);
  expect(losses[1]!.loss).toBe(losses[0]!.loss);
  expect(losses[2]!.loss).toBe(losses[0]!.loss);
});

for (const [what, views, features] of [
  ["views", "flip", "all"],
  ["features", "centre", "last"],
] as const) {
  test(`other ${what} are computed again`, async ({ packagePage }) => {
    await create(packagePage, "cpu", "centre");
    await add(packagePage, "checks", checks);
    await packagePage.evaluate(() => window.classifier.dispose());
    await create(packagePage, "cpu", views, features);
    await add(packagePage, "checks", checks);
    const stats = await packagePage.evaluate(() => window.classifier.stats());
    expect(stats).toMatchObject({ images: 4, cached: 0 });
  });
}

test("weights are downloaded once, as long as the server's file is the same", async ({
  packagePage,
  site,
}) => {
  const weights = weightsBytes();
  const served: string[] = [];
  let version = '"1"';
  let reachable = true;
  const address = site.put("/own/kept", ({ method, socket }, response) => {
    if (!reachable) return socket.destroy();
    served.push(method!);
    response.writeHead(200, {
      etag: version,
      "content-length": weights.length,
      "cache-control": "no-store",
    });
    response.end(method === "HEAD" ? undefined : weights);
  });
  const start = () =>
    packagePage.evaluate(async (weights) => {
      const { Classifier } = window.headstart;
      const classifier = await Classifier.create({ weights, backend: "cpu" });
      classifier.dispose();
      return classifier.backend.kind;
    }, address);
  await start();
  await start();
  expect(served).toEqual(["GET", "HEAD"]);
  version = '"2"';
  await start();
  expect(served).toEqual(["GET", "HEAD", "HEAD", "GET"]);
  reachable = false;
  expect(await start()).toBe("cpu");
});

test("clearing removes both, from storage and for classifiers at work", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", checks);
  const left = await packagePage.evaluate(async () => {
    await window.headstart.Classifier.clearCache();
    return { caches: await caches.keys(), classes: window.classifier.classes };
  });
  expect(left.caches).toEqual([]);
  expect(left.classes).toMatchObject([{ label: "checks", auto: 4 }]);
  await packagePage.evaluate(() => window.classifier.dispose());
  await create(packagePage);
  await add(packagePage, "checks", checks);
  const stats = await packagePage.evaluate(() => window.classifier.stats());
  expect(stats).toMatchObject({ images: 4, cached: 0 });
});

test("without room in storage, photos are added all the same, and a warning says so", async ({
  packagePage,
}) => {
  await packagePage.evaluate(() => {
    // Workers see the same storage; a database that cannot be opened stands for a full or forbidden one.
    const open = indexedDB.open("headstart", 99);
    return new Promise((resolve) => {
      open.onsuccess = () => {
        open.result.close();
        resolve(undefined);
      };
    });
  });
  const result = await packagePage.evaluate(async (urls) => {
    const warnings: string[] = [];
    const silent = () => undefined;
    const logger = {
      debug: silent,
      info: silent,
      warn: (message: string) => warnings.push(message),
      error: silent,
    };
    const options = { weights: "/weights", backend: "cpu" as const, logger };
    const { Classifier } = window.headstart;
    const first = await Classifier.create(options);
    const files = await window.files(urls);
    const { added } = await first.add(files, { label: "checks" });
    const second = await Classifier.create(options);
    await second.add(files, { label: "checks" });
    return { added, warnings, stats: await second.stats() };
  }, urlsOf(checks));
  expect(result.added).toBe(4);
  // In memory they are found again.
  expect(result.stats).toMatchObject({ images: 4, cached: 4 });
  expect(result.warnings).toHaveLength(2);
  expect(result.warnings[0]).toMatch(/cannot be stored.*in memory/);
});
