import { describe, expect, it, vi } from "vitest";
import { Engines, type Engine } from "../src/worker/engines.js";
import { deferred } from "./fake/deferred.js";
import { FakeBackbone } from "./fake/backbone.js";

const CROP = 224 * 224 * 3;

/** Crops that are told apart by their first byte. */
function crops(count: number): Uint8Array {
  const bytes = new Uint8Array(count * CROP);
  for (let i = 0; i < count; i++) bytes[i * CROP] = i + 1;
  return bytes;
}

const upTo = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => i + 1);

function setUp(start = async (): Promise<Engine> => new FakeBackbone("cpu")) {
  const own = new FakeBackbone("cpu");
  const started = vi.fn(start);
  const log = vi.fn();
  const engines = new Engines(own, started);
  const run = (count: number, threads: number) =>
    engines.run(crops(count), false, threads, log);
  /** Has further engines started, and waits for them. */
  const warmUp = async (threads: number) => {
    await run(threads, threads);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { own, started, engines, log, run, warmUp };
}

describe("engines", () => {
  it("compute alone on one thread", async () => {
    const { run, started } = setUp();
    expect((await run(5, 1)).embeddings).toEqual(upTo(5));
    expect(started).not.toHaveBeenCalled();
  });

  it("are not waited for while they start", async () => {
    const gate = deferred();
    const { run, engines } = setUp(async () => {
      await gate.promise;
      return new FakeBackbone("cpu");
    });
    expect((await run(5, 3)).embeddings).toEqual(upTo(5));
    expect(engines.count).toBe(1);
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    expect(engines.count).toBe(3);
  });

  it.each([1, 2, 3, 4, 5, 8, 9])(
    "share %i crops and keep their order",
    async (count) => {
      const further: FakeBackbone[] = [];
      const { own, run, warmUp } = setUp(async () => {
        const engine = new FakeBackbone("cpu");
        further.push(engine);
        return engine;
      });
      await warmUp(3);
      const all = [own, ...further];
      const asked = all.map((engine) => vi.spyOn(engine, "run"));
      expect((await run(count, 3)).embeddings).toEqual(upTo(count));
      const shares = asked.map((spy) =>
        spy.mock.calls.reduce((sum, [bytes]) => sum + bytes.length / CROP, 0),
      );
      expect(shares.reduce((sum, share) => sum + share)).toBe(count);
      expect(Math.max(...shares)).toBe(Math.ceil(count / 3));
    },
  );

  it("are started no more often than there are crops and threads", async () => {
    const { run, started } = setUp();
    await run(1, 4);
    expect(started).not.toHaveBeenCalled();
    await run(2, 4);
    expect(started).toHaveBeenCalledTimes(1);
    await run(9, 3);
    await run(9, 3);
    expect(started).toHaveBeenCalledTimes(2);
  });

  it("that fail are done without, and their share is computed", async () => {
    const failing = new FakeBackbone("cpu");
    failing.run = () => Promise.reject(new Error("out of memory"));
    const { run, warmUp, engines, log, started } = setUp(async () => failing);
    await warmUp(2);
    expect((await run(4, 2)).embeddings).toEqual(upTo(4));
    expect(failing.freed).toBe(true);
    expect(engines.count).toBe(1);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("out of memory"),
    );
    expect((await run(4, 2)).embeddings).toEqual(upTo(4));
    expect(started).toHaveBeenCalledTimes(1);
  });

  it("that do not start are told of once", async () => {
    const { run, warmUp, log } = setUp(() =>
      Promise.reject(new Error("no more workers")),
    );
    await warmUp(2);
    await run(4, 2);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("no more workers"),
    );
  });

  it("say what memory all of them take", async () => {
    const { engines, warmUp } = setUp();
    await warmUp(3);
    expect(await engines.memory()).toEqual({ wasm: 3 * 65_536, gpu: null });
  });

  it("are freed together, also those that are still starting", async () => {
    const gate = deferred();
    const late = new FakeBackbone("cpu");
    const { own, engines, run } = setUp(async () => {
      await gate.promise;
      return late;
    });
    await run(2, 2);
    engines.free();
    expect(own.freed).toBe(true);
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    expect(late.freed).toBe(true);
  });
});
