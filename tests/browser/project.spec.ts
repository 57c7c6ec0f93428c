/** Exporting and loading: a project goes on where it was, a head predicts the same, and bad files say what is wrong. */
import type { Prediction, Report } from "headstart";
import { photos } from "./support/inputs.js";
import { parse, write, type Contents } from "./support/safetensors.js";
import { add, create, expect, test, urlsOf } from "./support/test.js";

const held = photos("val", "checks", 2, 10);

test.beforeEach(async ({ packagePage }) => {
  await create(packagePage);
  await add(packagePage, "checks", photos("train", "checks", 8));
  await add(packagePage, "rings", photos("train", "rings", 8));
});

test("a project has the same report and predictions, and goes on", async ({
  packagePage,
}) => {
  const { before, after, more } = await packagePage.evaluate(
    async ({ held, check }) => {
      const { Classifier } = window.headstart;
      await window.steps(window.classifier.train());
      const files = await window.files(held);
      const told = async (classifier: typeof window.classifier) => {
        const report = await classifier.evaluate();
        const predictions = await classifier.predict(files, { nearest: 3 });
        // The files themselves are not in a project.
        const strip = (key: string, value: unknown) =>
          key === "image" ? undefined : value;
        const text = JSON.stringify({ report, predictions }, strip);
        return JSON.parse(text) as {
          report: Report;
          predictions: Prediction[];
        };
      };
      const before = await told(window.classifier);
      const project = await window.classifier.export("project");
      window.classifier.dispose();
      const again = await Classifier.load(project, {
        weights: "/weights",
        backend: "cpu",
      });
      const after = await told(again);
      const [known] = await window.files([check]);
      const duplicate = await again.add([known!], { label: "checks" });
      const fresh = await again.add(files, { label: "checks" });
      await window.steps(again.train());
      const trained = (await again.evaluate()).trained;
      const classes = again.classes;
      return { before, after, more: { duplicate, fresh, trained, classes } };
    },
    {
      held: urlsOf(held),
      check: urlsOf(photos("train", "checks", 1))[0]!,
    },
  );
  expect(after).toEqual(before);
  expect(more.duplicate).toMatchObject({ added: 0 });
  expect(more.duplicate.duplicates).toMatchObject([{ code: "DUPLICATE" }]);
  expect(more.fresh.added).toBe(2);
  expect(more.classes).toMatchObject([
    { label: "checks", auto: 10 },
    { label: "rings", auto: 8 },
  ]);
  expect(more.trained).toBeGreaterThan(before.report.trained);
});

test("a project of version 1 predicts and evaluates, and trains once its images are added again", async ({
  packagePage,
  site,
}) => {
  const checks = urlsOf(photos("train", "checks", 8));
  const rings = urlsOf(photos("train", "rings", 8));
  await packagePage.evaluate(() => window.classifier.dispose());
  await create(packagePage, "cpu", "centre", "last");
  await add(packagePage, "checks", photos("train", "checks", 8));
  await add(packagePage, "rings", photos("train", "rings", 8));
  const { exported, before } = await packagePage.evaluate(async (urls) => {
    await window.steps(window.classifier.train());
    const project = await window.classifier.export("project");
    const predictions = await window.classifier.predict(
      await window.files(urls),
    );
    return {
      exported: [...new Uint8Array(await project.arrayBuffer())],
      before: predictions.map(({ classes }) => classes),
    };
  }, urlsOf(held));
  const contents = parse(Buffer.from(exported));
  expect(contents.metadata.version).toBe("2");
  const address = site.put("/own/project", write(asVersion1(contents)));
  const result = await packagePage.evaluate(
    async ({ address, held, classes }) => {
      const project = await (await fetch(address)).blob();
      const again = await window.headstart.Classifier.load(project, {
        weights: "/weights",
        backend: "cpu",
      });
      const predictions = await again.predict(await window.files(held));
      const { tested } = await again.evaluate();
      const refused = await window.failure(window.steps(again.train()));
      const added = [];
      for (const [label, urls] of classes)
        added.push(await again.add(await window.files(urls), { label }));
      await window.steps(again.train());
      const { head } = await again.evaluate();
      const after = predictions.map(({ classes }) => classes);
      const { images } = await again.stats();
      return { after, tested, refused, added, head, images };
    },
    {
      address,
      held: urlsOf(held),
      classes: [
        ["checks", checks],
        ["rings", rings],
      ] as const,
    },
  );
  for (const [i, classes] of result.after.entries()) {
    expect(classes.map(({ label }) => label)).toEqual(
      before[i]!.map(({ label }) => label),
    );
    expect(classes[0]!.probability).toBeCloseTo(before[i]![0]!.probability, 5);
  }
  expect(result.tested).toBeGreaterThan(0);
  expect(result.refused).toMatchObject({ code: "IMAGES_OUTDATED", own: true });
  expect(result.refused!.message).toContain("Add the same files again");
  expect(result.added).toMatchObject([
    { added: 8, duplicates: [] },
    { added: 8, duplicates: [] },
  ]);
  expect(result.head).toMatchObject({ features: "all" });
  expect(result.images).toBe(16);
});

