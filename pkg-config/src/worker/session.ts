import { fromPlain, HeadstartError, throwIfCancelled } from "../errors.js";
import type {
  AddAnswer,
  AddRequest,
  BarePrediction,
  BareReport,
  Outgoing,
  LogSink,
  PredictRequest,
  TrainRequest,
} from "../protocol.js";
import type {
  ClassCount,
  ExportFormat,
  Removal,
  Skipped,
  Split,
  Stats,
  TrainStep,
} from "../types/index.js";
import type { EmbeddingCache } from "../cache/embeddings.js";
import type { Decoder } from "./decode.js";
import { pause } from "./pause.js";
import { Queue } from "./queue.js";
import { readBytes } from "./read-bytes.js";
import { Rejected } from "./rejected.js";
import type { Started } from "./start.js";
import type { Traps } from "./traps.js";

/** The session that Rust offers. Only one of its methods may run at a time. */
export interface WasmSession {
  /** How many images to stage before they are embedded. */
  batchSize(): number;
  /** Checks a file's header, and returns the hash of its content. */
  inspect(name: string, bytes: Uint8Array): string;
  inspectPixels(name: string, image: ImageData): string;
  /** What to tell when an image of that content was added before. */
  duplicate(
    name: string,
    hash: string,
    label: string,
  ): Pick<Skipped, "code" | "reason"> | undefined;
  stage(name: string, image: ImageData): void;
  discardStaged(): void;
  /** `[staged, 512]`, flattened. */
  embedStaged(): Promise<Float32Array>;
  /** Throws when there is no head. */
  requireHead(): void;
  /** Of what was staged, in order. */
  predictStaged(options: PredictRequest): Promise<BarePrediction[]>;
  /** Returns the image's id. */
  addSample(
    name: string,
    hash: string,
    label: string,
    split: Split,
    embedding: Float32Array,
  ): number;
  classes(): ClassCount[];
  /** Names all that an embedding depends on beside the image. */
  embeddingKey(): string;
  rename(from: string, to: string): void;
  /** The ids that were removed. */
  removeClass(label: string): Uint32Array;
  removeImages(ids: Uint32Array): Uint32Array;
  exportHead(): Promise<Uint8Array<ArrayBuffer>>;
  exportProject(): Promise<Uint8Array<ArrayBuffer>>;
  startTraining(options: TrainRequest): void;
  trainEpoch(): Promise<TrainStep | undefined>;
  cancelTraining(): void;
  evaluate(): Promise<BareReport>;
  free(): void;
}

/** What a session works with, beside Rust. */
export interface Tools {
  decoder: Decoder;
  /** Absent where the caller wants none. */
  cache: EmbeddingCache | undefined;
  log: LogSink;
  traps: Traps;
}

/** An image that was read but not yet decoded. */
interface Opened {
  /** Its place in the request. */
  position: number;
  name: string;
  hash: string;
  pixels: () => ImageData | Promise<ImageData>;
}

interface Embedded extends Opened {
  embedding: Float32Array;
}

/** The calls of a classifier, one after the other, on the session in Rust. */
export class Session {
  readonly #wasm: WasmSession;
  readonly #started: Started;
  readonly #decoder: Decoder;
  readonly #cache: EmbeddingCache | undefined;
  readonly #log: LogSink;
  readonly #traps: Traps;
  readonly #queue = new Queue();
  #classes: ClassCount[] = [];
  #cached = 0;
  #cacheProblemTold = false;
  #run: number | undefined;
  #runs = 0;

  constructor(started: Started, { decoder, cache, log, traps }: Tools) {
    this.#started = started;
    this.#wasm = started.session;
    this.#classes = this.#wasm.classes();
    this.#decoder = decoder;
    this.#cache = cache;
    this.#log = log;
    this.#traps = traps;
  }

  /** As of the last job: Rust cannot be asked while a job runs. */
  get classes(): ClassCount[] {
    return this.#classes;
  }

