/** The classifier with its protocol and its worker's side, on a stand-in for the session in Rust. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  Classifier,
  HeadstartError,
  type CreateOptions,
  type ImageSource,
  type TrainStep,
} from "../src/index.js";
import type { CreateRequest } from "../src/protocol.js";
import type { Started } from "../src/worker/start.js";
import { Traps } from "../src/worker/traps.js";
import { deferred } from "./fake/deferred.js";
import { file } from "./fake/images.js";
import { FakeSession } from "./fake/session.js";
import { fakeWorker, started } from "./fake/worker.js";

const weights = new ArrayBuffer(1);

async function setUp() {
  const wasm = new FakeSession();
  const traps = new Traps();
  const fake = fakeWorker({ start: async () => started(wasm), traps });
  vi.stubGlobal("Worker", fake.Worker);
  const classifier = await create({ weights, backend: "cpu" });
  return { wasm, traps, classifier, worker: fake.workers[0]! };
}

const files = (count: number, prefix = "photo") =>
  Array.from({ length: count }, (_, i) => file(`${prefix} ${i}`));

async function steps(run: AsyncIterable<TrainStep>) {
  const epochs: number[] = [];
  for await (const { epoch } of run) epochs.push(epoch);
  return epochs;
}

const made: Classifier[] = [];

/** A classifier that is disposed of after the test: those of a page share its worker. */
async function create(options: CreateOptions): Promise<Classifier> {
  const classifier = await Classifier.create(options);
  made.push(classifier);
  return classifier;
}

afterEach(() => {
  for (const classifier of made.splice(0)) classifier.dispose();
  vi.unstubAllGlobals();
});

