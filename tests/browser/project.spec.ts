/** Exporting and loading: a project goes on where it was, a head predicts the same, and bad files say what is wrong. */
import type { Prediction, Report } from "headstart";
import { photos } from "./support/inputs.js";
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
