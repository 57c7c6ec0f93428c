/** Every public call, given what makes no sense: it rejects with a code, throws nothing, and changes nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Classifier, type ErrorCode } from "../src/index.js";
import { Classifier as SlimClassifier } from "../src/slim.js";
import { file } from "./fake/images.js";
import { FakeSession } from "./fake/session.js";
import { fakeWorker, started } from "./fake/worker.js";

const weights = new ArrayBuffer(1);
const wasm = { cpu: "https://example.org/headstart.wasm" };
let session: FakeSession;
let classifier: Classifier;

beforeEach(async () => {
  session = new FakeSession();
  const { Worker } = fakeWorker({ start: async () => started(session) });
  vi.stubGlobal("Worker", Worker);
  classifier = await Classifier.create({ weights });
  await classifier.add([file("a"), file("b")], { label: "ants" });
});
afterEach(() => {
  classifier.dispose();
  vi.unstubAllGlobals();
});

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

const aborted = { signal: AbortSignal.abort() };
const label = "ants";

/** Anything may be passed by a caller without types. */
type Any = (...values: unknown[]) => unknown;
const call = (owner: object, method: string) =>
  (owner as Record<string, Any>)[method]!.bind(owner);
const on =
  (method: string) =>
  (...values: unknown[]) =>
    call(classifier, method)(...values);
const create = (options: unknown) => call(Classifier, "create")(options);
const load = (...values: unknown[]) => call(Classifier, "load")(...values);
const slim = (options: unknown) => call(SlimClassifier, "create")(options);
const train = (options: unknown) =>
  (on("train")(options) as AsyncGenerator).next();

const cases: [name: string, () => unknown, ErrorCode, says: string][] = [
  ["create()", () => create(undefined), "INVALID_ARGUMENT", "weights"],
  ["create(null)", () => create(null), "INVALID_ARGUMENT", "options"],
  ["create('w')", () => create("w"), "INVALID_ARGUMENT", "options"],
  ["create: no weights", () => create({}), "INVALID_ARGUMENT", "weights"],
  [
    "create: weights null",
    () => create({ weights: null }),
    "INVALID_ARGUMENT",
    "null",
  ],
  [
    "create: weights 7",
    () => create({ weights: 7 }),
    "INVALID_ARGUMENT",
    "weights are 7",
  ],
  [
    "create: weights not a URL",
    () => create({ weights: "http://" }),
    "INVALID_ARGUMENT",
    "http://",
  ],
  [
    "create: a detached buffer",
    () => create({ weights: detached() }),
    "INVALID_ARGUMENT",
    "detached",
  ],
  [
    "create: backend",
    () => create({ weights, backend: "gpu" }),
    "INVALID_ARGUMENT",
    '"gpu"',
  ],
  [
    "create: views",
    () => create({ weights, views: null }),
    "INVALID_ARGUMENT",
    "views is null",
  ],
  [
    "create: features",
    () => create({ weights, features: null }),
    "INVALID_ARGUMENT",
    "features is null",
  ],
  [
    "create: cache",
    () => create({ weights, cache: "no" }),
    "INVALID_ARGUMENT",
    "cache",
  ],
  [
    "create: logger",
    () => create({ weights, logger: { warn: () => undefined } }),
    "INVALID_ARGUMENT",
    "logger",
  ],
  [
    "create: logger null",
    () => create({ weights, logger: null }),
    "INVALID_ARGUMENT",
    "logger",
  ],
  [
    "create: onProgress",
    () => create({ weights, onProgress: true }),
    "INVALID_ARGUMENT",
    "onProgress",
  ],
  [
    "create: signal",
    () => create({ weights, signal: {} }),
    "INVALID_ARGUMENT",
    "signal",
  ],
  [
    "create: an aborted signal",
    () => create({ weights, ...aborted }),
    "CANCELLED",
    "cancelled",
  ],
  ["load()", () => load(undefined, { weights }), "INVALID_ARGUMENT", "file"],
  ["load(null)", () => load(null, { weights }), "INVALID_ARGUMENT", "null"],
  [
    "load: a detached buffer",
    () => load(detached(), { weights }),
    "INVALID_ARGUMENT",
    "detached",
  ],
  [
    "load: no options",
    () => load(new Blob(["x"])),
    "INVALID_ARGUMENT",
    "options|weights",
  ],
  [
    "load: an aborted signal",
    () => load(new Blob(["x"]), { weights, ...aborted }),
    "CANCELLED",
    "cancelled",
  ],
  ["slim: no wasm", () => slim({ weights }), "INVALID_ARGUMENT", "wasm"],
  ["slim: null", () => slim(null), "INVALID_ARGUMENT", "options"],
  [
    "slim: wasm.cpu",
    () => slim({ weights, wasm: { cpu: 7 } }),
    "INVALID_ARGUMENT",
    "wasm.cpu is 7",
  ],
  [
    "slim: worker",
    () => slim({ weights, wasm, worker: "worker.js" }),
    "INVALID_ARGUMENT",
    "worker",
  ],
  ["add(null)", () => on("add")(null, { label }), "INVALID_ARGUMENT", "null"],
  ["add: no options", () => on("add")([]), "INVALID_ARGUMENT", "label"],
  [
    "add: options null",
    () => on("add")([], null),
    "INVALID_ARGUMENT",
    "options",
  ],
  [
    "add: label 7",
    () => on("add")([], { label: 7 }),
    "INVALID_ARGUMENT",
    "label is 7",
  ],
  [
    "add: a file alone",
    () => on("add")(file("c"), { label }),
    "INVALID_ARGUMENT",
    "iterable",
  ],
  [
    "add: a string",
    () => on("add")("c.jpg", { label }),
    "INVALID_ARGUMENT",
    "Image 1",
  ],
  [
    "add: a path",
    () => on("add")(["c.jpg"], { label }),
    "INVALID_ARGUMENT",
    "Image 1",
  ],
  [
    "add: null among images",
    () => on("add")([null], { label }),
    "INVALID_ARGUMENT",
    "Image 1 is null",
  ],
  [
    "add: group",
    () => on("add")([file("c")], { label, group: {} }),
    "INVALID_ARGUMENT",
    "group is an Object",
  ],
  [
    "add: an aborted signal",
    () => on("add")([file("c")], { label, ...aborted }),
    "CANCELLED",
    "cancelled",
  ],
  [
    "add: signal",
    () => on("add")([file("c")], { label, signal: "now" }),
    "INVALID_ARGUMENT",
    "signal",
  ],
  ["train(null)", () => train(null), "INVALID_ARGUMENT", "options"],
  [
    "train: a function",
    () => train({ onStep: () => undefined }),
    "INVALID_ARGUMENT",
    "could not be cloned",
  ],
  ["train: signal", () => train({ signal: 1 }), "INVALID_ARGUMENT", "signal"],
  ["train: an aborted signal", () => train(aborted), "CANCELLED", "cancelled"],
  ["predict(null)", () => on("predict")(null), "INVALID_ARGUMENT", "null"],
  ["predict: options", () => on("predict")([], 7), "INVALID_ARGUMENT", "7"],
  [
    "predict: an aborted signal",
    () => on("predict")([], aborted),
    "CANCELLED",
    "cancelled",
  ],
  ["embed(null)", () => on("embed")(null), "INVALID_ARGUMENT", "null"],
  [
    "embed: options null",
    () => on("embed")([], null),
    "INVALID_ARGUMENT",
    "options",
  ],
  [
    "embed: an aborted signal",
    () => on("embed")([file("c")], aborted),
    "CANCELLED",
    "cancelled",
  ],
  ["evaluate(null)", () => on("evaluate")(null), "INVALID_ARGUMENT", "options"],
  [
    "evaluate: an aborted signal",
    () => on("evaluate")(aborted),
    "CANCELLED",
    "cancelled",
  ],
  [
    "export: an aborted signal",
    () => on("export")("project", aborted),
    "CANCELLED",
    "cancelled",
  ],
  ["export()", () => on("export")(), "INVALID_ARGUMENT", "format"],
  ["export('zip')", () => on("export")("zip"), "INVALID_ARGUMENT", '"zip"'],
  [
    "export: a head there is not",
    () => on("export")("safetensors"),
    "NOT_TRAINED",
    "train",
  ],
  ["rename()", () => on("rename")(), "INVALID_ARGUMENT", "undefined"],
  [
    "rename: to nothing",
    () => on("rename")("ants", " "),
    "INVALID_ARGUMENT",
    "new name",
  ],
  ["remove()", () => on("remove")(), "INVALID_ARGUMENT", "label"],
  ["remove(null)", () => on("remove")(null), "INVALID_ARGUMENT", "options"],
  [
    "remove: both",
    () => on("remove")({ label, ids: [0] }),
    "INVALID_ARGUMENT",
    "either",
  ],
  [
    "remove: half an id",
    () => on("remove")({ ids: [0.5] }),
    "INVALID_ARGUMENT",
    "ids",
  ],
  [
    "remove: ids null",
    () => on("remove")({ ids: null }),
    "INVALID_ARGUMENT",
    "ids",
  ],
];

