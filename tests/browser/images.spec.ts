/** Images and sets of images that cannot be used: each is told, and what was there stays as it was. */
import type { Page } from "@playwright/test";
import { photoBytes, photos } from "./support/inputs.js";
import { png, pngHeader } from "./support/images.js";
import { add, create, expect, test, urlsOf } from "./support/test.js";

const grey = () => [128, 128, 128];
const photo = () => photoBytes(photos("train", "rings", 1, 50)[0]!);

const cases: {
  name: string;
  bytes: () => Buffer;
  code: string;
  says: RegExp;
}[] = [
  {
    name: "empty.jpg",
    bytes: () => Buffer.alloc(0),
    code: "IMAGE_EMPTY",
    says: /copy the image again/i,
  },
  {
    name: "truncated.jpg",
    bytes: () => photo().subarray(0, 4000),
    code: "IMAGE_UNDECODABLE",
    says: /JPEG or PNG/,
  },
  {
    name: "beginning.jpg",
    bytes: () => photo().subarray(0, 100),
    code: "IMAGE_UNDECODABLE",
    says: /JPEG or PNG/,
  },
  {
    name: "notes.jpg",
    bytes: () => Buffer.from("These are my notes on checks."),
    code: "IMAGE_UNDECODABLE",
    says: /JPEG or PNG/,
  },
  {
    name: "dot.png",
    bytes: () => png(1, 1, grey),
    code: "IMAGE_TOO_SMALL",
    says: /1x1.*at least 16 pixels/,
  },
  {
    name: "line.png",
    bytes: () => png(20_000, 16, grey),
    code: "IMAGE_TOO_LARGE",
    says: /20000x16.*16384/,
  },
  {
    // Refused by its header: to decode it would take half a gigabyte.
    name: "huge.png",
    bytes: () => pngHeader(12_000, 12_000),
    code: "IMAGE_TOO_LARGE",
    says: /12000x12000.*100 megapixels/,
  },
];

/** A classifier with a head, and what it says of a photo. */
async function trained(page: Page): Promise<void> {
  await create(page);
  await add(page, "checks", photos("train", "checks", 3));
  await add(page, "rings", photos("train", "rings", 3));
  await page.evaluate(() =>
    window.steps(window.classifier.train({ epochs: 5 })),
  );
}

test("unusable images are told with reason and remedy, and the rest goes on", async ({
  packagePage,
  site,
}) => {
  await trained(packagePage);
  for (const { name, bytes } of cases) site.put(`/own/${name}`, bytes());
  const names = cases.map(({ name }) => name);
  const result = await packagePage.evaluate(
    async ({ names, good }) => {
      const { classifier } = window;
      const bad = await window.files(names.map((name) => `/own/${name}`));
      const [known, fresh] = await window.files(good);
      const predict = async () => (await classifier.predict([known!]))[0];
      const before = {
        classes: classifier.classes,
        prediction: await predict(),
      };
      const predictFailures = [];
      for (const file of bad) {
        predictFailures.push(
          await window.failure(classifier.predict([known!, file])),
        );
      }
      const added = await classifier.add(bad, { label: "rings" });
      const after = {
        classes: classifier.classes,
        prediction: await predict(),
      };
      const mixed = await classifier.add([bad[0]!, fresh!, bad[1]!], {
        label: "rings",
      });
      return { before, after, added, mixed, predictFailures };
    },
    { names, good: urlsOf(photos("val", "rings", 2)) },
  );

  expect(result.added).toMatchObject({ added: 0, duplicates: [] });
  expect(result.added.rejected.map(({ name, code }) => [name, code])).toEqual(
    cases.map(({ name, code }) => [name, code]),
  );
  for (const [i, { name, code, says }] of cases.entries()) {
    const { reason } = result.added.rejected[i]!;
    expect(reason).toContain(name);
    expect(reason).toMatch(says);
    const failure = result.predictFailures[i]!;
    expect(failure).toMatchObject({ name: "HeadstartError", code, own: true });
    expect(failure.message).toBe(reason);
  }
  expect(result.after).toEqual(result.before);
  expect(result.mixed.added).toBe(1);
  expect(result.mixed.rejected.map(({ name }) => name)).toEqual(
    names.slice(0, 2),
  );
});

