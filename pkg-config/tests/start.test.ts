import { describe, expect, it, vi } from "vitest";
import type { Adapter } from "../src/backend.js";
import { HeadstartError } from "../src/errors.js";
import type { BackendChoice, Progress } from "../src/types/index.js";
import { Backbones, type Loading } from "../src/worker/backbones.js";
import { start, type Platform } from "../src/worker/start.js";
import { Traps } from "../src/worker/traps.js";
import {
  FakeBackbone,
  fakeLoading,
  loadOptions,
  request,
} from "./fake/backbone.js";
import { fakeTuners } from "./fake/tuner.js";

const hardware: Adapter = {
  found: true,
  vendor: "intel",
  architecture: "",
  device: "",
  description: "",
  fallback: false,
};

/** Starts with some of what it loads from changed. */
async function run(
  backend: BackendChoice,
  loading: (
    usual: ReturnType<typeof fakeLoading>,
  ) => Partial<Loading> = () => ({}),
  changes: Partial<Platform> = {},
) {
  const usual = fakeLoading();
  const traps = new Traps();
  const backbones = new Backbones({
    ...usual.loading,
    traps,
    ...loading(usual),
  });
  const progress: Progress[] = [];
  const log = vi.fn();
  const started = await start(
    request({ backend }),
    loadOptions({ onProgress: (p) => progress.push(p), log }),
    {
      queryAdapter: async () => hardware,
      backbones,
      tuners: fakeTuners().platform,
      traps,
      ...changes,
    },
  );
  return { started, progress, log, backbones: usual.backbones };
}

/** WebGPU's module is another one. */
const webgpu =
  (load: () => Promise<never>) =>
  ({ moduleOf }: ReturnType<typeof fakeLoading>): Partial<Loading> => ({
    loadModule: async (kind) => ({
      ...moduleOf(kind),
      ...(kind === "webgpu" && { Backbone: { load } }),
    }),
  });

describe("starting", () => {
  it("opens a session with the views and features that were asked for", async () => {
    const session = vi.spyOn(FakeBackbone.prototype, "session");
    await run("cpu");
    expect(session.mock.calls).toEqual([["flip", "all"]]);
    session.mockRestore();
  });

  it("loads the one module that runs, tells each stage, and says why", async () => {
    const { started, progress, backbones } = await run("auto");
    expect(backbones.map(({ kind }) => kind)).toEqual(["webgpu"]);
    expect(started.backend).toEqual({
      kind: "webgpu",
      adapter: "fake",
      reason: "This browser has WebGPU on a graphics adapter.",
    });
    expect(progress.map(({ stage, loaded }) => `${stage} ${loaded}`)).toEqual([
      "code 0",
      "code 1",
      "backbone 0",
      "backbone 1",
    ]);
  });

  it("does not ask for an adapter when the CPU is asked for", async () => {
    const queryAdapter = vi.fn();
    await run("cpu", undefined, { queryAdapter });
    expect(queryAdapter).not.toHaveBeenCalled();
  });

  it("falls over to the CPU when WebGPU does not start, and says so", async () => {
    const fails = webgpu(() => Promise.reject(new Error("no device.")));
    const { started, log } = await run("auto", fails);
    const reason = "WebGPU did not start (no device), so the CPU is used.";
    expect(started.backend).toMatchObject({ kind: "cpu", reason });
    expect(log).toHaveBeenCalledWith("warn", reason);
  });

  it("falls over when the module traps in the middle of starting", async () => {
    const traps = new Traps();
    const dies = webgpu(() => {
      queueMicrotask(() =>
        traps.trapped(new WebAssembly.RuntimeError("unreachable")),
      );
      return new Promise<never>(() => undefined);
    });
    const { started } = await run(
      "auto",
      (usual) => ({ ...dies(usual), traps }),
      { traps },
    );
    expect(started.backend.kind).toBe("cpu");
  });

  it("falls over when the module cannot be loaded", async () => {
    const { started } = await run("auto", ({ moduleOf }) => ({
      loadModule: async (kind) => {
        if (kind === "webgpu")
          throw new HeadstartError("INTERNAL", "not found");
        return moduleOf(kind);
      },
    }));
    expect(started.backend.kind).toBe("cpu");
  });

  it("does not fall over for bad weights, which would be bad on the CPU too", async () => {
    const loadWeights = () =>
      Promise.reject(new HeadstartError("WEIGHTS_CORRUPT", "bad"));
    await expect(run("auto", () => ({ loadWeights }))).rejects.toMatchObject({
      code: "WEIGHTS_CORRUPT",
    });
  });

  it("fails with the reason and the remedy when WebGPU is asked for and does not start", async () => {
    const fails = webgpu(() => Promise.reject(new Error("no device")));
    await expect(run("webgpu", fails)).rejects.toMatchObject({
      code: "WEBGPU_UNAVAILABLE",
      message:
        'WebGPU did not start (no device): use the backend "cpu" or "auto".',
    });
  });
});

describe("a session", () => {
  it("frees its backbone with it, once nobody else uses that", async () => {
    const { loading, backbones } = fakeLoading();
    const platform = {
      queryAdapter: async () => hardware,
      backbones: new Backbones(loading),
      tuners: fakeTuners().platform,
      traps: loading.traps,
    };
    const first = await start(request(), loadOptions(), platform);
    const second = await start(request(), loadOptions(), platform);
    expect(backbones).toHaveLength(1);
    first.free();
    expect(backbones[0]!.freed).toBe(false);
    second.free();
    expect(backbones[0]!.freed).toBe(true);
  });

  it("starts from a file, and leaves no backbone behind when the file is bad", async () => {
    const { loading, backbones } = fakeLoading();
    const platform = {
      queryAdapter: async () => hardware,
      backbones: new Backbones(loading),
      tuners: fakeTuners().platform,
      traps: loading.traps,
    };
    const file = new Blob(["gone"]);
    file.arrayBuffer = () => Promise.reject(new DOMException("moved"));
    await expect(
      start(request({ content: { file } }), loadOptions(), platform),
    ).rejects.toMatchObject({ code: "PROJECT_CORRUPT" });
    expect(backbones.map(({ freed }) => freed)).toEqual([true]);
    const good = request({ content: { file: new Blob(["project"]) } });
    const { session } = await start(good, loadOptions(), platform);
    expect(session.classes()).toEqual([]);
  });
});