describe("a call that makes no sense", () => {
  it.each(cases)("%s", async (_, attempt, code, says) => {
    let result: unknown;
    expect(() => (result = attempt())).not.toThrow();
    const error = await (result as Promise<unknown>).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ name: "HeadstartError", code });
    expect((error as Error).message).toMatch(new RegExp(says, "i"));
    expect(await classifier.stats()).toMatchObject({ images: 2 });
    expect(session.staged).toEqual([]);
  });

  it("is told the same of a classifier that was disposed of", async () => {
    classifier.dispose();
    const calls = [
      on("add")([file("c")], { label }),
      train({}),
      on("evaluate")(),
      on("predict")([file("c")]),
      on("embed")([file("c")]),
      on("export")("project"),
      on("rename")("ants", "bees"),
      on("remove")({ label }),
      on("stats")(),
    ];
    for (const each of calls)
      await expect(each).rejects.toMatchObject({ code: "DISPOSED" });
    expect(() => classifier.dispose()).not.toThrow();
    expect(classifier.classes).toMatchObject([{ label: "ants", auto: 2 }]);
  });
});

describe("calls on the images", () => {
  it("rename and remove them, and forget their files", async () => {
    await classifier.rename("ants", "wood ants");
    expect(classifier.classes).toMatchObject([{ label: "wood ants" }]);
    expect(await classifier.remove({ ids: [0] })).toBe(1);
    expect(classifier.classes).toMatchObject([{ auto: 1 }]);
    session.head = "trained";
    const { predictions } = await classifier.evaluate();
    expect(predictions.map(({ id, image }) => [id, image?.size])).toEqual([
      [1, 1],
    ]);
    expect(await classifier.remove({ label: "wood ants" })).toBe(1);
    expect(classifier.classes).toEqual([]);
  });

  it("export them, and start from what was exported", async () => {
    const project = await classifier.export("project");
    expect([...new Uint8Array(await project.arrayBuffer())]).toEqual([2, 2]);
    const again = await Classifier.load(project, { weights });
    expect(again).toBeInstanceOf(Classifier);
    again.dispose();
  });
});
