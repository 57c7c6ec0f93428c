/** Downloaded weights in the browser's Cache storage, checked against their hash when they are read. */

const NAME = "headstart-weights";
const HASH = "x-headstart-sha256";
/** What a server says of a file, by which a changed one is known. */
const MARK = "etag";
const DATE = "last-modified";
const LENGTH = "content-length";

/** Weights as they were when they were downloaded. */
export interface StoredWeights {
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether a server's answer, with or without the content, speaks of the same file. */
  sameAs(headers: Headers): boolean;
}

/** What is stored for this address, if it is whole. */
export async function readStoredWeights(
  url: string,
): Promise<StoredWeights | undefined> {
  try {
    const cache = await openCache(url);
    const response = await cache?.match(url);
    if (!cache || !response) return undefined;
    const bytes = new Uint8Array(await response.arrayBuffer());
    if ((await sha256(bytes)) !== response.headers.get(HASH)) {
      await cache.delete(url);
      return undefined;
    }
    const { headers } = response;
    return { bytes, sameAs: (others) => isSame(headers, others) };
  } catch {
    return undefined; // A cache that cannot be read is as good as none.
  }
}

/** Stores a download. Rejects when the browser has no room. */
export async function storeWeights(
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Headers,
): Promise<void> {
  const cache = await openCache(url);
  if (!cache) return;
  const kept = new Headers({ [HASH]: await sha256(bytes) });
  for (const name of [MARK, DATE, LENGTH]) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  await cache.put(url, new Response(bytes, { headers: kept }));
}

/** Deletes every stored weights file of this site. */
export async function clearStoredWeights(): Promise<void> {
  await storage()
    ?.delete(NAME)
    .catch(() => false);
}

/** Only what is fetched over the network can be stored. */
async function openCache(url: string): Promise<Cache | undefined> {
  return /^https?:/.test(url) ? storage()?.open(NAME) : undefined;
}

/** Only secure contexts have it. */
function storage(): CacheStorage | undefined {
  const scope: { caches?: CacheStorage } = globalThis;
  return scope.caches;
}

/** By the server's own mark where it gives one; otherwise by date and length together. */
function isSame(stored: Headers, now: Headers): boolean {
  const same = (name: string) => stored.get(name) === now.get(name);
  if (stored.has(MARK) && now.has(MARK)) return same(MARK);
  return stored.has(DATE) && same(DATE) && same(LENGTH);
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
