/** The built package in a plain page, on the CPU: what it does when all is well. */
import {
  nameOf,
  photoBytes,
  photos,
  strangers,
  type Pattern,
} from "./support/inputs.js";
import { png, turnedJpeg } from "./support/images.js";
import { add, create, expect, test, urlOf, urlsOf } from "./support/test.js";
import { distance } from "./support/vectors.js";

/** Pictures to be tested on. The first two of the rings look nearly like ones to learn from. */
const held = (pattern: Pattern, count: number) =>
  photos("val", pattern, count, 2);

test("learns checks and rings, reports on held-out photos, and predicts", async ({
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

  await add(packagePage, "checks", photos("train", "checks", 8));
  await add(packagePage, "rings", photos("train", "rings", 8));
  await add(packagePage, "checks", held("checks", 3), "test");
  const classes = await add(packagePage, "rings", held("rings", 3), "test");
  expect(classes).toEqual([
    { label: "checks", auto: 8, train: 0, test: 3 },
    { label: "rings", auto: 8, train: 0, test: 3 },
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
  // All are right; one may fall the other way by another rounding.
  expect(report.accuracy).toBeGreaterThanOrEqual(5 / 6);
  expect(report.confusion.flat().reduce((sum, count) => sum + count)).toBe(6);
  expect(report.head).toMatchObject({
    method: "lbfgs",
    l2: 0.1,
    balanced: false,
    lastStage: null,
    scaling: "per axis",
    fewImages: false,
    converged: true,
    views: "centre",
    features: "all",
  });
  expect(report.nearDuplicates).toMatchObject({ setAside: 0, conflicts: [] });
  expect(report.groups).toMatchObject({ groups: 0, images: 0, setAside: 0 });

  const unseen = [
    ...photos("val", "checks", 2, 10),
    ...photos("val", "rings", 2, 10),
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
  for (const { label, probability, classes, unknown } of predictions) {
    expect(classes[0]!.probability).toBe(probability);
    expect(label).toBe(unknown ? null : classes[0]!.label);
    expect(
      classes.reduce((sum, each) => sum + each.probability, 0),
    ).toBeCloseTo(1, 5);
  }
  console.log(
    `package, CPU: accuracy ${report.accuracy.toFixed(3)} on 6 held-out photos after 16; ` +
      `predictions ${predictions.map(({ label }) => label ?? "none").join(", ")}`,
  );
});

test("without a test folder, holds out some of the photos", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 5));
  await add(packagePage, "rings", photos("train", "rings", 5));
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
  const [check, ring] = [
    photos("train", "checks", 1)[0]!,
    photos("train", "rings", 1)[0]!,
  ];
  const result = await packagePage.evaluate(
    async ([check, ring]) => {
      const { classifier, file } = window;
      const first = await file(check!, "check.jpg");
      const again = await file(check!, "same check.jpg");
      return {
        sameCall: await classifier.add([first, again], { label: "checks" }),
        otherCall: await classifier.add([again], { label: "checks" }),
        otherClass: await classifier.add([again], { label: "rings" }),
        testFolder: await classifier.add([again, await file(ring!)], {
          label: "rings",
          split: "test",
        }),
        classes: classifier.classes,
      };
    },
    [urlOf(check), urlOf(ring)],
  );
  expect(result.sameCall).toMatchObject({ added: 1, rejected: [] });
  expect(result.otherCall).toMatchObject({ added: 0, rejected: [] });
  expect(result.otherClass).toMatchObject({ added: 0, rejected: [] });
  expect(result.testFolder).toMatchObject({ added: 1, rejected: [] });
  for (const [{ duplicates }, code] of [
    [result.sameCall, "DUPLICATE"],
    [result.otherCall, "DUPLICATE"],
    [result.otherClass, "LABEL_CONFLICT"],
    [result.testFolder, "LABEL_CONFLICT"],
  ] as const) {
    expect(duplicates).toHaveLength(1);
    expect(duplicates[0]).toMatchObject({ name: "same check.jpg", code });
    expect(duplicates[0]!.reason).toContain("check.jpg");
  }
  expect(result.otherClass.duplicates[0]!.reason).toContain("checks");
  expect(result.classes).toEqual([
    { label: "checks", auto: 1, train: 0, test: 0 },
    { label: "rings", auto: 0, train: 0, test: 1 },
  ]);
});

test("leaves near-duplicates of training images out of the test, and tells those of two classes", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 6));
  await add(packagePage, "rings", photos("train", "rings", 6));
  await add(packagePage, "checks", held("checks", 3), "test");
  await add(packagePage, "rings", held("rings", 3), "test");
  const report = await packagePage.evaluate(
    async ([check, ring]) => {
      const { classifier, file, recompressed } = window;
      const sameCheck = await recompressed(
        await file(check!),
        "same check.jpg",
      );
      const sameRing = await recompressed(await file(ring!), "same ring.jpg");
      await classifier.add([sameCheck], { label: "checks", split: "test" });
      await classifier.add([sameRing], { label: "checks" });
      await window.steps(classifier.train({ l2: 0.1 }));
      return classifier.evaluate();
    },
    urlsOf([photos("train", "checks", 1)[0]!, photos("train", "rings", 1)[0]!]),
  );
  expect(report.tested).toBe(6);
  expect(report.predictions.map(({ name }) => name)).not.toContain(
    "same check.jpg",
  );
  expect(report.nearDuplicates).toMatchObject({
    groups: 2,
    images: 4,
    setAside: 1,
  });
  const { conflicts } = report.nearDuplicates;
  expect(conflicts).toHaveLength(1);
  expect(conflicts[0]!.map(({ label }) => label).sort()).toEqual([
    "checks",
    "rings",
  ]);
  expect(conflicts[0]!.map(({ name }) => name)).toContain("same ring.jpg");
});

