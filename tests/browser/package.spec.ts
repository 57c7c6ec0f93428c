/** The built package in a plain page, on the CPU: what it does when all is well. */
import { photoBytes, photos } from "./support/inputs.js";
import { png, turnedJpeg } from "./support/images.js";
import { add, create, expect, test, urlOf, urlsOf } from "./support/test.js";
import { distance } from "./support/vectors.js";

test("learns ants and bees, reports on held-out photos, and predicts", async ({
  packagePage,
}) => {
  const created = await packagePage.evaluate(async () => {
    const stages: string[] = [];
    window.classifier = await window.headstart.Classifier.create({
      weights: "/weights",
      backend: "cpu",
      onProgress: ({ stage, loaded, total }) => {
        if (loaded === total) stages.push(stage);
      },
    });
    return {
      stages,
      backend: window.classifier.backend,
      classes: window.classifier.classes,
    };
  });
  expect([...created.stages].sort()).toEqual(["backbone", "code", "weights"]);
  expect(created.backend).toMatchObject({
    kind: "cpu",
    reason: "The CPU was asked for.",
  });
  expect(created.classes).toEqual([]);

  await add(packagePage, "ants", photos("train", "ants", 8));
  await add(packagePage, "bees", photos("train", "bees", 8));
  await add(packagePage, "ants", photos("val", "ants", 3), "test");
  const classes = await add(
    packagePage,
    "bees",
    photos("val", "bees", 3),
    "test",
  );
  expect(classes).toEqual([
    { label: "ants", auto: 8, train: 0, test: 3 },
    { label: "bees", auto: 8, train: 0, test: 3 },
  ]);

  const { steps, report } = await packagePage.evaluate(async () => ({
    steps: await window.steps(window.classifier.train({ l2: 0.1 })),
    report: await window.classifier.evaluate(),
  }));
  expect(steps.map(({ epoch }) => epoch)).toEqual(steps.map((_, i) => i + 1));
  expect(steps.at(-1)).toMatchObject({ phase: "fit", l2: 0.1, epochs: null });
  // A head that knows nothing of two classes has a loss of ln 2.
  expect(steps.at(-1)!.loss).toBeLessThan(Math.LN2 / 2);
  expect(report).toMatchObject({ tested: 6, heldOut: "test folder" });
  expect(report.trained).toBeLessThanOrEqual(16);
  const right = report.predictions.filter(
    ({ label, predicted }) => label === predicted,
  );
  expect(report.accuracy).toBeCloseTo(right.length / 6, 12);
  expect(report.accuracy).toBeGreaterThanOrEqual(4 / 6);
  expect(report.confusion.flat().reduce((sum, count) => sum + count)).toBe(6);

  const unseen = [
    ...photos("val", "ants", 2, 10),
    ...photos("val", "bees", 2, 10),
  ];
  const { predictions, tops } = await packagePage.evaluate(async (urls) => {
    const files = await window.files(urls);
    const [top] = await window.classifier.predict(files.slice(0, 1), {
      top: 1,
    });
    return {
      predictions: await window.classifier.predict(files),
      tops: top!.classes,
    };
  }, urlsOf(unseen));
  expect(tops).toHaveLength(1);
  expect(predictions).toHaveLength(4);
  for (const { label, probability, classes } of predictions) {
    expect(classes[0]).toEqual({ label, probability });
    expect(
      classes.reduce((sum, each) => sum + each.probability, 0),
    ).toBeCloseTo(1, 5);
  }
  console.log(
    `package, CPU: accuracy ${report.accuracy.toFixed(3)} on 6 held-out photos after 16; ` +
      `predictions ${predictions.map(({ label }) => label).join(", ")}`,
  );
});

