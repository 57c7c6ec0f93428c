/**
 * What Rust keeps of each image, its embedding above all, as bytes that only Rust reads; by what decides them: the
 * image's content, the weights, and how images are prepared.
 */
import { clear, createStore, getMany, setMany } from "idb-keyval";
import { messageOf } from "../errors.js";

/** The browser's database. Its use rejects where there is none, for example in some private windows. */
const openStore = () => createStore("headstart", "embeddings");

/** About 32 MB: enough for a sitting, where storage is not to be had. */
const MOST_IN_MEMORY = 8_192;

/**
 * Keeps embeddings in the browser's storage, and in memory where that fails: a full disk or a private
 * window makes later calls slower, and none fail.
 */
export class EmbeddingCache {
  /** Why embeddings are kept in memory only, once that is so. */
  problem: string | undefined;

  readonly #memory = new Map<string, Uint8Array>();
  #store: ReturnType<typeof openStore> | undefined;

  /** What is kept under each key. */
  async get(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    const stored = await this.#stored(keys);
    return keys.map((key, i) => this.#memory.get(key) ?? stored[i]);
  }

  /** Keeps records under their keys. */
  async put(entries: [key: string, record: Uint8Array][]): Promise<void> {
    if (this.problem === undefined) {
      try {
        await setMany(entries, this.#open());
        return;
      } catch (cause) {
        this.problem = messageOf(cause);
      }
    }
    for (const [key, record] of entries) this.#memory.set(key, record);
    for (const oldest of this.#memory.keys()) {
      if (this.#memory.size <= MOST_IN_MEMORY) break;
      this.#memory.delete(oldest);
    }
  }

  /** Forgets what is in memory only. */
  forget(): void {
    this.#memory.clear();
  }

  async #stored(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    try {
      const values = await getMany<unknown>(keys, this.#open());
      // Other scripts of the site can write there too.
      return values.map((value) =>
        value instanceof Uint8Array ? value : undefined,
      );
    } catch (cause) {
      this.problem ??= messageOf(cause);
      return [];
    }
  }

  #open(): ReturnType<typeof openStore> {
    return (this.#store ??= openStore());
  }
}

/** Deletes every stored embedding of this site. */
export async function clearStoredEmbeddings(): Promise<void> {
  const store = openStore();
  try {
    await getMany([], store);
  } catch {
    return; // Where nothing can be stored, nothing is.
  }
  await clear(store);
}
