/** WebGPU, on the software adapter that every Chromium brings, against the CPU with the same weights. */
import type { Page } from "@playwright/test";
import type { BackendChoice } from "headstart";
import { photos } from "./support/inputs.js";
import { create, expect, test, urlsOf } from "./support/test.js";
import { distance } from "./support/vectors.js";

// A photo takes seconds on this adapter.
test.setTimeout(15 * 60_000);

const classes = (["checks", "rings"] as const).map((label) => ({
  label,
  // Enough to choose a penalty by.
  train: urlsOf(photos("train", label, 5)),
  // The first two of the rings look nearly like ones to learn from.
  held: urlsOf(photos("val", label, 3, 2)),
}));

/** Adds, trains and evaluates, and embeds the held-out photos apart. */
async function learn(page: Page, backend: BackendChoice) {
  await create(page, backend);
  return page.evaluate(async (classes) => {
    const { classifier } = window;
    const start = performance.now();
    const urls = classes.flatMap(({ held }) => held);
    const photos = await window.files(urls);
    const embeddings = await window.embed(classifier, photos);
    const perPhoto = (performance.now() - start) / urls.length;
    for (const { label, train, held } of classes) {
      await classifier.add(await window.files(train), { label });
      const test = await window.files(held);
      await classifier.add(test, { label, split: "test" });
    }
    const regression = await window.steps(classifier.train());
    const fitted = await classifier.evaluate();
    // One step per epoch: a step takes long on this adapter.
    const options = {
      method: "adam" as const,
      epochs: 20,
      batchSize: 16,
      learningRate: 0.01,
      validation: 0,
    };
    const steps = await window.steps(classifier.train(options));
    const report = await classifier.evaluate();
    const predictions = await classifier.predict(photos.slice(2, 4));
    return {
      backend: classifier.backend,
      embeddings,
      perPhoto,
      regression,
      fitted,
      steps,
      report,
      predictions,
    };
  }, classes);
}

test("gives the CPU's embeddings, head and predictions", async ({
  packagePage,
}) => {
  const cpu = await learn(packagePage, "cpu");
  await packagePage.evaluate(() => window.classifier.dispose());
  const gpu = await learn(packagePage, "webgpu");

  expect(gpu.backend.kind).toBe("webgpu");
  expect(gpu.backend.reason).toMatch(
    /^WebGPU was asked for, although its adapter is software/,
  );
  const errors = gpu.embeddings.map((embedding, i) =>
    distance(embedding, cpu.embeddings[i]!),
  );
  console.log(
    `WebGPU (${gpu.backend.adapter}) against CPU: relative L2 of ${errors.length} embeddings ` +
      `at most ${Math.max(...errors).toExponential(2)}; ${gpu.perPhoto.toFixed(0)} ms a photo, ` +
      `against ${cpu.perPhoto.toFixed(0)} ms`,
  );
  expect(errors).toHaveLength(6);
  // The CPU rounds its inputs to 16 bits, which is nothing near the 1e-2 of the quantization.
  for (const error of errors) expect(error).toBeLessThanOrEqual(1e-3);

  console.log(
    `WebGPU against CPU: loss ${gpu.steps.at(-1)!.loss.toFixed(6)} and ` +
      `${cpu.steps.at(-1)!.loss.toFixed(6)}; accuracy ${gpu.report.accuracy} and ` +
      `${cpu.report.accuracy} on ${gpu.report.tested} held-out photos`,
  );
  // The same optimum, whatever the device's rounding did on the way there.
  const [chosen, same] = [gpu, cpu].map(({ regression }) => regression.at(-1)!);
  console.log(
    `WebGPU against CPU, logistic regression: l2 ${String(chosen!.l2)} and ${String(same!.l2)}, loss ` +
      `${chosen!.loss.toFixed(6)} and ${same!.loss.toFixed(6)}, in ${gpu.regression.length} and ` +
      `${cpu.regression.length} steps; accuracy ${gpu.fitted.accuracy} and ${cpu.fitted.accuracy}`,
  );
  expect(chosen!.l2).toBe(same!.l2);
  for (const [i, prediction] of gpu.fitted.predictions.entries()) {
    expect(prediction.predicted).toBe(cpu.fitted.predictions[i]!.predicted);
    expect(prediction.probability).toBeCloseTo(
      cpu.fitted.predictions[i]!.probability,
      2,
    );
  }

  expect(gpu.steps).toHaveLength(20);
  expect(gpu.steps.at(-1)!.loss).toBeLessThan(gpu.steps[0]!.loss / 2);
  expect(gpu.report.tested).toBe(6);
  const said = (result: typeof cpu) =>
    [...result.report.predictions]
      .sort((a, b) => a.id - b.id)
      .map(({ name, predicted }) => `${name}: ${predicted}`);
  expect(said(gpu)).toEqual(said(cpu));
  for (const [i, prediction] of gpu.predictions.entries()) {
    expect(prediction.label).toBe(cpu.predictions[i]!.label);
    expect(prediction.probability).toBeCloseTo(
      cpu.predictions[i]!.probability,
      2,
    );
  }
});

test("auto passes this adapter over, because the CPU is faster", async ({
  packagePage,
}) => {
  const backend = await packagePage.evaluate(async () => {
    const classifier = await window.headstart.Classifier.create({
      weights: "/weights",
    });
    return classifier.backend;
  });
  expect(backend.kind).toBe("cpu");
  expect(backend.reason).toMatch(
    /in software here \(.*swiftshader.*\), so the CPU is used/i,
  );
});