test("suggests the label of a photo that was given the wrong one, and hands its file over", async ({
  packagePage,
}) => {
  await create(packagePage);
  const wrong = photos("train", "rings", 1, 30)[0]!;
  await add(packagePage, "checks", [...photos("train", "checks", 20), wrong]);
  await add(packagePage, "rings", photos("train", "rings", 20));
  const { problems, predictions } = await packagePage.evaluate(async () => {
    await window.steps(window.classifier.train());
    const report = await window.classifier.evaluate();
    const described = <T extends { image: Blob | null }>(items: T[]) =>
      items.map(({ image, ...rest }) => ({
        ...rest,
        file: image instanceof File ? image.name : null,
      }));
    return {
      problems: described(report.labelProblems),
      predictions: described(report.predictions),
    };
  });
  for (const { name, file } of [...problems, ...predictions])
    expect(file).toBe(name);
  expect(predictions.length).toBeGreaterThan(0);
  expect(problems.find(({ name }) => name === nameOf(wrong))).toMatchObject({
    label: "checks",
    suggested: "rings",
  });
});

test("explains a prediction by where it looked and what it is like", async ({
  packagePage,
}) => {
  await create(packagePage);
  const checks = photos("train", "checks", 8);
  await add(packagePage, "checks", checks);
  await add(packagePage, "rings", photos("train", "rings", 8));
  await add(packagePage, "checks", held("checks", 2), "test");
  await add(packagePage, "rings", held("rings", 2), "test");
  const { heatmap, nearest, likeliest, photo } = await packagePage.evaluate(
    async (urls) => {
      await window.steps(window.classifier.train({ l2: 0.1 }));
      const [file] = await window.files(urls);
      const [prediction] = await window.classifier.predict([file!], {
        heatmap: true,
        nearest: 3,
      });
      const { heatmap, nearest, classes } = prediction;
      const { width, height } = await createImageBitmap(file!);
      return {
        photo: { width, height },
        likeliest: classes[0]!.label,
        heatmap: heatmap && {
          ...heatmap,
          typed: [heatmap.grid, heatmap.values].every(
            (numbers) => numbers instanceof Float32Array,
          ),
          grid: [...heatmap.grid],
          values: [...heatmap.values],
        },
        nearest: nearest?.map(({ image, ...rest }) => ({
          ...rest,
          file: image instanceof File ? image.name : null,
        })),
      };
    },
    urlsOf(checks.slice(0, 1)),
  );
  expect(heatmap).toMatchObject({
    label: likeliest,
    width: 224,
    height: 224,
    typed: true,
  });
  const { grid, values, box } = heatmap!;
  expect(grid).toHaveLength(56 * 56);
  expect(Math.max(...grid)).toBeGreaterThan(Math.min(...grid));
  expect(values).toHaveLength(224 * 224);
  const ordered = values.toSorted((a, b) => a - b);
  expect(ordered[0]).toBeGreaterThanOrEqual(0);
  expect(ordered[0]).toBeLessThan(0.1);
  expect(ordered.at(-1)).toBeGreaterThan(0.9);
  expect(ordered.at(-1)).toBeLessThanOrEqual(1);
  // The central crop: 224 of the 256 pixels to which the shorter side is brought.
  const side = Math.min(photo.width, photo.height) * (224 / 256);
  expect(Math.abs(box.width - side)).toBeLessThan(2);
  expect(Math.abs(box.height - side)).toBeLessThan(2);
  expect(Math.abs(box.left + box.width / 2 - photo.width / 2)).toBeLessThan(2);
  expect(Math.abs(box.top + box.height / 2 - photo.height / 2)).toBeLessThan(2);

  expect(nearest).toHaveLength(3);
  expect(nearest![0]).toMatchObject({
    name: nameOf(checks[0]!),
    file: nameOf(checks[0]!),
    label: "checks",
  });
  const similarities = nearest!.map(({ similarity }) => similarity);
  expect(similarities[0]).toBeCloseTo(1, 4);
  expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
});

