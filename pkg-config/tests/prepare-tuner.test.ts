import { describe, expect, it, vi } from "vitest";
import { HeadstartError } from "../src/errors.js";
import {
  prepareTuner,
  type TunerPlatform,
} from "../src/worker/finetune/prepare-tuner.js";
import { fakeTuners } from "./fake/tuner.js";

const task = Uint8Array.of(1);

function setUp(kind: "cpu" | "webgpu", changes: Partial<TunerPlatform> = {}) {
  const fake = fakeTuners(changes);
  const log = vi.fn();
  const wasm = { finetuneCpu: "https://example.org/finetune.wasm" };
  const choice = { kind, adapter: "an adapter", wasm, log };
  return { ...fake, log, prepare: () => prepareTuner(choice, fake.platform) };
}

const loaded = ({ platform }: ReturnType<typeof fakeTuners>) =>
  platform.loadCode.mock.calls.map(([name]) => name);

describe("a tuner", () => {
  it.each([
    ["cpu" as const, "finetuneCpu"],
    ["webgpu" as const, "finetuneWebgpu"],
  ])("on %s runs in a worker of its own", async (kind, module) => {
    const fake = setUp(kind);
    const start = await fake.prepare();
    expect(loaded(fake)).toEqual([module]);
    expect(fake.platform.startWorker).not.toHaveBeenCalled();
    expect(await start(task)).toBe(fake.there);
    expect(fake.tune).toHaveBeenCalledExactlyOnceWith({
      kind,
      code: fake.code,
      adapter: "an adapter",
      task,
    });
    expect(fake.log).not.toHaveBeenCalled();
  });

  it("runs in this worker where no other can be started, and says so", async () => {
    const fake = setUp("cpu", {
      startWorker: () => Promise.reject(new Error("too many workers")),
    });
    const start = await fake.prepare();
    expect(await start(task)).toBe(fake.here);
    expect(fake.log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("too many workers"),
    );
  });

  it("is told to be missing before there is anything to tune", async () => {
    const missing = new HeadstartError("INVALID_ARGUMENT", "pass its address");
    const { prepare } = setUp("cpu", {
      loadCode: () => Promise.reject(missing),
    });
    await expect(prepare()).rejects.toBe(missing);
  });

  it("that does not start on the CPU says why", async () => {
    const { prepare, tune } = setUp("cpu");
    tune.mockRejectedValue(new Error("out of memory"));
    const start = await prepare();
    await expect(start(task)).rejects.toThrow("out of memory");
  });
});

describe("a tuner on WebGPU", () => {
  it("runs on the CPU where there is no module for it", async () => {
    const fake = setUp("webgpu", { kinds: ["cpu"] });
    expect(await (await fake.prepare())(task)).toBe(fake.there);
    expect(loaded(fake)).toEqual(["finetuneCpu"]);
    expect(fake.log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringMatching(/does not run on WebGPU .* runs on the CPU/),
    );
  });

  it("runs on the CPU where its module cannot be loaded", async () => {
    const fake = setUp("webgpu");
    fake.platform.loadCode.mockRejectedValueOnce(new Error("status 404"));
    await (
      await fake.prepare()
    )(task);
    expect(loaded(fake)).toEqual(["finetuneWebgpu", "finetuneCpu"]);
    expect(fake.tune).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ kind: "cpu", task }),
    );
  });

  it("runs on the CPU where it does not start, with the same task", async () => {
    const fake = setUp("webgpu");
    fake.tune.mockRejectedValueOnce(new Error("no device"));
    const start = await fake.prepare();
    expect(loaded(fake)).toEqual(["finetuneWebgpu"]);
    expect(await start(task)).toBe(fake.there);
    expect(fake.tune.mock.lastCall).toEqual([
      expect.objectContaining({ kind: "cpu", task }),
    ]);
    expect(fake.log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("no device"),
    );
  });
});
