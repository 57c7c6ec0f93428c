/** Embeddings by what decides them: the image's content, the weights, and how images are prepared. */
import { messageOf } from "../errors.js";
import { openDatabase, type Database } from "./database.js";

/** 32 MB: enough for a sitting, where storage is not to be had. */
const MOST_IN_MEMORY = 16_384;

/**
 * Keeps embeddings in the browser's storage, and in memory where that fails: a full disk or a private
 * window makes later calls slower, and none fail.
 */
export class EmbeddingCache {
  /** Why embeddings are kept in memory only, once that is so. */
  problem: string | undefined;

  readonly #memory = new Map<string, Float32Array>();
  readonly #open: () => Promise<Database>;
  #database: Promise<Database> | undefined;

  constructor(open: () => Promise<Database> = openDatabase) {
    this.#open = open;
  }

  /** What is kept under each key. */
  async get(keys: string[]): Promise<(Float32Array | undefined)[]> {
    const stored = await this.#stored(keys);
    return keys.map((key, i) => this.#memory.get(key) ?? stored[i]);
  }

  /** Keeps embeddings under their keys. */
  async put(entries: [key: string, embedding: Float32Array][]): Promise<void> {
    if (this.problem === undefined) {
      try {
        const database = await this.#connect();
        const transaction = database.transaction("embeddings", "readwrite");
        const { store } = transaction;
        await Promise.all([
          ...entries.map(([key, embedding]) => store.put(embedding, key)),
          transaction.done,
        ]);
        return;
      } catch (cause) {
        this.problem = messageOf(cause);
      }
    }
    for (const [key, embedding] of entries) this.#memory.set(key, embedding);
    for (const oldest of this.#memory.keys()) {
      if (this.#memory.size <= MOST_IN_MEMORY) break;
      this.#memory.delete(oldest);
    }
  }

  /** Forgets what is in memory only. */
  forget(): void {
    this.#memory.clear();
  }

  async #stored(keys: string[]): Promise<(Float32Array | undefined)[]> {
    try {
      const database = await this.#connect();
      const { store } = database.transaction("embeddings");
      const values: unknown[] = await Promise.all(
        keys.map((key) => store.get(key)),
      );
      // Other scripts of the site can write there too.
      return values.map((value) =>
        value instanceof Float32Array ? value : undefined,
      );
    } catch (cause) {
      this.problem ??= messageOf(cause);
      return [];
    }
  }

  #connect(): Promise<Database> {
    return (this.#database ??= this.#open());
  }
}

/** Deletes every stored embedding of this site. */
export async function clearStoredEmbeddings(): Promise<void> {
  let database: Database;
  try {
    database = await openDatabase();
  } catch {
    return; // Where nothing can be stored, nothing is.
  }
  try {
    await database.clear("embeddings");
  } finally {
    database.close();
  }
}