test("refuses photos of something else, and names the likeliest class all the same", async ({
  packagePage,
}) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 30));
  await add(packagePage, "rings", photos("train", "rings", 30));
  const strange = strangers(3);
  const { report, predictions } = await packagePage.evaluate(async (urls) => {
    await window.steps(window.classifier.train());
    return {
      report: await window.classifier.evaluate(),
      predictions: await window.classifier.predict(await window.files(urls)),
    };
  }, urlsOf(strange));
  const { threshold, refused, share } = report.unknown!;
  expect(refused).toBe(
    report.predictions.filter(({ unknown }) => unknown).length,
  );
  expect(share).toBeCloseTo(refused / report.tested, 6);
  expect(share).toBeLessThan(0.5);
  for (const { label, unknown, similarity, classes } of predictions) {
    expect({ label, unknown }).toEqual({ label: null, unknown: true });
    expect(similarity!).toBeLessThan(threshold);
    expect(["checks", "rings"]).toContain(classes[0]!.label);
  }
});

test("with the view flip, sees a mirrored image as the image itself", async ({
  packagePage,
  site,
}) => {
  // The side to which images are brought: nothing is resampled, and the crop is in the middle.
  const pixel = (x: number, y: number) => [x, y, (x * y) % 256];
  site.put("/own/image.png", png(256, 256, pixel), "image/png");
  const mirrored = png(256, 256, (x, y) => pixel(255 - x, y));
  site.put("/own/mirrored.png", mirrored, "image/png");
  const difference = async () => {
    const [image, mirrored] = await packagePage.evaluate(async () =>
      window.embed(
        window.classifier,
        await window.files(["/own/image.png", "/own/mirrored.png"]),
      ),
    );
    return distance(mirrored!, image!);
  };
  await create(packagePage, "cpu", "centre");
  expect(await difference()).toBeGreaterThan(0.01);
  await packagePage.evaluate(() => window.classifier.dispose());
  await create(packagePage, "cpu", "flip");
  // The same numbers, added in another order.
  expect(await difference()).toBeLessThan(1e-5);
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
    expect(embedding).toHaveLength(960);
    expect(distance(embedding, embeddings[0]!)).toBe(0);
  }
});

