import {
  asHeadstartError,
  fromPlain,
  HeadstartError,
  throwIfCancelled,
} from "../errors.js";
import type { AddRequest, Outgoing, TrainRequest } from "../protocol.js";
import type {
  Added,
  Backend,
  ClassCount,
  Prediction,
  Report,
  Skipped,
  Split,
  TrainStep,
} from "../types.js";
import type { Decoder } from "./decode.js";
import { pause } from "./pause.js";
import { Queue } from "./queue.js";
import type { Traps } from "./traps.js";

/** The session that Rust offers. Only one of its methods may run at a time. */
export interface WasmSession {
  backend(): Backend;
  /** How many images to stage before they are embedded. */
  batchSize(): number;
  /** Checks a file's header, and returns the hash of its content. */
  inspect(name: string, bytes: Uint8Array): string;
  inspectPixels(name: string, image: ImageData): string;
  /** A sentence when an image of that content was added before. */
  duplicate(name: string, hash: string, label: string): string | undefined;
  stage(name: string, image: ImageData): void;
  discardStaged(): void;
  /** `[staged, 512]`, flattened. */
  embedStaged(): Promise<Float32Array>;
  addSample(
    name: string,
    hash: string,
    label: string,
    split: Split,
    embedding: Float32Array,
  ): number;
  classes(): ClassCount[];
  startTraining(options: TrainRequest): void;
  trainEpoch(): Promise<TrainStep | undefined>;
  cancelTraining(): void;
  evaluate(): Promise<Report>;
  predict(embeddings: Float32Array, top?: number): Promise<Prediction[]>;
}

/** An image that was read but not yet decoded. */
interface Opened {
  name: string;
  hash: string;
  pixels: () => ImageData | Promise<ImageData>;
}

/** The calls of a classifier, one after the other, on the session in Rust. */
export class Session {
  readonly #wasm: WasmSession;
  readonly #decoder: Decoder;
  readonly #traps: Traps;
  readonly #queue = new Queue();
  #classes: ClassCount[] = [];
  #run: number | undefined;
  #runs = 0;

  constructor(wasm: WasmSession, decoder: Decoder, traps: Traps) {
    this.#wasm = wasm;
    this.#decoder = decoder;
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
  ): Promise<Added> {
    return this.#job(
      signal,
      async () => {
        const result: Added = { added: 0, duplicates: [], rejected: [] };
        const staged: Opened[] = [];
        const flush = async () => {
          const embeddings = await this.#embedStaged(staged.length, signal);
          for (const [index, embedding] of embeddings.entries()) {
            const { name, hash } = staged[index]!;
            this.#wasm.addSample(name, hash, label, split, embedding);
            result.added++;
          }
          staged.length = 0;
        };
        for (const image of images) {
          await pause();
          throwIfCancelled(signal);
          try {
            const opened = await this.#open(image);
            // The same content twice in one batch: only an added image is known to Rust.
            if (staged.some(({ hash }) => hash === opened.hash)) await flush();
            const reason = this.#wasm.duplicate(
              opened.name,
              opened.hash,
              label,
            );
            if (reason !== undefined) {
              result.duplicates.push({
                name: opened.name,
                code: "DUPLICATE",
                reason,
              });
              continue;
            }
            await this.#stage(opened);
            staged.push(opened);
          } catch (thrown) {
            result.rejected.push(skipped(image.name, thrown));
          }
        }
        if (staged.length > 0) await flush();
        return result;
      },
      images,
    );
  }

  embed(images: Outgoing[], signal: AbortSignal): Promise<Float32Array[]> {
    return this.#job(
      signal,
      async () => {
        for (const image of images) {
          await pause();
          throwIfCancelled(signal);
          await this.#stage(await this.#open(image));
        }
        return this.#embedStaged(images.length, signal);
      },
      images,
    );
  }

  classify(
    embeddings: Float32Array[],
    top: number | undefined,
    signal: AbortSignal,
  ): Promise<Prediction[]> {
    return this.#job(signal, () =>
      this.#traps.guard(this.#wasm.predict(join(embeddings), top)),
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

  evaluate(signal: AbortSignal): Promise<Report> {
    return this.#job(signal, () => this.#traps.guard(this.#wasm.evaluate()));
  }

  /** One job at a time, which leaves nothing staged and no bitmap open, however it ends. */
  #job<T>(
    signal: AbortSignal,
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

  async #open(image: Outgoing): Promise<Opened> {
    const { name } = image;
    switch (image.kind) {
      case "failed":
        throw fromPlain(image.error);
      case "file": {
        const { blob } = image;
        const bytes = await readBytes(name, blob);
        const hash = this.#wasm.inspect(name, bytes);
        return {
          name,
          hash,
          pixels: () => this.#decoder.decodeFile(name, blob, bytes),
        };
      }
      case "bitmap":
        return this.#openPixels(
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
        return this.#openPixels(name, image.pixels);
      }
    }
  }

  #openPixels(name: string, image: ImageData): Opened {
    const hash = this.#wasm.inspectPixels(name, image);
    return { name, hash, pixels: () => image };
  }

  async #stage({ name, pixels }: Opened): Promise<void> {
    this.#wasm.stage(name, await pixels());
  }

  /** An abort that arrives meanwhile makes this throw, before anything is done with the result. */
  async #embedStaged(
    count: number,
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    const embeddings = await this.#traps.guard(this.#wasm.embedStaged());
    await pause();
    throwIfCancelled(signal);
    return divide(embeddings, count);
  }
}

async function readBytes(name: string, blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new HeadstartError(
      "IMAGE_UNDECODABLE",
      `${name} could not be read: it was moved or changed since it was chosen, so choose it again.`,
      { cause },
    );
  }
}

/** Only what is wrong with the image itself is told per image; anything else ends the call. */
function skipped(name: string, thrown: unknown): Skipped {
  const { code, message } = asHeadstartError(thrown);
  if (!code.startsWith("IMAGE_")) throw thrown;
  return { name, code, reason: message };
}

function divide(flat: Float32Array, count: number): Float32Array[] {
  const length = flat.length / count;
  return Array.from({ length: count }, (_, i) =>
    flat.slice(i * length, (i + 1) * length),
  );
}

function join(embeddings: Float32Array[]): Float32Array {
  const length = embeddings[0]?.length ?? 0;
  const flat = new Float32Array(embeddings.length * length);
  for (const [i, embedding] of embeddings.entries())
    flat.set(embedding, i * length);
  return flat;
}
