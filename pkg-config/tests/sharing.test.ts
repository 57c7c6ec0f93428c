/** Several classifiers of one page, and what they share. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Classifier } from "../src/index.js";
import { deferred } from "./fake/deferred.js";
import { file } from "./fake/images.js";
import { FakeSession } from "./fake/session.js";
import { fakeWorker, started } from "./fake/worker.js";

const weights = new ArrayBuffer(1);
const made: Classifier[] = [];

function setUp() {
  const sessions: FakeSession[] = [];
  const fake = fakeWorker({
    start: async () => {
      const session = new FakeSession();
      sessions.push(session);
      return started(session);
    },
  });
  vi.stubGlobal("Worker", fake.Worker);
  const create = async () => {
    const classifier = await Classifier.create({ weights, backend: "cpu" });
    made.push(classifier);
    return classifier;
  };
  return { create, sessions, workers: fake.workers };
}

afterEach(() => {
  for (const classifier of made.splice(0)) classifier.dispose();
  vi.unstubAllGlobals();
});

describe("classifiers of one page", () => {
  it("share a worker and keep their images apart", async () => {
    const { create, workers } = setUp();
    const [insects, leaves] = await Promise.all([create(), create()]);
    await insects.add([file("a")], { label: "ants" });
    await leaves.add([file("a"), file("b")], { label: "oaks" });
    expect(workers).toHaveLength(1);
    expect(insects.classes).toMatchObject([{ label: "ants", auto: 1 }]);
    expect(leaves.classes).toMatchObject([{ label: "oaks", auto: 2 }]);
  });

  it("work at the same time", async () => {
    const { create, sessions } = setUp();
    const [busy, free] = [await create(), await create()];
    const gate = deferred();
    sessions[0]!.gate = () => gate.promise;
    const pending = busy.embed([file("a")]);
    expect(await free.embed([file("b")])).toHaveLength(1);
    gate.resolve();
    expect(await pending).toHaveLength(1);
  });

  it("are freed one by one, and the last one ends the worker", async () => {
    const { create, sessions, workers } = setUp();
    const [first, second] = [await create(), await create()];
    first.dispose();
    await vi.waitFor(() => expect(sessions[0]!.freed).toBe(true));
    expect(sessions[1]!.freed).toBe(false);
    expect(workers[0]!.terminated).toBe(false);
    expect(await second.embed([file("a")])).toHaveLength(1);
    second[Symbol.dispose]();
    await vi.waitFor(() => expect(workers[0]!.terminated).toBe(true), 3000);
  });

  it("are freed only after what they are at work on", async () => {
    const { create, sessions } = setUp();
    const [first, second] = [await create(), await create()];
    const gate = deferred();
    const started = vi.fn(() => gate.promise);
    sessions[0]!.gate = started;
    const pending = first.embed([file("a")]);
    await vi.waitFor(() => expect(started).toHaveBeenCalled());
    first.dispose();
    await expect(pending).rejects.toMatchObject({ code: "DISPOSED" });
    expect(sessions[0]!.freed).toBe(false);
    gate.resolve();
    await vi.waitFor(() => expect(sessions[0]!.freed).toBe(true));
    expect(await second.embed([file("b")])).toHaveLength(1);
  });

  it("start a new worker after the last one has gone", async () => {
    const { create, workers } = setUp();
    (await create()).dispose();
    const classifier = await create();
    await vi.waitFor(
      () =>
        expect(workers.map(({ terminated }) => terminated)).toEqual([
          true,
          false,
        ]),
      3000,
    );
    expect(await classifier.embed([file("a")])).toHaveLength(1);
  });

  it("end together when their worker does, and are told why", async () => {
    const { create, workers } = setUp();
    const classifiers = [await create(), await create()];
    workers[0]!.fail("out of memory");
    for (const classifier of classifiers) {
      await expect(classifier.evaluate()).rejects.toMatchObject({
        code: "INTERNAL",
        message: expect.stringContaining("out of memory") as unknown,
      });
    }
    await vi.waitFor(() => expect(workers[0]!.terminated).toBe(true), 3000);
    expect(await (await create()).embed([file("a")])).toHaveLength(1);
  });

  it("do not end with one that is cancelled while it starts", async () => {
    const gate = deferred();
    const sessions: FakeSession[] = [];
    const fake = fakeWorker({
      start: async () => {
        const session = new FakeSession();
        if (sessions.push(session) === 2) await gate.promise;
        return started(session);
      },
    });
    vi.stubGlobal("Worker", fake.Worker);
    const first = await Classifier.create({ weights });
    made.push(first);
    const abort = new AbortController();
    const second = Classifier.create({ weights, signal: abort.signal });
    await vi.waitFor(() => expect(sessions).toHaveLength(2));
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await first.embed([file("a")])).toHaveLength(1);
    gate.resolve();
    await vi.waitFor(() => expect(sessions[1]!.freed).toBe(true));
    expect(sessions[0]!.freed).toBe(false);
  });
});

describe("a logger", () => {
  it("is told which backend runs, and of the end", async () => {
    const { workers } = setUp();
    const logger = {
      debug: vi.fn(),
      info: vi.fn(),
      warn: vi.fn(),
      error: vi.fn(),
    };
    made.push(await Classifier.create({ weights, logger }));
    await vi.waitFor(() =>
      expect(logger.info).toHaveBeenCalledWith(
        "cpu, fake: The CPU was asked for.",
      ),
    );
    workers[0]!.fail("out of memory");
    expect(logger.error).toHaveBeenCalledWith(
      expect.stringContaining("out of memory"),
    );
  });

  it("takes the place of the console", async () => {
    const console = vi.spyOn(globalThis.console, "warn");
    const logger = {
      debug: vi.fn(),
      info: vi.fn(),
      warn: vi.fn(),
      error: vi.fn(),
    };
    const { create } = setUp();
    const classifier = await Classifier.create({ weights, logger });
    made.push(classifier);
    // Node has no database, which is worth a warning.
    await classifier.add([file("a")], { label: "ants" });
    await vi.waitFor(() => expect(logger.warn).toHaveBeenCalledOnce());
    expect(console).not.toHaveBeenCalled();
    console.mockImplementation(() => undefined);
    await (await create()).add([file("a")], { label: "ants" });
    await vi.waitFor(() => expect(console).toHaveBeenCalledOnce());
    console.mockRestore();
  });
});