test("what is no image at all is refused by its position", async ({
  packagePage,
}) => {
  await create(packagePage);
  const failures = await packagePage.evaluate(
    async (urls) => {
      const { classifier } = window;
      const [photo] = await window.files(urls);
      const wrong = [[photo, "checks/1.jpg"], photo] as unknown as File[][];
      return Promise.all(
        wrong.map((images) =>
          window.failure(classifier.add(images, { label: "checks" })),
        ),
      );
    },
    urlsOf(photos("train", "checks", 1)),
  );
  expect(failures[0]).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(failures[0]!.message).toMatch(
    /Image 2 is "checks\/1.jpg": pass a File/,
  );
  expect(failures[1]).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(failures[1]!.message).toMatch(/not iterable: pass an array/);
});

test("training says what is missing, and leaves everything as it was", async ({
  packagePage,
}) => {
  await create(packagePage);
  const attempt = () =>
    packagePage.evaluate(async () => {
      const { classifier } = window;
      const before = JSON.stringify(classifier.classes);
      return {
        train: await window.failure(window.steps(classifier.train())),
        evaluate: await window.failure(classifier.evaluate()),
        same: JSON.stringify(classifier.classes) === before,
      };
    });

  const none = await attempt();
  expect(none.train).toMatchObject({ code: "NO_IMAGES", own: true });
  expect(none.train!.message).toContain("Add a few photos of each class");
  expect(none.evaluate).toMatchObject({ code: "NOT_TRAINED", own: true });
  expect(none.evaluate!.message).toContain("Train first");

  await add(packagePage, "checks", photos("train", "checks", 2));
  const one = await attempt();
  expect(one.train).toMatchObject({ code: "TOO_FEW_CLASSES", own: true });
  expect(one.train!.message).toMatch(/"checks".*second class/);
  expect(one.same).toBe(true);

  await add(packagePage, "rings", photos("val", "rings", 1), "test");
  const onlyForTesting = await attempt();
  expect(onlyForTesting.train).toMatchObject({
    code: "TOO_FEW_IMAGES",
    own: true,
  });
  expect(onlyForTesting.train!.message).toMatch(
    /"rings" has no image to train on.*not for testing/,
  );
  expect(onlyForTesting.same).toBe(true);

  // One image of a class is little, but not nothing.
  await add(packagePage, "rings", photos("train", "rings", 1));
  const enough = await attempt();
  expect(enough.train).toBeNull();
  expect(enough.evaluate).toBeNull();
});

test("predicting needs a head, and says so before it computes anything", async ({
  packagePage,
}) => {
  await create(packagePage);
  const result = await packagePage.evaluate(
    async (urls) => {
      let embedded = 0;
      const failure = await window.failure(
        window.classifier.predict(await window.files(urls), {
          onProgress: () => embedded++,
        }),
      );
      return { failure, embedded };
    },
    urlsOf(photos("train", "checks", 1)),
  );
  expect(result.failure).toMatchObject({ code: "NOT_TRAINED", own: true });
  expect(result.embedded).toBe(0);
});

test("options that make no sense are refused by name", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 2));
  await add(packagePage, "rings", photos("train", "rings", 2));
  const wrong: Record<string, number | string>[] = [
    { epochs: 0 },
    { epochs: 1.5 },
    { learningRate: 0.1 },
    { learningRate: -1, method: "sgd" },
    { batchSize: 0, method: "adam" },
    { validation: 0.9, method: "adam" },
    { l2: -1 },
    { method: "lion" },
    { speed: 3 },
  ];
  const result = await packagePage.evaluate(async (wrong) => {
    const failures = [];
    for (const options of wrong) {
      const run = window.classifier.train(options);
      failures.push(await window.failure(window.steps(run)));
    }
    const steps = await window.steps(
      window.classifier.train({ method: "adam", epochs: 1 }),
    );
    return { failures, steps: steps.length };
  }, wrong);
  for (const [i, options] of wrong.entries()) {
    expect(result.failures[i]).toMatchObject({
      code: "INVALID_ARGUMENT",
      own: true,
    });
    const [name, value] = Object.entries(options)[0]!;
    expect(result.failures[i]!.message).toMatch(new RegExp(`${name}|${value}`));
  }
  expect(result.steps).toBe(1);
});