test("without a test folder, holds out some of the photos", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "ants", photos("train", "ants", 5));
  await add(packagePage, "bees", photos("train", "bees", 5));
  const report = await packagePage.evaluate(async () => {
    await window.steps(window.classifier.train({ epochs: 2 }));
    return window.classifier.evaluate();
  });
  expect(report).toMatchObject({ heldOut: "split", tested: 2 });
  expect(report.trained + report.tested).toBeLessThanOrEqual(10);
});

test("counts an image once, wherever and under whatever name it comes again", async ({
  packagePage,
}) => {
  await create(packagePage);
  const [ant, bee] = [
    photos("train", "ants", 1)[0]!,
    photos("train", "bees", 1)[0]!,
  ];
  const result = await packagePage.evaluate(
    async ([ant, bee]) => {
      const { classifier, file } = window;
      const first = await file(ant!, "ant.jpg");
      const again = await file(ant!, "same ant.jpg");
      return {
        sameCall: await classifier.add([first, again], { label: "ants" }),
        otherCall: await classifier.add([again], { label: "ants" }),
        otherClass: await classifier.add([again], { label: "bees" }),
        testFolder: await classifier.add([again, await file(bee!)], {
          label: "bees",
          split: "test",
        }),
        classes: classifier.classes,
      };
    },
    [urlOf(ant), urlOf(bee)],
  );
  expect(result.sameCall).toMatchObject({ added: 1, rejected: [] });
  expect(result.otherCall).toMatchObject({ added: 0, rejected: [] });
  expect(result.otherClass).toMatchObject({ added: 0, rejected: [] });
  expect(result.testFolder).toMatchObject({ added: 1, rejected: [] });
  for (const { duplicates } of Object.values(result).slice(
    0,
    4,
  ) as (typeof result.sameCall)[]) {
    expect(duplicates).toHaveLength(1);
    expect(duplicates[0]).toMatchObject({
      name: "same ant.jpg",
      code: "DUPLICATE",
    });
    expect(duplicates[0]!.reason).toContain("ant.jpg");
  }
  expect(result.otherClass.duplicates[0]!.reason).toContain("ants");
  expect(result.classes).toEqual([
    { label: "ants", auto: 1, train: 0, test: 0 },
    { label: "bees", auto: 0, train: 0, test: 1 },
  ]);
});

test("takes whatever the browser has decoded, and leaves it usable", async ({
  packagePage,
  site,
}) => {
  await create(packagePage);
  // Lossless and of full alpha, so that every way to the pixels must give the same ones.
  const pixel = (x: number, y: number) => [x * 3, y * 5, (x * y) % 256];
  site.put("/own/opaque.png", png(80, 50, pixel), "image/png");
  const { embeddings, usable } = await packagePage.evaluate(async () => {
    const file = await window.file("/own/opaque.png");
    const image = new Image();
    image.src = "/own/opaque.png";
    await image.decode();
    const bitmap = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = canvas.getContext("2d")!;
    context.drawImage(bitmap, 0, 0);
    const data = context.getImageData(0, 0, canvas.width, canvas.height);
    const blob = new Blob([file]);
    const sources = [file, blob, image, bitmap, canvas, data];
    const embeddings = await window.embed(window.classifier, sources);
    return {
      embeddings,
      usable: bitmap.width === 80 && data.data.length === 80 * 50 * 4,
    };
  });
  expect(usable).toBe(true);
  expect(embeddings).toHaveLength(6);
  for (const embedding of embeddings) {
    expect(embedding).toHaveLength(512);
    expect(distance(embedding, embeddings[0]!)).toBe(0);
  }
});

test("sees the colours under transparent pixels, as Pillow does", async ({
  packagePage,
  site,
}) => {
  await create(packagePage);
  const pixel = (x: number, y: number) => [
    (x * 7) % 256,
    (y * 11) % 256,
    (x + y) % 256,
  ];
  const faint = (x: number, y: number) => [...pixel(x, y), (x * y) % 3];
  site.put("/own/opaque.png", png(64, 64, pixel), "image/png");
  site.put("/own/faint.png", png(64, 64, faint), "image/png");
  const [opaque, transparent] = await packagePage.evaluate(async () =>
    window.embed(
      window.classifier,
      await window.files(["/own/opaque.png", "/own/faint.png"]),
    ),
  );
  expect(distance(transparent!, opaque!)).toBe(0);
});

