import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clearStoredWeights } from "../src/cache/weights.js";
import { loadWeights } from "../src/worker/weights.js";
import { loadOptions } from "./fake/backbone.js";

const url = "https://example.org/weights/resnet18-int8.safetensors";
const content = Uint8Array.of(8, 0, 0, 0, 60);

/** The Cache storage of one site, as far as it is used. */
class FakeCaches {
  readonly stored = new Map<string, Map<string, Response>>();
  full = false;

  async open(name: string) {
    const shelf = this.stored.get(name) ?? new Map<string, Response>();
    this.stored.set(name, shelf);
    return {
      match: async (key: string) => shelf.get(key)?.clone(),
      put: async (key: string, response: Response) => {
        if (this.full) throw new DOMException("No room.", "QuotaExceededError");
        shelf.set(key, response);
      },
      delete: async (key: string) => shelf.delete(key),
    };
  }

  async delete(name: string) {
    return this.stored.delete(name);
  }
}

let caches: FakeCaches;
let requests: string[];

/** What the server has; `undefined`: it cannot be reached. */
let served:
  | { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }
  | undefined;

beforeEach(() => {
  caches = new FakeCaches();
  requests = [];
  served = { body: content, headers: { etag: '"1"' } };
  vi.stubGlobal("caches", caches);
  vi.stubGlobal("fetch", async (_: string, { method = "GET" }: RequestInit) => {
    requests.push(method);
    if (!served) throw new TypeError("Failed to fetch");
    const { body, headers } = served;
    return new Response(method === "HEAD" ? null : body, { headers });
  });
});
afterEach(() => vi.unstubAllGlobals());

async function load(cache = true) {
  const log = vi.fn();
  const { bytes, keep } = await loadWeights(url, loadOptions({ cache, log }));
  await keep();
  return { bytes, log };
}

describe("stored weights", () => {
  it("are not downloaded again while the server has the same file", async () => {
    await load();
    expect((await load()).bytes).toEqual(content);
    expect(requests).toEqual(["GET", "HEAD"]);
  });

  it("serve when the server cannot be reached", async () => {
    await load();
    served = undefined;
    expect((await load()).bytes).toEqual(content);
  });

  it.each([
    ["by its mark", { etag: '"1"' }, { etag: '"2"' }],
    [
      "by its date",
      {
        "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT",
        "content-length": "5",
      },
      {
        "last-modified": "Tue, 03 Nov 2026 10:00:00 GMT",
        "content-length": "5",
      },
    ],
    ["because it cannot be told", {}, {}],
  ])(
    "are downloaded again when the server has another file, %s",
    async (_, before, after) => {
      served = { body: content, headers: before };
      await load();
      const other = Uint8Array.of(9, 0, 0, 0, 60);
      served = { body: other, headers: after };
      expect((await load()).bytes).toEqual(other);
      expect(requests).toEqual(["GET", "HEAD", "GET"]);
    },
  );

  it("are known by date and length where the server gives no mark", async () => {
    served!.headers = {
      "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT",
      "content-length": "5",
    };
    await load();
    await load();
    expect(requests).toEqual(["GET", "HEAD"]);
  });

  it("are checked by their hash, and downloaded again when they are not what was stored", async () => {
    await load();
    const [shelf] = caches.stored.values();
    const { headers } = shelf!.get(url)!;
    shelf!.set(url, new Response(Uint8Array.of(8, 0, 0, 0, 61), { headers }));
    expect((await load()).bytes).toEqual(content);
    expect(requests).toEqual(["GET", "GET"]);
  });

  it("are neither read nor written without a cache", async () => {
    await load(false);
    expect(caches.stored.size).toBe(0);
    await load();
    await load(false);
    expect(requests).toEqual(["GET", "GET", "GET"]);
  });

  it("that find no room are told of, and nothing fails", async () => {
    caches.full = true;
    const { bytes, log } = await load();
    expect(bytes).toEqual(content);
    expect(log).toHaveBeenCalledWith(
      "warn",
      expect.stringContaining("No room."),
    );
  });

  it("are gone after clearing", async () => {
    await load();
    await clearStoredWeights();
    await load();
    expect(requests).toEqual(["GET", "GET"]);
  });

  it("are not looked for where there is no storage", async () => {
    vi.stubGlobal("caches", undefined);
    await load();
    await expect(clearStoredWeights()).resolves.toBeUndefined();
    await load();
    expect(requests).toEqual(["GET", "GET"]);
  });
});
