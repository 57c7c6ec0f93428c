import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseBackend, queryAdapter, type Adapter } from "../src/backend.js";

const hardware: Adapter = {
  found: true,
  vendor: "nvidia",
  architecture: "hopper",
  device: "",
  description: "",
  fallback: false,
};
const noWebGpu: Adapter = { found: false, reason: "no WebGPU" };
const noAdapter: Adapter = { found: false, reason: "no adapter" };
const software: Record<string, Adapter> = {
  swiftshader: { ...hardware, vendor: "google", architecture: "swiftshader" },
  llvmpipe: {
    ...hardware,
    vendor: "mesa",
    description: "llvmpipe (LLVM 15.0.6, 256 bits)",
  },
  "basic render driver": {
    ...hardware,
    description: "Microsoft Basic Render Driver",
  },
  fallback: { ...hardware, vendor: "", architecture: "", fallback: true },
};

describe("auto", () => {
  it("takes WebGPU on a hardware adapter", () => {
    expect(chooseBackend("auto", hardware)).toEqual({
      kind: "webgpu",
      reason: "This browser has WebGPU on a graphics adapter.",
    });
  });

  it("takes an adapter that tells nothing of itself for hardware", () => {
    const silent: Adapter = { ...hardware, vendor: "", architecture: "" };
    expect(chooseBackend("auto", silent).kind).toBe("webgpu");
  });

  it("takes the CPU without WebGPU and without an adapter, and says which", () => {
    expect(chooseBackend("auto", noWebGpu)).toEqual({
      kind: "cpu",
      reason: "This browser has no WebGPU, so the CPU is used.",
    });
    const choice = chooseBackend("auto", noAdapter);
    expect(choice.kind).toBe("cpu");
    expect(choice.reason).toContain("no graphics adapter");
  });

  it.each(Object.entries(software))(
    "takes the CPU on the software adapter %s",
    (_, adapter) => {
      const choice = chooseBackend("auto", adapter);
      expect(choice.kind).toBe("cpu");
      expect(choice.reason).toMatch(
        /^WebGPU would run in software here \(.+\), so the CPU is used/,
      );
    },
  );
});

describe("a backend that is asked for", () => {
  it.each([hardware, noWebGpu, noAdapter, software.swiftshader!])(
    "is the CPU",
    (adapter) => {
      expect(chooseBackend("cpu", adapter)).toEqual({
        kind: "cpu",
        reason: "The CPU was asked for.",
      });
    },
  );

  it("is WebGPU, and says when its adapter is software", () => {
    expect(chooseBackend("webgpu", hardware).reason).toBe(
      "WebGPU was asked for.",
    );
    const choice = chooseBackend("webgpu", software.swiftshader!);
    expect(choice.kind).toBe("webgpu");
    expect(choice.reason).toContain("slower than the CPU");
  });

  it.each([noWebGpu, noAdapter])(
    "fails for WebGPU where there is none, with the remedy",
    (none) => {
      expect(() => chooseBackend("webgpu", none)).toThrow(
        expect.objectContaining({
          code: "WEBGPU_UNAVAILABLE",
          message: expect.stringContaining(
            'use the backend "cpu" or "auto"',
          ) as unknown,
        }),
      );
    },
  );
});

describe("the adapter", () => {
  afterEach(() => vi.unstubAllGlobals());

  const answer = async (gpu: unknown) => {
    vi.stubGlobal("navigator", { gpu });
    return queryAdapter();
  };

  it("is none without navigator.gpu, with a null adapter, and when asking fails", async () => {
    expect(await answer(undefined)).toEqual(noWebGpu);
    expect(await answer({ requestAdapter: async () => null })).toEqual(
      noAdapter,
    );
    const fails = () => Promise.reject(new Error("blocked"));
    expect(await answer({ requestAdapter: fails })).toEqual(noAdapter);
  });

  it("tells its names, and whether it is a fallback, in the present and the older form", async () => {
    const info = {
      vendor: "intel",
      architecture: "xe",
      device: "d",
      description: "e",
    };
    expect(await answer({ requestAdapter: async () => ({ info }) })).toEqual({
      found: true,
      ...info,
      fallback: false,
    });
    const present = { info: { ...info, isFallbackAdapter: true } };
    const older = { isFallbackAdapter: true };
    for (const adapter of [present, older]) {
      const facts = await answer({ requestAdapter: async () => adapter });
      expect(facts).toMatchObject({ found: true, fallback: true });
    }
  });
});
