import { describe, expect, it, vi } from "vitest";
import type { TunerStep } from "../src/protocol.js";
import { LocalTuner } from "../src/worker/finetune/local-tuner.js";
import type { WasmTuner } from "../src/worker/finetune/module.js";
import { Traps } from "../src/worker/traps.js";
import { deferred } from "./fake/deferred.js";
import { CODE } from "./fake/backbone.js";

const request = {
  kind: "cpu" as const,
  code: CODE,
  adapter: undefined,
  task: Uint8Array.of(1),
};
const done: TunerStep = {
  epoch: 1,
  epochs: 1,
  done: 1,
  loss: 1,
  validationLoss: null,
  validationAccuracy: null,
};
const trap = () => new WebAssembly.RuntimeError("unreachable");

async function setUp(changes: Partial<WasmTuner> = {}) {
  const free = vi.fn();
  const wasm: WasmTuner = {
    wanted: () => Uint32Array.of(0, 0),
    step: async () => done,
    finish: () => Uint8Array.of(2),
    memory: () => ({ wasm: 65_536, gpu: null }),
    free,
    ...changes,
  };
  const module = { initSync: vi.fn(), Tuner: { start: async () => wasm } };
  const traps = new Traps();
  const tuner = await LocalTuner.start(request, module, traps);
  return { tuner, free, traps };
}

describe("the tuner of a module", () => {
  it("says after each step what it wants for the next", async () => {
    const wanted = [Uint32Array.of(3, 1), new Uint32Array()];
    const { tuner } = await setUp({ wanted: () => wanted.shift()! });
    expect(tuner.wanted).toEqual(Uint32Array.of(3, 1));
    expect(await tuner.step(Uint8Array.of(1))).toEqual(done);
    expect(tuner.wanted).toEqual(new Uint32Array());
    expect(await tuner.finish()).toEqual(Uint8Array.of(2));
  });

  it("is freed when it ends, and only once", async () => {
    const { tuner, free } = await setUp();
    tuner.end();
    tuner.end();
    expect(free).toHaveBeenCalledOnce();
    await expect(tuner.memory()).rejects.toThrow("has ended");
  });

  it("is freed after the step that it is ended in", async () => {
    const gate = deferred<TunerStep>();
    const { tuner, free } = await setUp({ step: () => gate.promise });
    const step = tuner.step(Uint8Array.of(1));
    tuner.end();
    expect(free).not.toHaveBeenCalled();
    gate.resolve(done);
    await step;
    expect(free).toHaveBeenCalledOnce();
  });

  it("dies of an ordinary error, and is not called again, not even to be freed", async () => {
    const { tuner, free, traps } = await setUp({
      step: () => new Promise(() => undefined),
    });
    const step = tuner.step(Uint8Array.of(1));
    traps.trapped(trap());
    const error = await step.catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(WebAssembly.RuntimeError);
    expect(error).toMatchObject({ message: "unreachable" });
    tuner.end();
    expect(free).not.toHaveBeenCalled();
    await expect(tuner.finish()).rejects.toThrow("has ended");
  });

  it("says what it died of while it started", async () => {
    const Tuner = { start: () => Promise.reject(trap()) };
    const module = { initSync: vi.fn(), Tuner };
    const start = LocalTuner.start(request, module, new Traps());
    const error = await start.catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(WebAssembly.RuntimeError);
    expect(error).toMatchObject({ message: "unreachable" });
  });
});