describe("creating", () => {
  it("says why it cannot where there are no workers", async () => {
    vi.stubGlobal("Worker", undefined);
    await expect(Classifier.create({ weights })).rejects.toMatchObject({
      code: "UNSUPPORTED_ENVIRONMENT",
    });
  });

  it("says why it cannot when the browser refuses the worker", async () => {
    vi.stubGlobal("Worker", () => {
      throw new DOMException("other origin", "SecurityError");
    });
    await expect(Classifier.create({ weights })).rejects.toMatchObject({
      code: "UNSUPPORTED_ENVIRONMENT",
      message: expect.stringContaining("own origin") as unknown,
    });
  });

  it("tells all progress before it ends", async () => {
    const fake = fakeWorker({
      start: async (_request, { onProgress }) => {
        for (let loaded = 0; loaded <= 100; loaded++) {
          onProgress({ stage: "weights", loaded, total: 100 });
        }
        return started();
      },
    });
    vi.stubGlobal("Worker", fake.Worker);
    const seen: number[] = [];
    await create({
      weights,
      onProgress: ({ loaded }) => seen.push(loaded),
    });
    expect(seen).toHaveLength(101);
  });

  it.each([
    [{ views: "crops" as const }, { views: "crops", features: "all" }],
    [{ features: "last" as const }, { views: "centre", features: "last" }],
    [{}, { views: "centre", features: "all" }],
  ])("starts the worker with %o", async (options, content) => {
    const start = vi.fn<(request: CreateRequest) => Promise<Started>>(
      async () => started(),
    );
    vi.stubGlobal("Worker", fakeWorker({ start }).Worker);
    await create({ weights, ...options });
    expect(start.mock.calls[0]![0]).toMatchObject({
      content,
      backend: "auto",
    });
  });

  it("ends the worker when it fails", async () => {
    const start = () =>
      Promise.reject(new HeadstartError("WEIGHTS_CORRUPT", "Bad weights."));
    const fake = fakeWorker({ start });
    vi.stubGlobal("Worker", fake.Worker);
    await expect(Classifier.create({ weights })).rejects.toMatchObject({
      code: "WEIGHTS_CORRUPT",
      message: "Bad weights.",
    });
    await vi.waitFor(
      () => expect(fake.workers[0]!.terminated).toBe(true),
      3000,
    );
  });

  it("ends the worker at once when it is cancelled", async () => {
    const fake = fakeWorker({ start: () => new Promise(() => undefined) });
    vi.stubGlobal("Worker", fake.Worker);
    const abort = new AbortController();
    const pending = Classifier.create({ weights, signal: abort.signal });
    setTimeout(() => abort.abort(), 5);
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    await vi.waitFor(
      () => expect(fake.workers[0]!.terminated).toBe(true),
      3000,
    );
    await expect(
      Classifier.create({ weights, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    expect(fake.workers).toHaveLength(1);
  });

  it.each([
    [{ weights: undefined }, "weights"],
    [{ weights: "http://" }, "weights"],
    [{ weights, backend: "gpu" }, "backend"],
    [{ weights, views: "center" }, "views"],
    [{ weights, features: "first" }, 'features is "first": pass one of "all"'],
  ])("refuses %o", async (options, named) => {
    await expect(Classifier.create(options as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(named) as unknown,
    });
  });
});

describe("adding", () => {
  it("sends a few at a time and tells progress and counts", async () => {
    const { classifier, wasm } = await setUp();
    const progress: unknown[] = [];
    const added = await classifier.add(files(10), {
      label: "ants",
      onProgress: (p) => progress.push(p),
    });
    expect(added).toEqual({ added: 10, duplicates: [], rejected: [] });
    expect(progress).toEqual(
      [4, 8, 10].map((loaded) => ({ stage: "images", loaded, total: 10 })),
    );
    expect(wasm.embedded.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(classifier.classes).toEqual([
      { label: "ants", auto: 10, train: 0, test: 0 },
    ]);
  });

  it("reads an async iterable no further than the worker has come", async () => {
    const { classifier, wasm } = await setUp();
    let read = 0;
    let most = 0;
    async function* source() {
      for (const photo of files(20)) {
        read++;
        most = Math.max(most, read - wasm.samples.length);
        yield photo;
      }
    }
    expect((await classifier.add(source(), { label: "ants" })).added).toBe(20);
    expect(most).toBeLessThanOrEqual(4);
  });

  it("keeps what was finished when it is cancelled", async () => {
    const { classifier, wasm } = await setUp();
    const abort = new AbortController();
    const closed = vi.fn();
    function* source() {
      try {
        yield* files(20);
      } finally {
        closed();
      }
    }
    const pending = classifier.add(source(), {
      label: "ants",
      signal: abort.signal,
      onProgress: ({ loaded }) => {
        if (loaded === 8) abort.abort("enough");
      },
    });
    await expect(pending).rejects.toMatchObject({
      code: "CANCELLED",
      cause: "enough",
    });
    expect(classifier.classes).toEqual([
      { label: "ants", auto: 8, train: 0, test: 0 },
    ]);
    expect(wasm.samples).toHaveLength(8);
    expect(closed).toHaveBeenCalledOnce();
    expect(
      (await classifier.add(files(1, "more"), { label: "ants" })).added,
    ).toBe(1);
  });

  it("is cancelled in the middle of a batch, whose images are not added", async () => {
    const { classifier, wasm } = await setUp();
    await classifier.add(files(2), { label: "ants" });
    const gate = deferred();
    wasm.gate = () => gate.promise;
    const abort = new AbortController();
    const pending = classifier.add(files(4, "more"), {
      label: "ants",
      signal: abort.signal,
    });
    await vi.waitFor(() => expect(wasm.running).toHaveLength(4));
    abort.abort();
    setTimeout(gate.resolve, 5);
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    expect(classifier.classes).toMatchObject([{ auto: 2 }]);
  });

  it("tells the same content under another label, and leaves it to the caller", async () => {
    const { classifier } = await setUp();
    await classifier.add([file("a")], { label: "ants" });
    const added = await classifier.add([file("again", "a"), file("b")], {
      label: "bees",
    });
    expect(added).toEqual({
      added: 1,
      duplicates: [
        {
          name: "again",
          code: "LABEL_CONFLICT",
          reason: "again shows the same as a, which is ants.",
        },
      ],
      rejected: [],
    });
  });

  it("is cancelled although the images never come", async () => {
    const { classifier } = await setUp();
    const endless: AsyncIterable<ImageSource> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
      }),
    };
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 5);
    const pending = classifier.add(endless, {
      label: "ants",
      signal: abort.signal,
    });
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("takes no image when it is cancelled already", async () => {
    const { classifier } = await setUp();
    const next = vi.fn(() => Promise.reject(new Error("the camera is gone")));
    const camera = { [Symbol.asyncIterator]: () => ({ next }) };
    const pending = classifier.add(camera, {
      label: "ants",
      signal: AbortSignal.abort(),
    });
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    expect(next).not.toHaveBeenCalled();
  });

  it.each([
    ["throws", false],
    ["rejects", true],
  ])(
    "tells why it ended although the caller's source %s when it is closed",
    async (_, isAsync) => {
      const { classifier } = await setUp();
      const fault = new Error("the camera cannot be closed");
      const closed = vi.fn(() => {
        if (isAsync) return Promise.reject(fault);
        throw fault;
      });
      const camera = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: "no image" }),
          return: closed,
        }),
      };
      const pending = classifier.add(camera as never, { label: "ants" });
      await expect(pending).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("no image") as unknown,
      });
      expect(closed).toHaveBeenCalledOnce();
    },
  );

  it("puts all images of a call into its group", async () => {
    const { classifier, wasm } = await setUp();
    await classifier.add(files(6), { label: "ants", group: "one nest" });
    await classifier.add(files(1, "alone"), { label: "ants" });
    expect(wasm.samples.map(({ group }) => group)).toEqual([
      ...Array.from({ length: 6 }, () => "one nest"),
      null,
    ]);
  });

  it("asks a function for each image's group, with the image as it was given", async () => {
    const { classifier, wasm } = await setUp();
    const photos = ["anna-1", "ben-1", "anna-2", "anna-3", "nobody", "ben-2"];
    const given = photos.map((name) => file(name));
    const seen: [File, number][] = [];
    await classifier.add(given, {
      label: "smiling",
      group: (image, position) => {
        seen.push([image, position]);
        const [person, number] = image.name.split("-");
        return number === undefined ? undefined : person;
      },
    });
    expect(wasm.samples.map(({ name, group }) => [name, group])).toEqual([
      ["anna-1", "anna"],
      ["ben-1", "ben"],
      ["anna-2", "anna"],
      ["anna-3", "anna"],
      ["nobody", null],
      ["ben-2", "ben"],
    ]);
    expect(seen).toHaveLength(6);
    for (const [i, [image, position]] of seen.entries()) {
      expect(image).toBe(given[i]);
      expect(position).toBe(i);
    }
  });

  it("keeps groups with their images where others of the batch are left out", async () => {
    const { classifier, wasm } = await setUp();
    const images = [file("a"), file("empty", ""), file("a2", "a"), file("b")];
    await classifier.add(images, {
      label: "ants",
      group: (_, position) => `group ${position}`,
    });
    expect(wasm.samples.map(({ name, group }) => [name, group])).toEqual([
      ["a", "group 0"],
      ["b", "group 3"],
    ]);
  });

  it("ends with what the group's function throws, and keeps what was added before", async () => {
    const { classifier } = await setUp();
    const fault = new TypeError("there is no such person");
    const pending = classifier.add(files(6), {
      label: "ants",
      group: (_, position) => {
        if (position === 5) throw fault;
        return undefined;
      },
    });
    await expect(pending).rejects.toBe(fault);
    expect(classifier.classes).toMatchObject([{ auto: 4 }]);
    expect(
      (await classifier.add(files(1, "more"), { label: "ants" })).added,
    ).toBe(1);
  });

  it("does not ask for the group of what is no image", async () => {
    const { classifier } = await setUp();
    const group = vi.fn(() => "nest");
    const images = ["path.jpg"] as never;
    await expect(
      classifier.add(images, { label: "ants", group }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(group).not.toHaveBeenCalled();
  });

  it.each([
    [null, "group of image 2 is null: pass a string"],
    ["", 'group of image 2 is ""'],
    [7, "group of image 2 is 7"],
    [Promise.resolve("anna"), "group of image 2 is a Promise"],
  ])("refuses a function that gives %o", async (bad, says) => {
    const { classifier, wasm } = await setUp();
    const group = (_: ImageSource, position: number) =>
      position === 1 ? bad : "anna";
    const pending = classifier.add(files(2), {
      label: "ants",
      group: group as never,
    });
    await expect(pending).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(says) as unknown,
    });
    expect(wasm.samples).toEqual([]);
  });

  it.each([
    [[], {}, "label"],
    [[], { label: " " }, "label"],
    [[], { label: "ants", group: null }, "group is null: pass a string"],
    [[], { label: "ants", group: " " }, 'group is " "'],
    [[], { label: "ants", group: 7 }, "group is 7"],
    [[], { label: "ants", group: ["a"] }, "group is an Array"],
    [[], { label: "ants", split: "half" }, "split"],
    [file("one"), { label: "ants" }, "iterable"],
    [["path.jpg"], { label: "ants" }, 'Image 1 is "path.jpg"'],
  ])("refuses %o with %o", async (images, options, named) => {
    const { classifier } = await setUp();
    await expect(
      classifier.add(images as never, options as never),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(named) as unknown,
    });
  });
});

