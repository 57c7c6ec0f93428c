import { afterEach, describe, expect, it, vi } from "vitest";
import { HeadstartError } from "../src/errors.js";
import { loadCode } from "../src/worker/load-code.js";
import { loadModule } from "../src/worker/module.js";

const initSync = vi.hoisted(() => vi.fn());

vi.mock("../build/wasm/cpu/headstart.js", () => bindings());
vi.mock("../build/wasm/webgpu/headstart.js", () => bindings());

function bindings() {
  return { initSync, weightsHash: () => "", Backbone: {} };
}

/** The shortest module there is. */
const code = new WebAssembly.Module(
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
);

afterEach(() => initSync.mockReset());

describe("a module that is missing", () => {
  it.each(["cpu", "webgpu", "finetuneCpu", "finetuneWebgpu"] as const)(
    "is told with the option that names it: %s",
    async (name) => {
      await expect(loadCode(name, {})).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(`\`wasm.${name}\``) as unknown,
      });
    },
  );
});

describe("loadModule", () => {
  it("passes on what bindings that stand in for a module say", async () => {
    const pending = new HeadstartError("WEBGPU_UNAVAILABLE", "not yet");
    initSync.mockImplementation(() => {
      throw pending;
    });
    await expect(loadModule("webgpu", { webgpu: code })).rejects.toBe(pending);
  });

  it("says what to do about code that does not load, and tries again the next time", async () => {
    initSync.mockImplementationOnce(() => {
      throw new Error("no such import");
    });
    await expect(loadModule("cpu", { cpu: code })).rejects.toThrow(
      /no such import.*serve the package's/,
    );
    expect((await loadModule("cpu", { cpu: code })).code).toBe(code);
  });
});
