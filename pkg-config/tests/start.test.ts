import { describe, expect, it, vi } from "vitest";
import { HeadstartError } from "../src/errors.js";
import type { BackendChoice, Progress } from "../src/types.js";
import type { Adapter } from "../src/worker/backend.js";
import { start, type Platform } from "../src/worker/start.js";
import { Traps } from "../src/worker/traps.js";
import { FakeSession } from "./fake.js";

const hardware: Adapter = {
  found: true,
  vendor: "intel",
  architecture: "",
  device: "",
  description: "",
  fallback: false,
};

/** Starts with `webgpu` deciding how the session on WebGPU comes to be. */
async function run(
  backend: BackendChoice,
  webgpu: () => Promise<FakeSession> = async () => new FakeSession(),
  changes: Partial<Platform> = {},
) {
  const create = vi.fn<
    (kind: string, views: string, reason: string) => Promise<FakeSession>
  >(async (kind) => (kind === "webgpu" ? webgpu() : new FakeSession()));
  const progress: Progress[] = [];
  const session = await start(
    { weights: "https://example.org/w", backend, views: "flip" },
    {
      signal: new AbortController().signal,
      onProgress: (p) => progress.push(p),
    },
    {
      queryAdapter: async () => hardware,
      loadModule: async (kind) => ({
        Session: {
          create: (_weights, views, reason) => create(kind, views, reason),
        },
      }),
      loadWeights: async () => new Uint8Array(1),
      traps: new Traps(),
      ...changes,
    },
  );
  return { session, progress, created: create.mock.calls };
}

describe("starting", () => {
  it("loads the one module that runs, and tells each stage", async () => {
    const { created, progress } = await run("auto");
    expect(created).toEqual([
      ["webgpu", "flip", "This browser has WebGPU on a graphics adapter."],
    ]);
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
    const { created } = await run("auto", () =>
      Promise.reject(new Error("no device.")),
    );
    expect(created.at(-1)).toEqual([
      "cpu",
      "flip",
      "WebGPU did not start (no device), so the CPU is used.",
    ]);
  });

  it("falls over when the module traps in the middle of starting", async () => {
    const traps = new Traps();
    const dies = () => {
      queueMicrotask(() =>
        traps.trapped(new WebAssembly.RuntimeError("unreachable")),
      );
      return new Promise<FakeSession>(() => undefined);
    };
    const { created } = await run("auto", dies, { traps });
    expect(created.map(([kind]) => kind)).toEqual(["webgpu", "cpu"]);
  });

  it("falls over when the module cannot be loaded", async () => {
    const loadModule: Platform["loadModule"] = async (kind) => {
      if (kind === "webgpu") throw new HeadstartError("INTERNAL", "not found");
      return { Session: { create: async () => new FakeSession() } };
    };
    const { session } = await run("auto", undefined, { loadModule });
    expect(session).toBeInstanceOf(FakeSession);
  });

  it("does not fall over for bad weights, which would be bad on the CPU too", async () => {
    const loadWeights = () =>
      Promise.reject(new HeadstartError("WEIGHTS_CORRUPT", "bad"));
    await expect(run("auto", undefined, { loadWeights })).rejects.toMatchObject(
      {
        code: "WEIGHTS_CORRUPT",
      },
    );
  });

  it("fails with the reason and the remedy when WebGPU is asked for and does not start", async () => {
    const fails = run("webgpu", () => Promise.reject(new Error("no device")));
    await expect(fails).rejects.toMatchObject({
      code: "WEBGPU_UNAVAILABLE",
      message:
        'WebGPU did not start (no device): use the backend "cpu" or "auto".',
    });
  });
});
