import { describe, expect, it, vi } from "vitest";
import { HeadstartError } from "../src/errors.js";
import { Backbones } from "../src/worker/backbones.js";
import { deferred } from "./fake/deferred.js";
import { fakeLoading, loadOptions, request } from "./fake/backbone.js";

function setUp(changes: Parameters<typeof fakeLoading>[0] = {}) {
  const { loading, backbones, workers } = fakeLoading(changes);
  const shelf = new Backbones(loading);
  const acquire = (
    weights: string | ArrayBuffer | Blob,
    options = loadOptions(),
    kind: "cpu" | "webgpu" = "cpu",
    threads = 1,
  ) =>
    shelf.acquire(
      { kind, request: request({ weights }), adapter: undefined, threads },
      options,
    );
  return { loading, backbones, workers, acquire };
}

const bytes = (text: string) => new TextEncoder().encode(text).buffer;

describe("a backbone", () => {
  it("is loaded once for all who want it, also at the same time", async () => {
    const { loading, backbones, acquire } = setUp();
    const leases = await Promise.all([acquire("a"), acquire("a")]);
    leases.push(await acquire("a"));
    expect(new Set(leases.map(({ backbone }) => backbone)).size).toBe(1);
    expect(backbones).toHaveLength(1);
    expect(loading.loadWeights).toHaveBeenCalledOnce();
  });

  it("is known by its content, wherever that comes from", async () => {
    const { backbones, acquire } = setUp({
      loadWeights: async () => ({
        bytes: new Uint8Array(bytes("the same")),
        keep: () => Promise.resolve(),
      }),
    });
    await Promise.all([
      acquire("a"),
      acquire("b"),
      acquire(bytes("x")),
      acquire(new Blob(["y"])),
    ]);
    expect(backbones).toHaveLength(1);
  });

  it("is another one for other weights and for another backend", async () => {
    const { backbones, acquire } = setUp();
    await acquire("a");
    await acquire("b");
    await acquire("a", loadOptions(), "webgpu");
    expect(backbones.map(({ kind }) => kind)).toEqual(["cpu", "cpu", "webgpu"]);
  });

  it("is freed by the last one to let go, and loaded anew after that", async () => {
    const { backbones, acquire } = setUp();
    const [first, second] = [await acquire("a"), await acquire("a")];
    first.release();
    first.release();
    expect(backbones[0]!.freed).toBe(false);
    second.release();
    expect(backbones[0]!.freed).toBe(true);
    await acquire("a");
    expect(backbones).toHaveLength(2);
  });

  it("that cannot be loaded is tried again by the next one", async () => {
    const { loading, backbones, acquire } = setUp();
    loading.loadWeights = vi
      .fn(loading.loadWeights)
      .mockRejectedValueOnce(
        new HeadstartError("WEIGHTS_MISSING", "not there"),
      );
    await expect(acquire("a")).rejects.toMatchObject({
      code: "WEIGHTS_MISSING",
    });
    await acquire("a");
    expect(backbones).toHaveLength(1);
  });

  it("is not waited for by those who want another", async () => {
    const gate = deferred();
    const { loading, acquire } = setUp();
    const usual = loading.loadWeights;
    loading.loadWeights = async (source, options) => {
      if (source === "slow") await gate.promise;
      return usual(source, options);
    };
    const slow = acquire("slow");
    await acquire("quick");
    gate.resolve();
    await slow;
  });

  it("is not loaded for who has given up while waiting for it", async () => {
    const { loading, acquire } = setUp();
    const abort = new AbortController();
    abort.abort();
    await expect(
      acquire("a", loadOptions({ signal: abort.signal })),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    expect(loading.loadWeights).not.toHaveBeenCalled();
  });

  it("has its download stored only once it has turned out to be weights", async () => {
    const keep = vi.fn(() => Promise.resolve());
    const loadWeights = async () => ({
      bytes: new Uint8Array(bytes("w")),
      keep,
    });
    const { loading, acquire } = setUp({ loadWeights });
    const usual = loading.loadModule;
    loading.loadModule = async (kind, sources) => ({
      ...(await usual(kind, sources)),
      Backbone: {
        load: () => Promise.reject(new HeadstartError("WEIGHTS_CORRUPT", "")),
      },
    });
    await expect(acquire("a")).rejects.toMatchObject({
      code: "WEIGHTS_CORRUPT",
    });
    expect(keep).not.toHaveBeenCalled();
    loading.loadModule = usual;
    await acquire("a");
    expect(keep).toHaveBeenCalledOnce();
  });
});

describe("further workers", () => {
  const settled = () => new Promise((resolve) => setTimeout(resolve));

  it("start while weights load, one less than there are threads, and compute too", async () => {
    const gate = deferred();
    const { loading, workers, acquire } = setUp();
    const usual = loading.loadWeights;
    loading.loadWeights = async (source, options) => {
      await gate.promise;
      return usual(source, options);
    };
    const lease = acquire("a", loadOptions(), "cpu", 3);
    await settled();
    expect(workers).toHaveLength(2);
    gate.resolve();
    const { engines, release } = await lease;
    await settled();
    expect(engines.count).toBe(3);
    release();
    expect(workers.map(({ ended }) => ended)).toEqual([true, true]);
  });

  it("are there once for all who want the same", async () => {
    const { workers, acquire } = setUp();
    await Promise.all([
      acquire("a", loadOptions(), "cpu", 2),
      acquire("a", loadOptions(), "cpu", 2),
    ]);
    await acquire("a", loadOptions(), "cpu", 2);
    expect(workers).toHaveLength(1);
    const same = new TextEncoder().encode("a").buffer;
    const loadWeights = async () => ({
      bytes: new Uint8Array(same),
      keep: () => Promise.resolve(),
    });
    const other = setUp({ loadWeights });
    await other.acquire("a", loadOptions(), "cpu", 2);
    await other.acquire("b", loadOptions(), "cpu", 2);
    await settled();
    expect(other.workers.map(({ ended }) => ended)).toEqual([false, true]);
  });

  it("end when the weights cannot be used", async () => {
    const loadWeights = () =>
      Promise.reject(new HeadstartError("WEIGHTS_MISSING", "not there"));
    const { workers, acquire } = setUp({ loadWeights });
    await expect(acquire("a", loadOptions(), "cpu", 2)).rejects.toMatchObject({
      code: "WEIGHTS_MISSING",
    });
    await settled();
    expect(workers.map(({ ended }) => ended)).toEqual([true]);
  });

  it("that do not start are done without, and told of", async () => {
    const startWorker = () => Promise.reject(new Error("too many workers"));
    const { acquire } = setUp({ startWorker });
    const log = vi.fn();
    const { engines } = await acquire("a", loadOptions({ log }), "cpu", 2);
    await settled();
    expect(engines.count).toBe(1);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("too many workers"),
    );
  });
});
