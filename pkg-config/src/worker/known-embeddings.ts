import type { EmbeddingCache } from "../cache/embeddings.js";
import type { LogSink } from "../protocol.js";
import type { Opened } from "./open-image.js";
import type { WasmSession } from "./wasm-session.js";

/** The cache of records, as one session sees it: under its weights, views, features and backend. */
export class KnownEmbeddings {
  /** How many were found. */
  found = 0;

  readonly #wasm: WasmSession;
  readonly #cache: EmbeddingCache | undefined;
  readonly #log: LogSink;
  #problemTold = false;

  constructor(
    wasm: WasmSession,
    cache: EmbeddingCache | undefined,
    log: LogSink,
  ) {
    this.#wasm = wasm;
    this.#cache = cache;
    this.#log = log;
  }

  async find(images: Opened[]): Promise<Map<Opened, Uint8Array>> {
    if (!this.#cache || images.length === 0) return new Map();
    const records = await this.#cache.get(images.map(this.#key()));
    this.#tellProblem();
    const known = new Map<Opened, Uint8Array>();
    for (const [i, image] of images.entries()) {
      const record = records[i];
      if (record) known.set(image, record);
    }
    this.found += known.size;
    return known;
  }

  async keep(computed: [Opened, Uint8Array][]): Promise<void> {
    if (!this.#cache) return;
    const key = this.#key();
    await this.#cache.put(
      computed.map(([image, record]) => [key(image), record]),
    );
    this.#tellProblem();
  }

  #key(): (image: Opened) => string {
    const prefix = this.#wasm.embeddingKey();
    return ({ hash }) => `${prefix} ${hash}`;
  }

  /** Once: it would be the same for every image. */
  #tellProblem(): void {
    const problem = this.#cache?.problem;
    if (problem === undefined || this.#problemTold) return;
    this.#problemTold = true;
    this.#log(
      "warn",
      `Embeddings cannot be stored and are kept in memory (${problem}).`,
    );
  }
}