  /** Adds what can be added; a failed image is told of, not thrown. */
  add(
    { images, label, split }: AddRequest,
    signal: AbortSignal,
  ): Promise<AddAnswer> {
    return this.#job(
      signal,
      async () => {
        const duplicates: Skipped[] = [];
        const isDuplicate = ({ name, hash }: Opened): boolean => {
          const found = this.#wasm.duplicate(name, hash, label);
          if (found)
            duplicates.push({ name, code: found.code, reason: found.reason });
          return found !== undefined;
        };
        const rejected = new Rejected();
        const opened: Opened[] = [];
        const repeated: Opened[] = [];
        for (const [position, image] of images.entries()) {
          await pause();
          throwIfCancelled(signal);
          await rejected.unless(position, image.name, async () => {
            const next = await this.#open(image, position);
            if (opened.some(({ hash }) => hash === next.hash))
              repeated.push(next);
            else if (!isDuplicate(next)) opened.push(next);
          });
        }
        const embedded = await this.#embedEach(opened, rejected, signal);
        for (const { position, name, hash, pixels } of repeated) {
          // Twice in one batch, and unusable: both are told of.
          if (!embedded.some((image) => image.hash === hash))
            await rejected.unless(
              position,
              name,
              async () => void (await pixels()),
            );
        }
        // Nothing is waited for from here on: a batch is added whole, or not at all.
        throwIfCancelled(signal);
        const ids: (number | null)[] = images.map(() => null);
        for (const { position, name, hash, embedding } of embedded) {
          ids[position] = this.#wasm.addSample(
            name,
            hash,
            label,
            split,
            embedding,
          );
        }
        // Only an added image is known to Rust, so what is twice in one batch is told last.
        for (const image of repeated) isDuplicate(image);
        return {
          added: embedded.length,
          duplicates,
          rejected: rejected.inOrder(),
          ids,
        };
      },
      images,
    );
  }

  /** Takes from the cache what is there, and computes the rest of what can be decoded. */
  async #embedEach(
    images: Opened[],
    rejected: Rejected,
    signal: AbortSignal,
  ): Promise<Embedded[]> {
    const embeddings = await this.#findCached(images);
    const cached = embeddings.size;
    const staged: Opened[] = [];
    for (const image of images) {
      if (embeddings.has(image)) continue;
      await pause();
      throwIfCancelled(signal);
      await rejected.unless(image.position, image.name, async () => {
        await this.#stage(image);
        staged.push(image);
      });
    }
    if (staged.length > 0) {
      const computed = await this.#embedStaged(staged.length, signal);
      for (const [i, image] of staged.entries())
        embeddings.set(image, computed[i]!);
      await this.#keep(staged, computed);
    }
    this.#cached += cached;
    this.#log(
      "debug",
      `${images.length} images: ${cached} embeddings from the cache, ${staged.length} computed.`,
    );
    return images.flatMap((image) => {
      const embedding = embeddings.get(image);
      return embedding ? [{ ...image, embedding }] : [];
    });
  }

  embed(images: Outgoing[], signal: AbortSignal): Promise<Float32Array[]> {
    return this.#job(
      signal,
      async () => {
        await this.#stageAll(images, signal);
        return this.#embedStaged(images.length, signal);
      },
      images,
    );
  }

  requireHead(signal: AbortSignal): Promise<void> {
    return this.#job(signal, async () => this.#wasm.requireHead());
  }

  predict(
    images: Outgoing[],
    request: PredictRequest,
    signal: AbortSignal,
  ): Promise<BarePrediction[]> {
    return this.#job(
      signal,
      async () => {
        await this.#stageAll(images, signal);
        return this.#finish(this.#wasm.predictStaged(request), signal);
      },
      images,
    );
  }

  /** Numbers the run, so that a late call for it cannot touch the next one. */
  startTraining(options: TrainRequest, signal: AbortSignal): Promise<number> {
    return this.#job(signal, async () => {
      this.#wasm.startTraining(options);
      this.#run = ++this.#runs;
      return this.#run;
    });
  }

  trainEpoch(run: number, signal: AbortSignal): Promise<TrainStep | undefined> {
    return this.#job(signal, async () => {
      if (run !== this.#run) {
        throw new HeadstartError(
          "CANCELLED",
          "This training was cancelled; start another.",
        );
      }
      const step = await this.#traps.guard(this.#wasm.trainEpoch());
      if (step === undefined) {
        this.#run = undefined;
        return undefined;
      }
      await pause();
      throwIfCancelled(signal);
      return step;
    });
  }

  cancelTraining(run: number): Promise<void> {
    return this.#queue.run(async () => {
      if (run !== this.#run) return;
      this.#run = undefined;
      this.#wasm.cancelTraining();
    });
  }

  evaluate(signal: AbortSignal): Promise<BareReport> {
    return this.#job(signal, () => this.#traps.guard(this.#wasm.evaluate()));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#job(undefined, async () => this.#wasm.rename(from, to));
  }

  remove({ label, ids }: Removal): Promise<number[]> {
    return this.#job(undefined, async () => [
      ...(label === undefined
        ? this.#wasm.removeImages(Uint32Array.from(ids))
        : this.#wasm.removeClass(label)),
    ]);
  }

  export(format: ExportFormat): Promise<Uint8Array<ArrayBuffer>> {
    return this.#job(undefined, () =>
      this.#traps.guard(
        format === "project"
          ? this.#wasm.exportProject()
          : this.#wasm.exportHead(),
      ),
    );
  }

  stats(): Promise<Omit<Stats, "backend">> {
    return this.#job(undefined, async () => ({
      images: this.#wasm
        .classes()
        .reduce((sum, { auto, train, test }) => sum + auto + train + test, 0),
      cached: this.#cached,
      memory: await this.#started.memory(),
    }));
  }

  /** Frees what Rust holds, once it is no longer at work. */
  free(): Promise<void> {
    return this.#queue.run(async () => this.#started.free());
  }

  /** One job at a time, which leaves nothing staged and no bitmap open, however it ends. */
  #job<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    images: Outgoing[] = [],
  ): Promise<T> {
    return this.#queue.run(async () => {
      try {
        throwIfCancelled(signal);
        const result = await work();
        this.#classes = this.#wasm.classes();
        return result;
      } catch (error) {
        // A module that has died must not be called again, not even to clear up.
        if (!this.#traps.fatal(error)) {
          if (images.length > 0) this.#wasm.discardStaged();
          this.#classes = this.#wasm.classes();
        }
        throw error;
      } finally {
        for (const image of images)
          if (image.kind === "bitmap") image.bitmap.close();
      }
    });
  }

  async #open(image: Outgoing, position: number): Promise<Opened> {
    const { name } = image;
    switch (image.kind) {
      case "failed":
        throw fromPlain(image.error);
      case "file": {
        const { blob } = image;
        const bytes = await readBytes(name, blob, "IMAGE_UNDECODABLE");
        const hash = this.#wasm.inspect(name, bytes);
        return {
          position,
          name,
          hash,
          pixels: () => this.#decoder.decodeFile(name, blob, bytes),
        };
      }
      case "bitmap":
        return this.#openPixels(
          position,
          name,
          this.#decoder.readBitmap(name, image.bitmap),
        );
      case "pixels": {
        if (!(image.pixels.data instanceof Uint8ClampedArray)) {
          throw new HeadstartError(
            "IMAGE_UNDECODABLE",
            `${name} does not hold 8-bit pixels: pass ImageData with the pixel format "rgba-unorm8".`,
          );
        }
        return this.#openPixels(position, name, image.pixels);
      }
    }
  }

  #openPixels(position: number, name: string, image: ImageData): Opened {
    const hash = this.#wasm.inspectPixels(name, image);
    return { position, name, hash, pixels: () => image };
  }

  async #stage({ name, pixels }: Opened): Promise<void> {
    this.#wasm.stage(name, await pixels());
  }

  async #findCached(images: Opened[]): Promise<Map<Opened, Float32Array>> {
    if (!this.#cache || images.length === 0) return new Map();
    const found = await this.#cache.get(this.#keysOf(images));
    this.#tellCacheProblem();
    return new Map(
      images.flatMap((image, i) => (found[i] ? [[image, found[i]]] : [])),
    );
  }

  async #keep(images: Opened[], embeddings: Float32Array[]): Promise<void> {
    if (!this.#cache) return;
    const keys = this.#keysOf(images);
    await this.#cache.put(keys.map((key, i) => [key, embeddings[i]!]));
    this.#tellCacheProblem();
  }

  #keysOf(images: Opened[]): string[] {
    const prefix = this.#wasm.embeddingKey();
    return images.map(({ hash }) => `${prefix} ${hash}`);
  }

  #tellCacheProblem(): void {
    const problem = this.#cache?.problem;
    if (problem === undefined || this.#cacheProblemTold) return;
    this.#cacheProblemTold = true;
    this.#log(
      "warn",
      `Embeddings cannot be stored and are kept in memory (${problem}).`,
    );
  }

  /** Fails with the first image that cannot be used. */
  async #stageAll(images: Outgoing[], signal: AbortSignal): Promise<void> {
    for (const [position, image] of images.entries()) {
      await pause();
      throwIfCancelled(signal);
      await this.#stage(await this.#open(image, position));
    }
  }

  async #embedStaged(
    count: number,
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    return divide(await this.#finish(this.#wasm.embedStaged(), signal), count);
  }

  /** An abort that arrives meanwhile makes this throw, before anything is done with the result. */
  async #finish<T>(computation: Promise<T>, signal: AbortSignal): Promise<T> {
    const result = await this.#traps.guard(computation);
    await pause();
    throwIfCancelled(signal);
    return result;
  }
}

function divide(flat: Float32Array, count: number): Float32Array[] {
  const length = flat.length / count;
  return Array.from({ length: count }, (_, i) =>
    flat.slice(i * length, (i + 1) * length),
  );
}