describe("training", () => {
  it("gives a step per epoch, and then the new head is in place", async () => {
    const { classifier, wasm } = await setUp();
    await classifier.add(files(4), { label: "ants" });
    expect(await steps(classifier.train())).toEqual([1, 2, 3]);
    expect(wasm.head).toBe("trained");
  });

  it("keeps the head there was when the loop is left early, and can start again", async () => {
    const { classifier, wasm } = await setUp();
    await classifier.add(files(4), { label: "ants" });
    for await (const step of classifier.train()) if (step.epoch === 2) break;
    expect(wasm.head).toBe("none");
    expect(await steps(classifier.train())).toEqual([1, 2, 3]);
  });

  it("keeps the head there was when it is cancelled during an epoch", async () => {
    const { classifier, wasm } = await setUp();
    await classifier.add(files(4), { label: "ants" });
    const gate = deferred();
    const epoch = vi.fn(() => gate.promise);
    wasm.gate = epoch;
    const abort = new AbortController();
    const pending = steps(classifier.train({ signal: abort.signal }));
    await vi.waitFor(() => expect(epoch).toHaveBeenCalled());
    abort.abort();
    gate.resolve();
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    expect(wasm.head).toBe("none");
    wasm.gate = () => Promise.resolve();
    expect(await steps(classifier.train())).toHaveLength(3);
  });

  it("does not start when its signal is aborted already", async () => {
    const { classifier, wasm } = await setUp();
    const start = vi.spyOn(wasm, "startTraining");
    const pending = steps(classifier.train({ signal: AbortSignal.abort() }));
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    expect(start).not.toHaveBeenCalled();
  });

  it("makes way when it is cancelled while nobody asks for the next epoch", async () => {
    const { classifier } = await setUp();
    await classifier.add(files(4), { label: "ants" });
    const abort = new AbortController();
    const abandoned = classifier.train({ signal: abort.signal });
    await abandoned.next();
    abort.abort();
    expect(await steps(classifier.train())).toEqual([1, 2, 3]);
    await expect(abandoned.next()).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("refuses a second run and goes on undisturbed", async () => {
    const { classifier, wasm } = await setUp();
    await classifier.add(files(4), { label: "ants" });
    const first = classifier.train();
    expect((await first.next()).value).toMatchObject({ epoch: 1 });
    await expect(steps(classifier.train())).rejects.toMatchObject({
      code: "TRAINING_IN_PROGRESS",
    });
    expect(await steps(first)).toEqual([2, 3]);
    expect(wasm.head).toBe("trained");
  });

  it("lets images in between epochs", async () => {
    const { classifier } = await setUp();
    await classifier.add(files(4), { label: "ants" });
    for await (const { epoch } of classifier.train()) {
      await classifier.add(files(1, `epoch ${epoch}`), { label: "bees" });
    }
    expect(classifier.classes).toMatchObject([
      { auto: 4 },
      { label: "bees", auto: 3 },
    ]);
  });

  it("fails as Rust says", async () => {
    const { classifier } = await setUp();
    await expect(steps(classifier.train())).rejects.toMatchObject({
      code: "NO_IMAGES",
    });
    await expect(classifier.evaluate()).rejects.toMatchObject({
      code: "NOT_TRAINED",
    });
  });
});

describe("evaluating", () => {
  it("gives each image of the report the file that was added, and null where there was none", async () => {
    const { classifier, wasm } = await setUp();
    const pixels = Object.assign(
      Object.create({ [Symbol.toStringTag]: "ImageData" }) as ImageData,
      { data: new Uint8ClampedArray(1600), width: 20, height: 20 },
    );
    const [first, again, blob] = [file("a"), file("a2", "a"), new Blob(["b"])];
    await classifier.add([first, again, pixels, blob], { label: "ants" });
    wasm.head = "trained";
    const { predictions, labelProblems } = await classifier.evaluate();
    expect(predictions.map(({ id, name }) => [id, name])).toEqual([
      [0, "a"],
      [1, "image 3"],
      [2, "image 4"],
    ]);
    expect(predictions[0]!.image).toBe(first);
    expect(predictions[1]!.image).toBeNull();
    expect(predictions[2]!.image).toBe(blob);
    expect(labelProblems.map(({ id }) => id)).toEqual([0, 2]);
    expect(labelProblems[0]!.image).toBe(first);
    expect(labelProblems[1]!.image).toBe(blob);
  });

  it("knows the files of what was finished before a call was cancelled", async () => {
    const { classifier, wasm } = await setUp();
    const photos = files(10);
    const abort = new AbortController();
    const pending = classifier.add(photos, {
      label: "ants",
      signal: abort.signal,
      onProgress: ({ loaded }) => {
        if (loaded === 4) abort.abort();
      },
    });
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    wasm.head = "trained";
    const { predictions } = await classifier.evaluate();
    expect(predictions.map(({ image }) => image)).toEqual(photos.slice(0, 4));
    expect(predictions[3]!.image).toBe(photos[3]);
  });
});

describe("predicting", () => {
  it("says so before it reads or computes anything when there is no head", async () => {
    const { classifier, wasm } = await setUp();
    const read = vi.fn();
    function* source() {
      read();
      yield* files(3);
    }
    await expect(classifier.predict(source())).rejects.toMatchObject({
      code: "NOT_TRAINED",
    });
    expect(read).not.toHaveBeenCalled();
    expect(wasm.predicted).toEqual([]);
  });

  it("answers for each image in order", async () => {
    const { classifier, wasm } = await setUp();
    wasm.head = "trained";
    const names = ["a", "bb", "ccc", "dddd", "eeeee"];
    const predictions = await classifier.predict(
      names.map((name) => file(name)),
    );
    expect(predictions.map(({ label }) => label)).toEqual(
      names.map(({ length }) => `length ${length}`),
    );
    expect(wasm.predicted.map((batch) => batch.length)).toEqual([4, 1]);
    expect(wasm.embedded).toEqual([]);
    expect(await classifier.predict([])).toEqual([]);
  });

  it("names no class for what is none of them, and the likeliest one all the same", async () => {
    const { classifier, wasm } = await setUp();
    wasm.head = "trained";
    const [prediction] = await classifier.predict([file("strange")]);
    expect(prediction).toEqual({
      label: null,
      probability: 0.75,
      classes: [
        { label: "length 7", probability: 0.75 },
        { label: "other", probability: 0.25 },
      ],
      unknown: true,
      similarity: 0.5,
    });
  });

  it("gives a heat map when asked for, handed over rather than copied", async () => {
    const { classifier, wasm } = await setUp();
    wasm.head = "trained";
    const predictions = await classifier.predict(files(5), { heatmap: true });
    expect(predictions).toHaveLength(5);
    for (const { heatmap } of predictions) {
      expect(heatmap).toEqual({
        label: "length 7",
        grid: Float32Array.of(1, 2),
        values: Float32Array.of(0, 0.5, 1, 0.5),
        width: 2,
        height: 2,
        box: { left: 3, top: 0, width: 20, height: 20 },
      });
    }
    expect(wasm.heatmaps.map(({ byteLength }) => byteLength)).toEqual(
      Array.from({ length: 10 }, () => 0),
    );
  });

  it("names the nearest training images when asked for, with their files", async () => {
    const { classifier, wasm } = await setUp();
    wasm.head = "trained";
    const photos = files(3);
    await classifier.add(photos, { label: "ants" });
    const [prediction] = await classifier.predict([file("new")], {
      nearest: 2,
    });
    expect(prediction.nearest).toMatchObject([
      { id: 2, label: "ants", similarity: 0.9 },
      { id: 1, label: "ants", similarity: 0.9 },
    ]);
    expect(prediction.nearest![0]!.image).toBe(photos[2]);
    expect(prediction.nearest![1]!.image).toBe(photos[1]);
  });

  it("gives neither heat map nor nearest images unless asked for", async () => {
    const { classifier, wasm } = await setUp();
    wasm.head = "trained";
    await classifier.add(files(1), { label: "ants" });
    const [prediction] = await classifier.predict(files(1, "new"));
    expect(prediction).not.toHaveProperty("heatmap");
    expect(prediction).not.toHaveProperty("nearest");
  });

  it("is cancelled in the middle, and the next call sees nothing of it", async () => {
    const { classifier, wasm } = await setUp();
    wasm.head = "trained";
    const gate = deferred();
    wasm.gate = () => gate.promise;
    const abort = new AbortController();
    const pending = classifier.predict(files(4), { signal: abort.signal });
    await vi.waitFor(() => expect(wasm.running).toHaveLength(4));
    abort.abort();
    setTimeout(gate.resolve, 5);
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    expect(wasm.staged).toEqual([]);
    expect(await classifier.predict([file("a")])).toMatchObject([
      { label: "length 1" },
    ]);
  });

  it.each([
    [{ top: 0 }, "top is 0: pass a whole number from 1"],
    [{ top: -1 }, "top is -1"],
    [{ top: 1.5 }, "top is 1.5"],
    [{ top: Number.NaN }, "top is NaN"],
    [{ nearest: -1 }, "nearest is -1: pass a whole number from 0"],
    [{ nearest: 2.5 }, "nearest is 2.5"],
    [{ nearest: "3" }, 'nearest is "3"'],
    [{ heatmap: "yes" }, 'heatmap is "yes": pass true or false'],
    [{ heatmap: 1 }, "heatmap is 1"],
  ])("refuses %o", async (options, named) => {
    const { classifier, wasm } = await setUp();
    const ask = vi.spyOn(wasm, "requireHead");
    await expect(
      classifier.predict([], options as never),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(named) as unknown,
    });
    expect(ask).not.toHaveBeenCalled();
  });
});

describe("a worker that ends", () => {
  it("rejects what waits and what comes later", async () => {
    const { classifier, wasm, worker } = await setUp();
    wasm.gate = () => new Promise(() => undefined);
    const pending = classifier.embed(files(1));
    setTimeout(() => worker.fail("out of memory"), 5);
    const error = {
      code: "INTERNAL",
      message: expect.stringContaining("Create a new Classifier") as unknown,
    };
    await expect(pending).rejects.toMatchObject(error);
    await expect(classifier.evaluate()).rejects.toMatchObject(error);
    await expect(steps(classifier.train())).rejects.toMatchObject(error);
    await vi.waitFor(() => expect(worker.terminated).toBe(true), 3000);
  });

  it("is noticed when the module traps in the middle of a call", async () => {
    const { classifier, wasm, traps, worker } = await setUp();
    wasm.gate = () => new Promise(() => undefined);
    const pending = classifier.embed(files(1));
    const trap = new WebAssembly.RuntimeError("unreachable");
    await vi.waitFor(() => expect(traps.trapped(trap)).toBe(true));
    await expect(pending).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(classifier.evaluate()).rejects.toMatchObject({
      code: "INTERNAL",
    });
    await vi.waitFor(() => expect(worker.terminated).toBe(true), 3000);
  });

  it("because it was disposed of says so, to what waits and to what comes later", async () => {
    const { classifier, wasm, worker } = await setUp();
    wasm.gate = () => new Promise(() => undefined);
    const pending = classifier.embed(files(1));
    setTimeout(() => classifier.dispose(), 5);
    await expect(pending).rejects.toMatchObject({ code: "DISPOSED" });
    await expect(
      classifier.add(files(1), { label: "ants" }),
    ).rejects.toMatchObject({
      code: "DISPOSED",
    });
    classifier.dispose();
    await vi.waitFor(() => expect(worker.terminated).toBe(true), 3000);
  });
});

it("can be imported where there is no browser", () => {
  expect(typeof Classifier.create).toBe("function");
  expect("window" in globalThis).toBe(false);
});
