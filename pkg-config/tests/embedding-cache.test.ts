import "fake-indexeddb/auto";
import { IDBDatabase, IDBFactory } from "fake-indexeddb";
import { createStore, set } from "idb-keyval";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  clearStoredEmbeddings,
  EmbeddingCache,
} from "../src/cache/embeddings.js";
import { Session } from "../src/worker/session.js";
import { Traps } from "../src/worker/traps.js";
import { FakeFolder } from "./fake/folder.js";
import { fakeDecoder, file } from "./fake/images.js";
import { FakeSession } from "./fake/session.js";
import { started } from "./fake/worker.js";

beforeEach(() => vi.stubGlobal("indexedDB", new IDBFactory()));
afterEach(() => vi.restoreAllMocks());

/** A disk that is full: reading goes on, writing does not. */
function fillDisk() {
  const disk: Pick<IDBDatabase, "transaction"> = IDBDatabase.prototype;
  const transaction = disk.transaction;
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
    this: InstanceType<typeof IDBDatabase>,
    ...[names, mode]
  ) {
    if (mode === "readwrite")
      throw new DOMException("The disk is full.", "QuotaExceededError");
    return transaction.call(this, names, mode);
  });
}

const one = Uint8Array.of(1, 2, 3);
const two = Uint8Array.of(4, 5, 6);

describe("stored records", () => {
  it("are found again by their keys, also by another worker", async () => {
    const cache = new EmbeddingCache();
    await cache.put([
      ["a", one],
      ["b", two],
    ]);
    expect(await cache.get(["b", "c", "a"])).toEqual([two, undefined, one]);
    expect(await new EmbeddingCache().get(["a"])).toEqual([one]);
  });

  it("are gone after clearing", async () => {
    const cache = new EmbeddingCache();
    await cache.put([["a", one]]);
    await clearStoredEmbeddings();
    expect(await cache.get(["a"])).toEqual([undefined]);
  });

  it.each([
    ["another script's text", "not one"],
    ["an embedding of an earlier version", Float32Array.of(1, 2, 3)],
  ])("are not mixed up with %s", async (_, value) => {
    await set("a", value, createStore("headstart", "embeddings"));
    expect(await new EmbeddingCache().get(["a"])).toEqual([undefined]);
  });

  it("are kept in memory when there is no room, and what was stored before is still found", async () => {
    await new EmbeddingCache().put([["a", one]]);
    fillDisk();
    const cache = new EmbeddingCache();
    await cache.put([["b", two]]);
    expect(cache.problem).toBe("The disk is full.");
    expect(await cache.get(["a", "b"])).toEqual([one, two]);
    expect(await new EmbeddingCache().get(["b"])).toEqual([undefined]);
    cache.forget();
    expect(await cache.get(["a", "b"])).toEqual([one, undefined]);
  });

  it("are kept in memory where there is no storage, the oldest no longer than there is room", async () => {
    vi.stubGlobal("indexedDB", {
      open: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
    const cache = new EmbeddingCache();
    await cache.put([["first", one]]);
    expect(cache.problem).toBe("denied");
    expect(await cache.get(["first"])).toEqual([one]);
    await cache.put(Array.from({ length: 8_192 }, (_, i) => [`${i}`, two]));
    expect(await cache.get(["first", "0"])).toEqual([undefined, two]);
  });

  it("leave nothing to clear where there is no storage", async () => {
    vi.stubGlobal("indexedDB", {
      open: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
    await expect(clearStoredEmbeddings()).resolves.toBeUndefined();
  });
});

describe("adding images again", () => {
  function setUp(cache: EmbeddingCache | null = new EmbeddingCache()) {
    const wasm = new FakeSession();
    const decode = vi.fn(fakeDecoder.decodeFile);
    const session = new Session(started(wasm), {
      decoder: { ...fakeDecoder, decodeFile: decode },
      cache: cache ?? undefined,
      log: () => undefined,
      traps: new Traps(),
      openFolder: async () => new FakeFolder(),
      finetunings: new Set(),
    });
    const add = (...names: string[]) =>
      session.add(
        {
          images: names.map((name) => ({
            kind: "file",
            name,
            blob: file(name),
          })),
          label: "ants",
          split: "auto",
        },
        new AbortController().signal,
      );
    return { wasm, session, decode, add };
  }

  it("decodes and computes only what is new, and adds all in order", async () => {
    await setUp().add("a", "bb");
    const { wasm, session, decode, add } = setUp();
    const answer = await add("ccc", "bb", "a");
    expect(answer).toMatchObject({ added: 3, ids: [0, 1, 2], rejected: [] });
    expect(decode).toHaveBeenCalledOnce();
    expect(wasm.embedded).toEqual([["ccc"]]);
    expect(wasm.samples.map(({ name, record }) => [name, record])).toEqual(
      ["ccc", "bb", "a"].map((name) => [name, Uint8Array.of(name.length, 1)]),
    );
    expect(await session.stats()).toMatchObject({ images: 3, cached: 2 });
  });

  it("stores each record alone, as bytes of its own", async () => {
    await setUp().add("a", "bb");
    const [record] = await new EmbeddingCache().get([
      "fake weights hash of bb",
    ]);
    expect(record).toEqual(Uint8Array.of(2, 1));
    expect(record!.buffer.byteLength).toBe(2);
  });

  it("computes again for other weights, views, features or another backend", async () => {
    await setUp().add("a");
    const { wasm, add } = setUp();
    wasm.embeddingKey = () => "other weights";
    await add("a");
    expect(wasm.embedded).toEqual([["a"]]);
  });

  it("computes again without a cache", async () => {
    await setUp().add("a");
    const { wasm, add } = setUp(null);
    await add("a");
    expect(wasm.embedded).toEqual([["a"]]);
  });

  it("tells an unusable image that comes twice in one batch twice", async () => {
    const { add } = setUp();
    const broken = await add("broken", "broken", "good");
    expect(broken).toMatchObject({ added: 1, ids: [null, null, 0] });
    expect(broken.rejected).toHaveLength(2);
    expect(broken.duplicates).toEqual([]);
  });
});
