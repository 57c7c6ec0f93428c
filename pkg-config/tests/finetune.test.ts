/** `train({ method: "finetune" })` with its protocol and its worker's side, on stand-ins for Rust and the tuner. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Classifier, type Logger, type TrainStep } from "../src/index.js";
import type { Finetuning } from "../src/worker/finetune/finetuning.js";
import { ViewStore } from "../src/worker/finetune/view-store.js";
import type { Started } from "../src/worker/start.js";
import { Traps } from "../src/worker/traps.js";
import { deferred } from "./fake/deferred.js";
import { FakeFolder } from "./fake/folder.js";
import { file } from "./fake/images.js";
import { FakeSession } from "./fake/session.js";
import { FakeTuner } from "./fake/tuner.js";
import { fakeWorker, started } from "./fake/worker.js";

const weights = new ArrayBuffer(1);
const made: Classifier[] = [];
const finetune = { method: "finetune" } as const;

async function setUp(changes: Partial<Started> = {}, photos = files(3)) {
  const wasm = new FakeSession();
  const tuner = new FakeTuner();
  const traps = new Traps();
  const finetunings = new Set<Finetuning>();
  const { Worker, workers } = fakeWorker({
    start: async () => ({ ...started(wasm, tuner), ...changes }),
    traps,
    finetunings,
  });
  vi.stubGlobal("Worker", Worker);
  const warn = vi.fn<Logger["warn"]>();
  const nothing = () => undefined;
  const logger = { debug: nothing, info: nothing, warn, error: nothing };
  const classifier = await Classifier.create({
    weights,
    backend: "cpu",
    cache: false,
    logger,
  });
  made.push(classifier);
  if (photos.length > 0) await classifier.add(photos, { label: "ants" });
  const worker = workers[0]!;
  return { wasm, tuner, traps, finetunings, classifier, warn, worker };
}

const files = (count: number) =>
  Array.from({ length: count }, (_, i) => file(`photo ${i}`));

async function all(run: AsyncIterable<TrainStep>): Promise<TrainStep[]> {
  const steps: TrainStep[] = [];
  for await (const step of run) steps.push(step);
  return steps;
}

/** Goes on until a step of this phase that has something to show. */
async function until(run: AsyncIterator<TrainStep, void>, phase: string) {
  for (;;) {
    const { value } = await run.next();
    if (!value) throw new Error(`there was no ${phase}`);
    if (value.phase === phase && value.epoch > 0) return;
  }
}

const pixels = () =>
  Object.assign(
    Object.create({ [Symbol.toStringTag]: "ImageData" }) as ImageData,
    { data: new Uint8ClampedArray(1600), width: 20, height: 20 },
  );

