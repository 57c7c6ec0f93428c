import { describe, expect, it, vi } from "vitest";
import type { Outgoing } from "../src/protocol.js";
import type { Split } from "../src/types/index.js";
import { Session } from "../src/worker/session.js";
import { Traps } from "../src/worker/traps.js";
import { deferred } from "./fake/deferred.js";
import { FakeFolder } from "./fake/folder.js";
import { fakeDecoder, file } from "./fake/images.js";
import { FakeSession } from "./fake/session.js";
import { started } from "./fake/worker.js";

const never = new AbortController().signal;

function setUp() {
  const wasm = new FakeSession();
  const session = new Session(started(wasm), {
    decoder: fakeDecoder,
    cache: undefined,
    log: () => undefined,
    traps: new Traps(),
    openFolder: async () => new FakeFolder(),
    finetunings: new Set(),
  });
  return { wasm, session };
}

const files = (...names: string[]): Outgoing[] =>
  names.map((name) => ({ kind: "file", name, blob: file(name) }));

const request = (
  images: Outgoing[],
  label = "ants",
  split: Split = "auto",
) => ({
  images,
  label,
  split,
});

describe("adding", () => {
  it("embeds a batch at once and counts it", async () => {
    const { wasm, session } = setUp();
    const added = await session.add(
      request(files("a", "b"), "ants", "test"),
      never,
    );
    expect(added).toEqual({
      added: 2,
      duplicates: [],
      rejected: [],
      ids: [0, 1],
    });
    expect(wasm.embedded).toEqual([["a", "b"]]);
    expect(session.classes).toEqual([
      { label: "ants", auto: 0, train: 0, test: 2 },
    ]);
  });

  it("adds an image with its group, and with when it was taken where it says so", async () => {
    const { wasm, session } = setUp();
    const data = new Uint8ClampedArray(4 * 20 * 30);
    const pixels = { data, width: 20, height: 30 } as unknown as ImageData;
    const taken = file("a.jpg", "taken 1700000000");
    await session.add(
      request([
        { kind: "file", name: "a.jpg", blob: taken, group: "burst" },
        ...files("b.jpg"),
        { kind: "pixels", name: "pixels", pixels, group: "burst" },
      ]),
      never,
    );
    expect(
      wasm.samples.map(({ name, group, taken }) => [name, group, taken]),
    ).toEqual([
      ["a.jpg", "burst", 1_700_000_000],
      ["b.jpg", null, null],
      ["pixels", "burst", null],
    ]);
  });

  it("tells duplicates, of earlier calls and within one batch, and counts them once", async () => {
    const { wasm, session } = setUp();
    await session.add(request(files("a")), never);
    const images: Outgoing[] = [
      { kind: "file", name: "again", blob: file("again", "a") },
      { kind: "file", name: "b", blob: file("b") },
      { kind: "file", name: "b2", blob: file("b2", "b") },
    ];
    const added = await session.add(request(images), never);
    expect(added.added).toBe(1);
    expect(added.duplicates).toEqual([
      {
        name: "again",
        code: "DUPLICATE",
        reason: "again shows the same as a.",
      },
      { name: "b2", code: "DUPLICATE", reason: "b2 shows the same as b." },
    ]);
    expect(added.ids).toEqual([0, 1, 1]);
    expect(wasm.samples.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("tells the same content under another label as a conflict, and does not add it", async () => {
    const { wasm, session } = setUp();
    await session.add(request(files("a")), never);
    const again: Outgoing = {
      kind: "file",
      name: "again",
      blob: file("again", "a"),
    };
    const added = await session.add(request([again], "bees"), never);
    expect(added).toEqual({
      added: 0,
      duplicates: [
        {
          name: "again",
          code: "LABEL_CONFLICT",
          reason: "again shows the same as a, which is ants.",
        },
      ],
      rejected: [],
      ids: [0],
    });
    expect(wasm.samples).toHaveLength(1);
    expect(wasm.embedded).toEqual([["a"]]);
  });

  it("tells what cannot be used and goes on with the rest", async () => {
    const { session } = setUp();
    const images: Outgoing[] = [
      { kind: "file", name: "empty.jpg", blob: file("empty.jpg", "") },
      { kind: "file", name: "half.jpg", blob: file("half.jpg", "broken") },
      {
        kind: "failed",
        name: "image 3",
        error: {
          code: "IMAGE_UNDECODABLE",
          message: "There are no pixels in image 3.",
        },
      },
      ...files("good.jpg"),
    ];
    const added = await session.add(request(images), never);
    expect(added.added).toBe(1);
    expect(added.rejected.map(({ name, code }) => [name, code])).toEqual([
      ["empty.jpg", "IMAGE_EMPTY"],
      ["half.jpg", "IMAGE_UNDECODABLE"],
      ["image 3", "IMAGE_UNDECODABLE"],
    ]);
    expect(added.ids).toEqual([null, null, null, 0]);
  });

  it("takes decoded images, and closes bitmaps", async () => {
    const { wasm, session } = setUp();
    const close = vi.fn();
    const bitmap = { width: 20, height: 20, close } as unknown as ImageBitmap;
    const data = new Uint8ClampedArray(4 * 20 * 30);
    const pixels = { data, width: 20, height: 30 } as unknown as ImageData;
    const small = { data, width: 2, height: 2 } as unknown as ImageData;
    const added = await session.add(
      request([
        { kind: "bitmap", name: "bitmap", bitmap },
        { kind: "pixels", name: "pixels", pixels },
        { kind: "pixels", name: "small", pixels: small },
      ]),
      never,
    );
    expect(added.added).toBe(2);
    expect(added.rejected).toMatchObject([
      { name: "small", code: "IMAGE_TOO_SMALL" },
    ]);
    expect(wasm.embedded).toEqual([["bitmap", "pixels"]]);
    expect(close).toHaveBeenCalled();
  });

  it("drops a batch that is cancelled while it is computed, and nothing else", async () => {
    const { wasm, session } = setUp();
    await session.add(request(files("a")), never);
    const gate = deferred();
    wasm.gate = () => gate.promise;
    const abort = new AbortController();
    const cancelled = session.add(request(files("b", "c")), abort.signal);
    await vi.waitFor(() => expect(wasm.running).toHaveLength(2));
    abort.abort();
    gate.resolve();
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    expect(session.classes).toEqual([
      { label: "ants", auto: 1, train: 0, test: 0 },
    ]);
    expect(wasm.staged).toEqual([]);
    const added = await session.add(request(files("b")), never);
    expect(added.added).toBe(1);
  });

  it("leaves nothing staged when the call fails", async () => {
    const { wasm, session } = setUp();
    wasm.duplicate = (name) => {
      if (name === "b") throw new Error("bug");
      return undefined;
    };
    await expect(session.add(request(files("a", "b")), never)).rejects.toThrow(
      "bug",
    );
    expect(wasm.staged).toEqual([]);
  });
});

describe("embedding", () => {
  it("gives each image its own, in order", async () => {
    const { session } = setUp();
    const embeddings = await session.embed(files("a", "bcd"), never);
    expect(embeddings).toEqual([Float32Array.of(1, 1), Float32Array.of(3, 1)]);
    expect(session.classes).toEqual([]);
  });

  it("fails for an image that cannot be used, and stages nothing of the call", async () => {
    const { wasm, session } = setUp();
    const images: Outgoing[] = [
      ...files("a"),
      { kind: "file", name: "half.jpg", blob: file("half.jpg", "broken") },
    ];
    await expect(session.embed(images, never)).rejects.toMatchObject({
      code: "IMAGE_UNDECODABLE",
      message: expect.stringContaining("half.jpg") as unknown,
    });
    expect(wasm.staged).toEqual([]);
  });
});

describe("predicting", () => {
  it("stages a batch and asks for all of it at once, with the options", async () => {
    const { wasm, session } = setUp();
    const ask = vi.spyOn(wasm, "predict");
    const options = { top: 1, heatmap: true, nearest: 2 };
    const predictions = await session.predict(
      files("a", "bcd"),
      options,
      never,
    );
    expect(ask.mock.calls.map((call) => call.at(-1))).toEqual([options]);
    expect(wasm.predicted).toEqual([["a", "bcd"]]);
    expect(predictions).toMatchObject([
      { label: "length 1", heatmap: { label: "length 1" } },
      { label: "length 3", heatmap: { label: "length 3" } },
    ]);
  });

  it("leaves nothing staged when it is cancelled while a batch is read", async () => {
    const { wasm, session } = setUp();
    const abort = new AbortController();
    const stage = wasm.stage.bind(wasm);
    wasm.stage = (name) => {
      stage(name);
      if (name === "b") abort.abort();
    };
    await expect(
      session.predict(files("a", "b", "c"), {}, abort.signal),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    expect(wasm.staged).toEqual([]);
    expect(wasm.predicted).toEqual([]);
  });

  it("leaves nothing staged when an image cannot be used", async () => {
    const { wasm, session } = setUp();
    const images: Outgoing[] = [
      ...files("a"),
      { kind: "file", name: "half.jpg", blob: file("half.jpg", "broken") },
    ];
    await expect(session.predict(images, {}, never)).rejects.toMatchObject({
      code: "IMAGE_UNDECODABLE",
      message: expect.stringContaining("half.jpg") as unknown,
    });
    expect(wasm.staged).toEqual([]);
  });
});

describe("the session in Rust", () => {
  it("is never used by two calls at once", async () => {
    const { wasm, session } = setUp();
    wasm.gate = () => new Promise((resolve) => setTimeout(resolve, 5));
    await session.add(request(files("a")), never);
    const { run } = await session.startTraining({}, never);
    const results = await Promise.all([
      session.trainEpoch(run, never),
      session.add(request(files("b", "c")), never),
      session.trainEpoch(run, never),
      session.embed(files("d"), never),
      session.predict(files("e"), {}, never),
    ]);
    expect(results).toMatchObject([
      { step: { epoch: 1 } },
      { added: 2 },
      { step: { epoch: 2 } },
      [{}],
      [{ label: "length 1" }],
    ]);
  });

  it("is not called again after it has died", async () => {
    const { wasm, session } = setUp();
    wasm.stage = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    const discard = vi.spyOn(wasm, "takeStaged");
    await expect(session.add(request(files("a")), never)).rejects.toThrow(
      "unreachable",
    );
    expect(discard).not.toHaveBeenCalled();
  });
});

describe("a training run", () => {
  it("that was cancelled cannot touch the next one", async () => {
    const { session } = setUp();
    await session.add(request(files("a")), never);
    const { run: first } = await session.startTraining({}, never);
    await session.cancelTraining(first);
    const { run: second } = await session.startTraining({}, never);
    await session.cancelTraining(first);
    await expect(session.trainEpoch(first, never)).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await session.trainEpoch(second, never)).toMatchObject({
      step: { epoch: 1 },
    });
  });
});
