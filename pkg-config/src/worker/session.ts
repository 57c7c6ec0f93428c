import {
  asHeadstartError,
  fromPlain,
  HeadstartError,
  throwIfCancelled,
} from "../errors.js";
import type {
  AddAnswer,
  AddRequest,
  BarePrediction,
  BareReport,
  Outgoing,
  PredictRequest,
  TrainRequest,
} from "../protocol.js";
import type {
  Backend,
  ClassCount,
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
  startTraining(options: TrainRequest): void;
  trainEpoch(): Promise<TrainStep | undefined>;
  cancelTraining(): void;
  evaluate(): Promise<BareReport>;
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
  ): Promise<AddAnswer> {
    return this.#job(
      signal,
      async () => {
        const answer: AddAnswer = {
          added: 0,
          duplicates: [],
          rejected: [],
          ids: images.map(() => null),
        };
        const isDuplicate = ({ name, hash }: Opened): boolean => {
          const found = this.#wasm.duplicate(name, hash, label);
          if (found)
            answer.duplicates.push({
              name,
              code: found.code,
              reason: found.reason,
            });
          return found !== undefined;
        };
        const staged: { position: number; opened: Opened }[] = [];
        const repeated: Opened[] = [];
        for (const [position, image] of images.entries()) {
          await pause();
          throwIfCancelled(signal);
          try {
            const opened = await this.#open(image);
            if (staged.some((other) => other.opened.hash === opened.hash)) {
              repeated.push(opened);
              continue;
            }
            if (isDuplicate(opened)) continue;
            await this.#stage(opened);
            staged.push({ position, opened });
          } catch (thrown) {
            answer.rejected.push(skipped(image.name, thrown));
          }
        }
        if (staged.length === 0) return answer;
        const embeddings = await this.#embedStaged(staged.length, signal);
        // Nothing is waited for from here on: a batch is added whole, or not at all.
        for (const [index, { position, opened }] of staged.entries()) {
          answer.ids[position] = this.#wasm.addSample(
            opened.name,
            opened.hash,
            label,
            split,
            embeddings[index]!,
          );
          answer.added++;
        }
        // Only an added image is known to Rust, so what is twice in one batch is told last.
        for (const opened of repeated) isDuplicate(opened);
        return answer;
      },
      images,
    );
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

  /** Fails with the first image that cannot be used. */
  async #stageAll(images: Outgoing[], signal: AbortSignal): Promise<void> {
    for (const image of images) {
      await pause();
      throwIfCancelled(signal);
      await this.#stage(await this.#open(image));
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