afterEach(() => {
  for (const classifier of made.splice(0)) classifier.dispose();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("fine-tuning", () => {
  it("fits a head, views the images, tunes, and compares", async () => {
    const { classifier, wasm, tuner, finetunings, warn } = await setUp();
    const steps = await all(classifier.train(finetune));
    const seen = steps.map(({ phase, epoch, epochs }) => [
      phase,
      epoch,
      epochs,
    ]);
    expect(seen).toEqual([
      ["fit", 1, 3],
      ["fit", 2, 3],
      ["fit", 3, 3],
      ["views", 0, null],
      ["views", 1, 3],
      ["views", 2, 3],
      ["views", 3, 3],
      ["finetune", 1, 3],
      ["finetune", 2, 3],
      ["finetune", 3, 3],
      ["comparing", 1, null],
    ]);
    expect(steps[5]).toEqual({
      epoch: 2,
      epochs: 3,
      phase: "views",
      loss: 0,
      trainAccuracy: null,
      validationLoss: null,
      validationAccuracy: null,
      l2: null,
      done: 2 / 3,
    });
    const tuning = steps.filter(({ phase }) => phase === "finetune");
    expect(tuning.map(({ loss, done }) => [loss, done])).toEqual([
      [0, 1 / 3],
      [0.5, 2 / 3],
      [0.5, 1],
    ]);
    expect(tuning[2]).toMatchObject({
      trainAccuracy: null,
      validationLoss: null,
      validationAccuracy: 0.75,
      l2: null,
    });
    expect(new TextDecoder().decode(wasm.outcome)).toBe("tuned");
    expect(tuner.ended).toBe(true);
    expect(finetunings.size).toBe(0);
    expect(warn).not.toHaveBeenCalled();
  });

  it("shows the tuner the views that it wants: which image's, and which of them", async () => {
    const { classifier, tuner } = await setUp();
    await all(classifier.train(finetune));
    expect(tuner.seen).toEqual([
      [0, 0],
      [1, 1, 0, 0],
      [1, 0],
    ]);
  });

  it("sends images once they are wanted, a few at a time", async () => {
    const { classifier, wasm } = await setUp({}, files(9));
    const run = classifier.train(finetune);
    for (let i = 0; i < 4; i++) await run.next();
    expect(wasm.viewed).toEqual([]);
    await run.next();
    expect(wasm.viewed).toEqual([0]);
    await run.return();
  });

  it("does nothing while nobody asks for the next step", async () => {
    const { classifier, wasm, tuner } = await setUp();
    const run = classifier.train(finetune);
    await until(run, "finetune");
    const before = tuner.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tuner.seen).toHaveLength(before);
    expect(wasm.outcome).toBeUndefined();
    await run.return();
  });

  it("asks other methods for no image", async () => {
    const { classifier, wasm } = await setUp({}, []);
    await classifier.add([pixels()], { label: "ants" });
    const steps = await all(classifier.train());
    expect(steps.map(({ phase }) => phase)).toEqual(["fit", "fit", "fit"]);
    expect(wasm.viewed).toEqual([]);
  });

  it("counts the tuner's memory while there is one", async () => {
    const { classifier } = await setUp();
    const wasm = async () => (await classifier.stats()).memory.wasm;
    const before = await wasm();
    const run = classifier.train(finetune);
    await until(run, "finetune");
    expect(await wasm()).toBe(before + 1_000);
    await all(run);
    expect(await wasm()).toBe(before);
  });
});

describe("images that are not there", () => {
  it("are told of at once, and nothing is lost", async () => {
    const { classifier, wasm } = await setUp({}, files(2));
    await classifier.add([pixels()], { label: "ants" });
    const prepared = vi.spyOn(wasm, "trainEpoch");
    await expect(all(classifier.train(finetune))).rejects.toMatchObject({
      code: "IMAGES_MISSING",
      message: expect.stringMatching(
        /1 of 3 are not here: add the same files again.*as files/,
      ) as unknown,
    });
    expect(prepared).not.toHaveBeenCalled();
    expect(classifier.classes).toMatchObject([{ auto: 3 }]);
    expect(await all(classifier.train())).toHaveLength(3);
  });

  it("are there again when the same files are added, which count once", async () => {
    const { classifier, wasm } = await setUp({}, []);
    // As after loading a project.
    for (const name of ["a", "b", "c"])
      wasm.addSample(
        {
          name,
          label: "ants",
          hash: `hash of ${name}`,
          split: "auto",
          group: null,
          taken: null,
        },
        Uint8Array.of(1),
      );
    await expect(all(classifier.train(finetune))).rejects.toMatchObject({
      code: "IMAGES_MISSING",
      message: expect.stringContaining("3 of 3") as unknown,
    });
    const photos = [file("a"), file("b"), file("c")];
    const added = await classifier.add(photos, { label: "ants" });
    expect(added.added).toBe(0);
    expect(added.duplicates.map(({ code }) => code)).toEqual([
      "DUPLICATE",
      "DUPLICATE",
      "DUPLICATE",
    ]);
    const phases = (await all(classifier.train(finetune))).map((s) => s.phase);
    expect(phases).toContain("finetune");
    const { predictions } = await classifier.evaluate();
    expect(predictions[1]!.image).toBe(photos[1]);
  });

  it("keep the file that they were first added with", async () => {
    const { classifier, wasm } = await setUp({}, []);
    const first = file("a");
    await classifier.add([first], { label: "ants" });
    await classifier.add([file("copy", "a")], { label: "ants" });
    wasm.head = "trained";
    const { predictions } = await classifier.evaluate();
    expect(predictions[0]!.image).toBe(first);
  });
});

describe("an image that can no longer be read", () => {
  it("is named, and ends the run with the head that was fitted", async () => {
    const photos = files(3);
    const { classifier, wasm, finetunings } = await setUp({}, photos);
    const run = classifier.train(finetune);
    for (let i = 0; i < 4; i++) await run.next();
    const gone = () => Promise.reject(new DOMException("moved"));
    vi.spyOn(Blob.prototype, "arrayBuffer").mockImplementation(gone);
    await expect(run.next()).rejects.toMatchObject({
      code: "IMAGE_UNDECODABLE",
      message: expect.stringContaining("photo 0") as unknown,
    });
    expect(wasm.head).toBe("trained");
    expect(finetunings.size).toBe(0);
    vi.restoreAllMocks();
    expect(await all(classifier.train())).toHaveLength(3);
  });
});

describe("fine-tuning that is left", () => {
  it.each(["views", "finetune"])(
    "by an abort while nobody asks, during %s, leaves nothing behind",
    async (phase) => {
      const close = vi.spyOn(ViewStore.prototype, "close");
      const { classifier, wasm, tuner, finetunings } = await setUp();
      const abort = new AbortController();
      const run = classifier.train({ ...finetune, signal: abort.signal });
      await until(run, phase);
      abort.abort();
      await vi.waitFor(() => expect(finetunings.size).toBe(0));
      await vi.waitFor(() => expect(close).toHaveBeenCalled());
      expect(tuner.ended).toBe(phase === "finetune");
      await expect(run.next()).rejects.toMatchObject({ code: "CANCELLED" });
      expect(wasm.head).toBe("trained");
      expect(wasm.outcome).toBeUndefined();
      expect(await all(classifier.train())).toHaveLength(3);
    },
  );

  it.each(["views", "finetune"])(
    "by its loop, during %s, leaves nothing behind",
    async (phase) => {
      const { classifier, wasm, tuner, finetunings } = await setUp();
      for await (const step of classifier.train(finetune))
        if (step.phase === phase && step.epoch > 0) break;
      expect(finetunings.size).toBe(0);
      expect(tuner.ended).toBe(phase === "finetune");
      expect(wasm.outcome).toBeUndefined();
      expect(await all(classifier.train())).toHaveLength(3);
    },
  );

  it.each([
    ["goes on", () => Promise.resolve()],
    ["fails", () => Promise.reject(new Error("out of memory"))],
  ])("by an abort during a step that %s is cancelled", async (_, goOn) => {
    const { classifier, wasm, tuner, warn } = await setUp();
    const abandon = vi.spyOn(wasm, "abandonTuning");
    const gate = deferred();
    const working = vi.fn(() => gate.promise.then(goOn));
    tuner.gate = working;
    const abort = new AbortController();
    const pending = all(
      classifier.train({ ...finetune, signal: abort.signal }),
    );
    await vi.waitFor(() => expect(working).toHaveBeenCalled());
    abort.abort();
    setTimeout(gate.resolve, 20);
    await expect(pending).rejects.toMatchObject({ code: "CANCELLED" });
    expect(tuner.ended).toBe(true);
    expect(abandon).not.toHaveBeenCalled();
    expect(warn).not.toHaveBeenCalled();
  });

  it("by disposing of the classifier leaves nothing behind", async () => {
    const close = vi.spyOn(ViewStore.prototype, "close");
    const { classifier, wasm, tuner } = await setUp();
    await until(classifier.train(finetune), "finetune");
    classifier.dispose();
    await vi.waitFor(() => expect(wasm.freed).toBe(true));
    expect(tuner.ended).toBe(true);
    expect(close).toHaveBeenCalled();
  });

  it("by disposing of the classifier in a step does not wait for it", async () => {
    const { classifier, tuner, worker, warn } = await setUp();
    const gate = deferred();
    const working = vi.fn(() => gate.promise);
    tuner.gate = working;
    const pending = all(classifier.train(finetune));
    await vi.waitFor(() => expect(working).toHaveBeenCalled());
    classifier.dispose();
    await expect(pending).rejects.toMatchObject({ code: "DISPOSED" });
    await vi.waitFor(() => expect(worker.terminated).toBe(true), 3000);
    expect(tuner.ended).toBe(true);
    expect(warn).not.toHaveBeenCalled();
    gate.resolve();
  });

  it("by a classifier that has died leaves nothing behind", async () => {
    const { classifier, wasm, tuner, finetunings } = await setUp();
    await until(classifier.train(finetune), "finetune");
    wasm.stage = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    await expect(classifier.embed(files(1))).rejects.toMatchObject({
      code: "INTERNAL",
    });
    await vi.waitFor(() => expect(finetunings.size).toBe(0));
    expect(tuner.ended).toBe(true);
    expect(wasm.freed).toBe(false);
  });
});

describe("a tuner that fails", () => {
  it.each([
    ["while it starts", { start: new Error("out of memory") }],
    ["in a step", { step: new Error("out of memory") }],
    ["at the end", { finish: new Error("out of memory") }],
  ])("%s leaves the head that was fitted, and says so", async (_, fault) => {
    const tuner = new FakeTuner();
    if ("step" in fault) tuner.gate = () => Promise.reject(fault.step);
    if ("finish" in fault) tuner.finish = () => Promise.reject(fault.finish);
    const { classifier, wasm, warn, finetunings } = await setUp({
      prepareTuner: async () => async () => {
        if ("start" in fault) throw fault.start;
        return tuner;
      },
    });
    const steps = await all(classifier.train(finetune));
    expect(steps.some(({ phase }) => phase === "comparing")).toBe(false);
    expect(wasm.head).toBe("trained");
    expect(wasm.outcome).toBeUndefined();
    expect(finetunings.size).toBe(0);
    await vi.waitFor(() =>
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        expect.stringContaining("out of memory"),
      ),
    );
    expect(await classifier.predict([file("a")])).toHaveLength(1);
    expect(await all(classifier.train())).toHaveLength(3);
  });

  it("to be found ends the run before anything takes long", async () => {
    const { classifier, wasm } = await setUp({
      prepareTuner: () => Promise.reject(new Error("status 404")),
    });
    const step = vi.spyOn(wasm, "trainEpoch");
    await expect(all(classifier.train(finetune))).rejects.toThrow("status 404");
    expect(step).not.toHaveBeenCalled();
    expect(await all(classifier.train())).toHaveLength(3);
  });
});

