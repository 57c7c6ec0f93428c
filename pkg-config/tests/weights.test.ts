import { afterEach, describe, expect, it, vi } from "vitest";
import type { Progress } from "../src/types/index.js";
import { loadWeights } from "../src/worker/weights.js";
import { loadOptions } from "./fake/backbone.js";

const url = "https://example.org/weights/resnet18-int8.safetensors";

function load(
  source: string | ArrayBuffer | Blob,
  signal = new AbortController().signal,
) {
  const progress: Progress[] = [];
  const onProgress = (p: Progress) => progress.push(p);
  const loaded = loadWeights(source, loadOptions({ signal, onProgress }));
  return { bytes: loaded.then(({ bytes }) => bytes), progress };
}

/** What `fetch` answers with, in the chunks given. */
function serve(
  chunks: Uint8Array[],
  headers: Record<string, string> = {},
  status = 200,
) {
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  vi.stubGlobal("fetch", async () => new Response(body, { status, headers }));
}

const chunks = [Uint8Array.of(8, 0, 0), Uint8Array.of(0, 60)];

afterEach(() => vi.unstubAllGlobals());

describe("a download", () => {
  it("is joined, and told in bytes as it comes", async () => {
    serve(chunks, { "content-length": "5" });
    const { bytes, progress } = load(url);
    expect(await bytes).toEqual(Uint8Array.of(8, 0, 0, 0, 60));
    expect(progress).toEqual(
      [0, 3, 5].map((loaded) => ({ stage: "weights", loaded, total: 5 })),
    );
  });

  it("has no total when it is compressed: the header counts other bytes", async () => {
    serve(chunks, { "content-length": "2", "content-encoding": "br" });
    const { bytes, progress } = load(url);
    expect(await bytes).toHaveLength(5);
    expect(progress.at(-1)).toEqual({
      stage: "weights",
      loaded: 5,
      total: undefined,
    });
  });

  it("that is not there names the address, the answer and the remedy", async () => {
    serve([], {}, 404);
    await expect(load(url).bytes).rejects.toMatchObject({
      code: "WEIGHTS_MISSING",
      message: `The server answered 404 for the weights at ${url}: put the file there, or pass another address.`,
    });
  });

  it("that cannot be reached is missing", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.reject(new TypeError("Failed to fetch")),
    );
    await expect(load(url).bytes).rejects.toMatchObject({
      code: "WEIGHTS_MISSING",
      message: expect.stringContaining(url) as unknown,
      cause: expect.objectContaining({ message: "Failed to fetch" }) as unknown,
    });
  });

  it.each([
    [
      "by its type",
      [Uint8Array.of(1)],
      { "content-type": "text/html; charset=utf-8" },
    ],
    [
      "by its content",
      [new TextEncoder().encode("\n<!DOCTYPE html><p>Hello")],
      {},
    ],
  ])("is known for a web page %s", async (_, body, headers) => {
    serve(body, headers);
    await expect(load(url).bytes).rejects.toMatchObject({
      code: "WEIGHTS_CORRUPT",
      message: expect.stringMatching(
        /web page instead of the weights at https:.*: put the file/,
      ) as unknown,
    });
  });

  it("that ends early is corrupt", async () => {
    serve(chunks, { "content-length": "100" });
    await expect(load(url).bytes).rejects.toMatchObject({
      code: "WEIGHTS_CORRUPT",
      message: expect.stringMatching(
        /broke off before the end: try again/,
      ) as unknown,
    });
  });

  it("whose connection breaks is corrupt", async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(chunks[0]),
      pull: (controller) => controller.error(new TypeError("network error")),
    });
    vi.stubGlobal("fetch", async () => new Response(body));
    await expect(load(url).bytes).rejects.toMatchObject({
      code: "WEIGHTS_CORRUPT",
    });
  });

  it("can be cancelled before and after it has begun", async () => {
    vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
      signal!.throwIfAborted();
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(chunks[0]);
          signal!.addEventListener("abort", () =>
            controller.error(signal!.reason),
          );
        },
      });
      return Promise.resolve(new Response(body));
    });
    await expect(load(url, AbortSignal.abort()).bytes).rejects.toMatchObject({
      code: "CANCELLED",
    });
    const abort = new AbortController();
    const { bytes, progress } = load(url, abort.signal);
    await vi.waitFor(() => expect(progress.at(-1)?.loaded).toBe(3));
    abort.abort();
    await expect(bytes).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("weights at hand", () => {
  it("are taken from a buffer and a blob", async () => {
    const buffer = Uint8Array.of(1, 2, 3).buffer;
    for (const source of [buffer, new Blob([buffer])]) {
      const { bytes, progress } = load(source);
      expect(await bytes).toEqual(Uint8Array.of(1, 2, 3));
      expect(progress).toEqual([{ stage: "weights", loaded: 3, total: 3 }]);
    }
  });

  it("that cannot be read are missing", async () => {
    const blob = new Blob(["x"]);
    blob.arrayBuffer = () =>
      Promise.reject(new DOMException("gone", "NotReadableError"));
    await expect(load(blob).bytes).rejects.toMatchObject({
      code: "WEIGHTS_MISSING",
      message: expect.stringContaining("choose it again") as unknown,
    });
  });
});