test("with the features of the last stage, embeds by these alone, and all else goes with them", async ({
  packagePage,
}) => {
  const checks = photos("train", "checks", 5);
  const rings = photos("train", "rings", 5);
  const { all, last, head, grid } = await packagePage.evaluate(
    async ({ checks, rings }) => {
      const { Classifier } = window.headstart;
      const options = { weights: "/weights", backend: "cpu" as const };
      const images = await window.files(checks);
      const usual = await Classifier.create(options);
      const [all] = await window.embed(usual, images.slice(0, 1));
      usual.dispose();
      const classifier = await Classifier.create({
        ...options,
        features: "last",
      });
      const [last] = await window.embed(classifier, images.slice(0, 1));
      await classifier.add(images, { label: "checks" });
      await classifier.add(await window.files(rings), { label: "rings" });
      await window.steps(classifier.train());
      const [prediction] = await classifier.predict(images.slice(0, 1), {
        heatmap: true,
      });
      const { head } = await classifier.evaluate();
      classifier.dispose();
      const grid = prediction!.heatmap!.grid.length;
      return { all: all!, last: last!, head, grid };
    },
    { checks: urlsOf(checks), rings: urlsOf(rings) },
  );
  expect(all).toHaveLength(960);
  expect(last).toEqual(all.slice(960 - 512));
  expect(head).toMatchObject({ features: "last", lastStage: null });
  expect(grid).toBe(7 * 7);
});

test("keeps the images of a group together, and tells how many there are", async ({
  packagePage,
}) => {
  await create(packagePage);
  const urls = {
    checks: urlsOf(photos("train", "checks", 12)),
    rings: urlsOf(photos("train", "rings", 12)),
  };
  const [late] = urlsOf(photos("train", "checks", 1, 20));
  const { report, tested, added, failure } = await packagePage.evaluate(
    async ({ urls, late }) => {
      const { classifier } = window;
      for (const [label, photos] of Object.entries(urls)) {
        await classifier.add(await window.files(photos), {
          label,
          group: (_, position) => `${label} ${position % 3}`,
        });
      }
      await window.steps(classifier.train());
      const report = await classifier.evaluate();
      const { added } = await classifier.add(await window.files([late!]), {
        label: "checks",
        split: "test",
        group: "checks 0",
      });
      await window.steps(classifier.train());
      const failure = await window.failure(classifier.evaluate());
      const tested = report.predictions.map(({ id, label }) => ({ id, label }));
      return { report, tested, added, failure };
    },
    { urls, late },
  );
  expect(report.groups).toMatchObject({
    groups: 6,
    images: 24,
    setAside: 0,
    suspected: null,
  });
  // One whole group of each class is tested on: every third of its images.
  const groups = tested.map(({ id, label }) => `${label} ${id % 3}`);
  expect(new Set(groups).size).toBe(2);
  expect(report.tested).toBe(8);
  // The only image for the test is of a group that is learned from.
  expect(added).toBe(1);
  expect(failure).toMatchObject({ code: "NO_TEST_IMAGES" });
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
  const photo = photoBytes(photos("train", "rings", 1)[0]!);
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
  await add(packagePage, "checks", photos("train", "checks", 3));
  await add(packagePage, "rings", photos("train", "rings", 3));
  const more = urlsOf(photos("train", "rings", 1, 3));
  const result = await packagePage.evaluate(async (urls) => {
    const { classifier } = window;
    const run = classifier.train({ method: "adam", epochs: 5 });
    const first = await run.next();
    const second = await window.failure(window.steps(classifier.train()));
    const added = await classifier.add(await window.files(urls), {
      label: "rings",
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
  expect(["checks", "rings"]).toContain(result.prediction!.classes[0]!.label);
});

test("gives the same head for the same seed", async ({ packagePage }) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 4));
  await add(packagePage, "rings", photos("train", "rings", 4));
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
    urlOf(photos("train", "checks", 1)[0]!),
  );
  for (const each of failure)
    expect(each).toMatchObject({ code: "DISPOSED", own: true });
  await expect.poll(() => packagePage.workers().length).toBe(0);
});
