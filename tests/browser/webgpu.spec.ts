/** WebGPU, on the software adapter that every Chromium brings, against the CPU with the same weights. */
import type { Page } from "@playwright/test";
import type { BackendChoice } from "headstart";
import { photos } from "./support/inputs.js";
import { create, expect, test, urlsOf } from "./support/test.js";
import { distance } from "./support/vectors.js";

// A photo takes seconds on this adapter.
test.setTimeout(15 * 60_000);

const train = [...photos("train", "ants", 8), ...photos("train", "bees", 8)];
const held = [...photos("val", "ants", 4), ...photos("val", "bees", 4)];

/** Adds, trains and evaluates, and embeds the held-out photos apart. */
async function learn(page: Page, backend: BackendChoice) {
  await create(page, backend);
  return page.evaluate(
    async ({ train, held }) => {
      const { classifier } = window;
      const start = performance.now();
      const photos = await window.files(held);
      const embeddings = await window.embed(classifier, photos);
      const perPhoto = (performance.now() - start) / held.length;
      for (const label of ["ants", "bees"]) {
        const of = (urls: string[]) =>
          urls.filter((url) => url.includes(`/${label}/`));
        await classifier.add(await window.files(of(train)), { label });
        await classifier.add(await window.files(of(held)), {
          label,
          split: "test",
        });
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
      const predictions = await classifier.predict(photos.slice(3, 5));
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
    },
    { train: urlsOf(train), held: urlsOf(held) },
  );
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
  expect(errors).toHaveLength(8);
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
    `WebGPU against CPU, logistic regression: l2 ${chosen!.l2} and ${same!.l2}, loss ` +
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
  expect(gpu.report.tested).toBe(8);
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