test("turns a photo as its EXIF orientation says", async ({
  packagePage,
  site,
}) => {
  await create(packagePage);
  const photo = photoBytes(photos("train", "bees", 1)[0]!);
  site.put("/own/straight.jpg", photo, "image/jpeg");
  site.put("/own/turned.jpg", turnedJpeg(photo, 3), "image/jpeg");
  const [straight, turned, byHand] = await packagePage.evaluate(async () => {
    const [straight, turned] = await window.files([
      "/own/straight.jpg",
      "/own/turned.jpg",
    ]);
    const bitmap = await createImageBitmap(straight!);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = canvas.getContext("2d")!;
    context.translate(canvas.width, canvas.height);
    context.rotate(Math.PI);
    context.drawImage(bitmap, 0, 0);
    return window.embed(window.classifier, [straight!, turned!, canvas]);
  });
  expect(distance(turned!, straight!)).toBeGreaterThan(0.01);
  // The canvas may round a turned pixel otherwise by one step.
  expect(distance(turned!, byHand!)).toBeLessThan(0.01);
});

test("goes on while a training runs, and refuses a second one", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "ants", photos("train", "ants", 3));
  await add(packagePage, "bees", photos("train", "bees", 3));
  const more = urlsOf(photos("train", "bees", 1, 3));
  const result = await packagePage.evaluate(async (urls) => {
    const { classifier } = window;
    const run = classifier.train({ method: "adam", epochs: 5 });
    const first = await run.next();
    const second = await window.failure(window.steps(classifier.train()));
    const added = await classifier.add(await window.files(urls), {
      label: "bees",
    });
    const rest = await window.steps(run);
    const [prediction] = await classifier.predict(await window.files(urls));
    return { first: first.value, second, added, rest, prediction };
  }, more);
  expect(result.first).toMatchObject({ epoch: 1, epochs: 5 });
  expect(result.second).toMatchObject({
    code: "TRAINING_IN_PROGRESS",
    own: true,
  });
  expect(result.second!.message).toContain("cancel it first");
  expect(result.added.added).toBe(1);
  expect(result.rest.map(({ epoch }) => epoch)).toEqual([2, 3, 4, 5]);
  expect(["ants", "bees"]).toContain(result.prediction!.label);
});

test("gives the same head for the same seed", async ({ packagePage }) => {
  await create(packagePage);
  await add(packagePage, "ants", photos("train", "ants", 4));
  await add(packagePage, "bees", photos("train", "bees", 4));
  const losses = await packagePage.evaluate(async () => {
    const losses: number[] = [];
    for (const seed of [7, 7, 8]) {
      const steps = await window.steps(
        window.classifier.train({ method: "adam", epochs: 3, seed }),
      );
      losses.push(steps.at(-1)!.loss);
    }
    return losses;
  });
  expect(losses[1]).toBe(losses[0]);
  expect(losses[2]).not.toBe(losses[0]);
});

test("ends its worker when it is disposed of", async ({ packagePage }) => {
  await create(packagePage);
  expect(packagePage.workers()).toHaveLength(1);
  const failure = await packagePage.evaluate(
    async (url) => {
      const pending = window.failure(
        window.classifier.embed([await window.file(url)]),
      );
      window.classifier.dispose();
      return [
        await pending,
        await window.failure(window.classifier.evaluate()),
      ];
    },
    urlOf(photos("train", "ants", 1)[0]!),
  );
  for (const each of failure)
    expect(each).toMatchObject({ code: "DISPOSED", own: true });
  await expect.poll(() => packagePage.workers().length).toBe(0);
});
