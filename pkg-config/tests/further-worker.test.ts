/** What is asked of a worker beside this one, through its messages. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Further } from "../src/worker/host.js";
import { startFurtherWorker } from "../src/worker/further-worker.js";
import { CODE, FakeBackbone } from "./fake/backbone.js";
import { deferred } from "./fake/deferred.js";
import { FakeTuner } from "./fake/tuner.js";
import { fakeWorker } from "./fake/worker.js";

async function setUp(further: Partial<Further>) {
  const { Worker, workers } = fakeWorker({}, further);
  vi.stubGlobal("Worker", Worker);
  const worker = await startFurtherWorker("https://example.org/worker.js");
  stop = () => worker.end();
  return { worker, thread: workers[0]! };
}

let stop: () => void;
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

const engineRequest = {
  kind: "cpu" as const,
  code: CODE,
  weights: Uint8Array.of(1),
};
const tunerRequest = {
  kind: "cpu" as const,
  code: CODE,
  adapter: undefined,
  task: Uint8Array.of(7),
};

/** Crops that begin with these bytes. */
function crops(...firsts: number[]) {
  const bytes = new Uint8Array(firsts.length * 224 * 224 * 3);
  for (const [i, first] of firsts.entries()) bytes[i * 224 * 224 * 3] = first;
  return bytes;
}

describe("the network in a further worker", () => {
  it("says what its trunk makes of crops, which stay here too", async () => {
    const { worker } = await setUp({
      loadEngine: async () => new FakeBackbone("cpu"),
    });
    const engine = await worker.load(engineRequest);
    const two = crops(3, 4);
    expect([...(await engine.trunk(two))]).toEqual([3, 4]);
    expect(two[0]).toBe(3);
  });

  it("runs with the tail that is asked for, and without one", async () => {
    const backbone = new FakeBackbone("cpu");
    const { worker } = await setUp({ loadEngine: async () => backbone });
    const engine = await worker.load(engineRequest);
    const first = await engine.withTail(Uint8Array.of(10));
    const second = await engine.withTail(Uint8Array.of(20));
    const run = async (which: typeof engine) =>
      (await which.run(crops(1), false)).embeddings[0];
    expect(await run(second)).toBe(21);
    expect(await run(first)).toBe(11);
    expect(await run(engine)).toBe(1);
    first.free();
    await expect(run(first)).rejects.toThrow("no longer loaded");
    expect(await run(second)).toBe(21);
    expect(backbone.freed).toBe(false);
  });
});

describe("a tuner in a further worker", () => {
  it("is told what it wants, and tells what it made", async () => {
    const tuner = new FakeTuner([
      [0, 1],
      [2, 3],
    ]);
    const startTuner = vi.fn(async () => tuner);
    const { worker } = await setUp({ startTuner });
    const remote = await worker.tune(tunerRequest);
    expect(startTuner).toHaveBeenCalledWith(
      expect.objectContaining({ task: Uint8Array.of(7) }),
    );
    expect(remote.wanted).toEqual(Uint32Array.of(0, 1));
    const step = await remote.step(Uint8Array.of(5, 6));
    expect(step).toMatchObject({ epoch: 1, epochs: 2 });
    expect(tuner.seen).toEqual([[5, 6]]);
    expect(remote.wanted).toEqual(Uint32Array.of(2, 3));
    await remote.step(Uint8Array.of(7, 8));
    expect(remote.wanted).toHaveLength(0);
    expect(await remote.memory()).toEqual({ wasm: 1_000, gpu: null });
    expect(new TextDecoder().decode(await remote.finish())).toBe("tuned");
  });

  it("has its worker ended with it, and what waits then fails", async () => {
    const tuner = new FakeTuner();
    tuner.gate = () => deferred().promise;
    const { worker, thread } = await setUp({ startTuner: async () => tuner });
    const remote = await worker.tune(tunerRequest);
    const step = remote.step(Uint8Array.of(1));
    remote.end();
    expect(thread.terminated).toBe(true);
    await expect(step).rejects.toThrow("ended");
  });

  it("fails as its worker does", async () => {
    const tuner = new FakeTuner();
    tuner.gate = () => deferred().promise;
    const { worker, thread } = await setUp({ startTuner: async () => tuner });
    const remote = await worker.tune(tunerRequest);
    const step = remote.step(Uint8Array.of(1));
    thread.fail("out of memory");
    await expect(step).rejects.toThrow("out of memory");
  });

  it("that does not start ends its worker", async () => {
    const { worker, thread } = await setUp({
      startTuner: () => Promise.reject(new Error("no device")),
    });
    await expect(worker.tune(tunerRequest)).rejects.toThrow("no device");
    expect(thread.terminated).toBe(true);
  });
});