test("a head alone gives the same probabilities", async ({ packagePage }) => {
  const { before, after, classes } = await packagePage.evaluate(
    async (urls) => {
      await window.steps(window.classifier.train());
      const files = await window.files(urls);
      const probabilities = async (classifier: typeof window.classifier) =>
        (await classifier.predict(files)).map(({ classes }) => classes);
      const before = await probabilities(window.classifier);
      const head = await window.classifier.export("safetensors");
      const again = await window.headstart.Classifier.load(head, {
        weights: "/weights",
        backend: "cpu",
      });
      return {
        before,
        after: await probabilities(again),
        classes: again.classes,
      };
    },
    urlsOf(held),
  );
  expect(after).toEqual(before);
  // There are no images in it.
  expect(classes).toEqual([]);
});

test("renaming and removing show in predictions, and removing asks for another training", async ({
  packagePage,
}) => {
  const result = await packagePage.evaluate(async (urls) => {
    const { classifier } = window;
    await window.steps(classifier.train());
    await classifier.rename("checks", "bold checks");
    const files = await window.files(urls);
    const [prediction] = await classifier.predict(files);
    const taken = await window.failure(
      classifier.rename("rings", "bold checks"),
    );
    const unknown = await window.failure(classifier.remove({ label: "dots" }));
    const removed = await classifier.remove({ label: "rings" });
    const untrained = await window.failure(classifier.predict(files));
    return {
      labels: prediction!.classes.map(({ label }) => label).sort(),
      taken,
      unknown,
      removed,
      untrained,
      classes: classifier.classes,
    };
  }, urlsOf(held));
  expect(result.labels).toEqual(["bold checks", "rings"]);
  expect(result.taken).toMatchObject({ code: "INVALID_ARGUMENT", own: true });
  expect(result.unknown).toMatchObject({ code: "INVALID_ARGUMENT", own: true });
  expect(result.unknown!.message).toContain("dots");
  expect(result.removed).toBe(8);
  expect(result.untrained).toMatchObject({ code: "NOT_TRAINED" });
  expect(result.classes).toMatchObject([{ label: "bold checks", auto: 8 }]);
});

test("a file that is no project is refused by name, and nothing is left running", async ({
  packagePage,
}) => {
  const failures = await packagePage.evaluate(async () => {
    await window.steps(window.classifier.train());
    const project = await window.classifier.export("project");
    window.classifier.dispose();
    const bytes = new Uint8Array(await project.arrayBuffer());
    const text = new TextDecoder("latin1").decode(bytes);
    const altered = (from: string, to: string) => {
      const at = text.indexOf(from);
      if (at < 0) throw new Error(`there is no ${from}`);
      const copy = bytes.slice();
      copy.set(new TextEncoder().encode(to), at);
      return copy.buffer;
    };
    const files = {
      empty: new Blob([]),
      text: new Blob(["my notes on checks"]),
      half: project.slice(0, project.size / 2),
      format: altered("headstart-project", "headstart-prospect"),
      weights: new Blob([await (await fetch("/weights")).arrayBuffer()]),
    };
    const { Classifier } = window.headstart;
    const options = { weights: "/weights", backend: "cpu" as const };
    const failures: [string, Failure | null][] = [];
    for (const [name, file] of Object.entries(files))
      failures.push([
        name,
        await window.failure(Classifier.load(file, options)),
      ]);
    return failures;
  });
  expect(failures).toHaveLength(5);
  for (const [name, failure] of failures) {
    expect(failure, name).toMatchObject({
      code: expect.stringMatching(/^PROJECT_(CORRUPT|UNSUPPORTED)$/),
      own: true,
    });
  }
  await expect.poll(() => packagePage.workers().length).toBe(0);
});

/** What a project of the last stage's features was before others were known. */
function asVersion1({ metadata, tensors }: Contents): Contents {
  const { features, measured, ...project } = JSON.parse(
    metadata.project!,
  ) as Project;
  const { turns, ...provenance } = project.provenance;
  const { lastStage, converged, ...summary } = project.head.summary;
  // So that these are what is left out.
  expect([features, lastStage, converged]).toEqual(["last", null, true]);
  expect(measured).toBeDefined();
  expect(turns).toBeGreaterThan(0);
  const head = { ...project.head, summary };
  const samples = project.dataset.samples.map(
    ({ fingerprinted, ...sample }) => {
      expect(fingerprinted).toBe(true);
      return sample;
    },
  );
  const dataset = { ...project.dataset, samples };
  const document = { ...project, dataset, provenance, head, report: null };
  return {
    metadata: { ...metadata, version: "1", project: JSON.stringify(document) },
    tensors: new Map([...tensors].filter(([name]) => name !== "fingerprints")),
  };
}

/** What version 2 has and version 1 has not. */
interface Project {
  features: string;
  measured: object;
  dataset: { samples: { fingerprinted: boolean }[] };
  provenance: { turns: number };
  head: { summary: { lastStage: null; converged: boolean } };
}