describe("no room for the views", () => {
  it("ends the run with the head that was fitted", async () => {
    const open = ViewStore.open.bind(ViewStore);
    vi.spyOn(ViewStore, "open").mockImplementation((images) =>
      open(images, async () => new FakeFolder(2), 0),
    );
    const { classifier, wasm, finetunings } = await setUp();
    await expect(all(classifier.train(finetune))).rejects.toMatchObject({
      code: "NO_ROOM",
    });
    expect(wasm.head).toBe("trained");
    expect(finetunings.size).toBe(0);
  });
});

describe("a tuned tail", () => {
  /** Notes what each network has computed. */
  async function setUpNetworks() {
    const seen: [network: string, image: string][] = [];
    const freed: string[] = [];
    const note = (network: string, crops: Uint8Array) => {
      const names = JSON.parse(new TextDecoder().decode(crops)) as string[];
      seen.push(...names.map((name): [string, string] => [network, name]));
    };
    const features = (crops: Uint8Array) => {
      const { length } = JSON.parse(
        new TextDecoder().decode(crops),
      ) as string[];
      const maps = new Float32Array();
      return { embeddings: new Float32Array(2 * length), maps };
    };
    const parts = await setUp({
      run: async (crops) => {
        note("frozen", crops);
        return features(crops);
      },
      withTail: async (tail) => {
        const name = new TextDecoder().decode(tail);
        return {
          run: async (crops) => {
            note(name, crops);
            return features(crops);
          },
          free: () => void freed.push(name),
        };
      },
    });
    seen.length = 0;
    return { ...parts, seen, freed };
  }

  it("is what predicts and embeds, and not what adds", async () => {
    const { classifier, seen } = await setUpNetworks();
    await all(classifier.train(finetune));
    await classifier.predict([file("a")]);
    await classifier.embed([file("b")]);
    await classifier.add([file("c")], { label: "bees" });
    await classifier.predict([file("d")]);
    expect(seen).toEqual([
      ["tuned", "a"],
      ["tuned", "b"],
      ["frozen", "c"],
      ["tuned", "d"],
    ]);
  });

  it("of a project is there after loading", async () => {
    const { classifier, wasm, seen } = await setUpNetworks();
    wasm.head = "trained";
    wasm.tailFile = new TextEncoder().encode("loaded");
    await classifier.predict([file("a")]);
    expect(seen).toEqual([["loaded", "a"]]);
  });

  it("goes with the head that it was tuned with, and is freed", async () => {
    const { classifier, seen, freed } = await setUpNetworks();
    await all(classifier.train(finetune));
    await classifier.predict([file("a")]);
    expect(freed).toEqual([]);
    await all(classifier.train());
    await classifier.predict([file("b")]);
    expect(freed).toEqual(["tuned"]);
    expect(seen).toEqual([
      ["tuned", "a"],
      ["frozen", "b"],
    ]);
  });

  it("gives way to the head that is fitted before the next is tuned", async () => {
    const { classifier, seen, freed } = await setUpNetworks();
    await all(classifier.train(finetune));
    await classifier.predict([file("a")]);
    const run = classifier.train(finetune);
    await until(run, "views");
    await classifier.predict([file("b")]);
    await run.return();
    await classifier.predict([file("c")]);
    expect(seen).toEqual([
      ["tuned", "a"],
      ["frozen", "b"],
      ["frozen", "c"],
    ]);
    expect(freed).toEqual(["tuned"]);
  });

  it("is what predicts once it is in place, and no longer when the run is left after all", async () => {
    const { classifier, seen } = await setUpNetworks();
    const run = classifier.train(finetune);
    await until(run, "views");
    await classifier.predict([file("a")]);
    await until(run, "comparing");
    await classifier.predict([file("b")]);
    await run.return();
    await classifier.predict([file("c")]);
    expect(seen).toEqual([
      ["frozen", "a"],
      ["tuned", "b"],
      ["frozen", "c"],
    ]);
  });

  it("is loaded once, and freed with the classifier", async () => {
    const { classifier, wasm, freed } = await setUpNetworks();
    const asked = vi.spyOn(wasm, "tail");
    await all(classifier.train(finetune));
    await classifier.predict([file("a")]);
    await classifier.predict([file("b")]);
    expect(asked).toHaveBeenCalledOnce();
    classifier.dispose();
    await vi.waitFor(() => expect(freed).toEqual(["tuned"]));
    await vi.waitFor(() => expect(wasm.freed).toBe(true));
  });
});
