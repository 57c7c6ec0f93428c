import { afterEach, describe, expect, it, vi } from "vitest";
import { Classifier } from "../src/index.js";

afterEach(() => vi.unstubAllGlobals());

describe("what is supported", () => {
  it("is told on a server too, with what is missing", async () => {
    const { supported, missing, backend, features } =
      await Classifier.support();
    expect(supported).toBe(false);
    expect(backend).toBeNull();
    expect(missing.join(" ")).toMatch(/no web workers.*OffscreenCanvas/);
    expect(features.simd.available).toBe(true);
    expect(features.webgpu).toMatchObject({ available: false });
  });

  it("is told with the backend that would run, and why", async () => {
    vi.stubGlobal("Worker", vi.fn());
    vi.stubGlobal("OffscreenCanvas", vi.fn());
    const info = {
      vendor: "google",
      architecture: "swiftshader",
      device: "",
      description: "",
      isFallbackAdapter: false,
    };
    vi.stubGlobal("navigator", {
      gpu: { requestAdapter: async () => ({ info }) },
    });
    const { supported, missing, backend, features } =
      await Classifier.support();
    expect({ supported, missing }).toEqual({ supported: true, missing: [] });
    expect(backend).toMatchObject({
      kind: "cpu",
      reason: expect.stringContaining("google swiftshader") as unknown,
    });
    expect(features.webgpu).toEqual({
      available: true,
      reason: "The adapter is google swiftshader.",
    });
    expect(features.embeddingCache.available).toBe(false);
  });
});
