import { afterEach, describe, expect, it, vi } from "vitest";
import { Traps } from "../src/worker/traps.js";

const unreachable = () => new WebAssembly.RuntimeError("unreachable");

/** Traps that watch, and what prints to the console as Rust's panic hook does. */
function watch() {
  const printed = vi
    .spyOn(console, "error")
    .mockImplementation(() => undefined);
  vi.stubGlobal("addEventListener", () => undefined);
  const traps = new Traps();
  traps.listen();
  return { traps, printed };
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a trap", () => {
  it("settles a promise that the module would leave pending", async () => {
    const traps = new Traps();
    const pending = traps.guard(new Promise(() => undefined));
    const trap = unreachable();
    expect(traps.trapped(trap)).toBe(true);
    await expect(pending).rejects.toBe(trap);
    expect(traps.trapped(trap)).toBe(false);
  });

  it("is told with the panic's text, which is not printed", () => {
    const { traps, printed } = watch();
    console.error("panicked at src/lib.rs:1:1:\nindex out of bounds");
    const trap = unreachable();
    const error = traps.fatal(trap);
    expect(error).toMatchObject({
      code: "INTERNAL",
      message: expect.stringMatching(
        /panicked at src\/lib.rs:1:1:.*Create a new Classifier/,
      ) as unknown,
    });
    expect(traps.fatal(trap)).toBe(error);
    expect(printed).not.toHaveBeenCalled();
  });

  it("is DEVICE_LOST when the panic says so", () => {
    const { traps } = watch();
    console.error("panicked at wgpu: Parent device is lost");
    expect(traps.fatal(unreachable())).toMatchObject({ code: "DEVICE_LOST" });
  });

  it("of a module that others can do without is an ordinary error, with the panic's text", () => {
    const { traps } = watch();
    console.error("panicked at src/lib.rs:1:1:\nindex out of bounds\n\nStack:");
    const error = traps.ordinary(unreachable());
    expect(traps.fatal(error)).toBeUndefined();
    expect(error).toMatchObject({
      message: "panicked at src/lib.rs:1:1: index out of bounds",
    });
    const other = new TypeError("x");
    expect(traps.ordinary(other)).toBe(other);
  });

  it("is not any other error", () => {
    expect(new Traps().fatal(new TypeError("x"))).toBeUndefined();
  });
});
