/// <reference lib="esnext.disposable" preserve="true" />
import { proxy, transfer } from "comlink";
import { batches, countOf } from "./batches.js";
import { Connection } from "./connection.js";
import { cancelled, HeadstartError, throwIfCancelled } from "./errors.js";
import { transferables } from "./images.js";
import type {
  Created,
  CreateRequest,
  Outgoing,
  PredictRequest,
} from "./protocol.js";
import type {
  Added,
  AddOptions,
  Backend,
  CallOptions,
  ClassCount,
  CreateOptions,
  ImageSource,
  Prediction,
  PredictOptions,
  Progress,
  Report,
  TrainOptions,
  TrainStep,
  WeightsSource,
} from "./types.js";

/**
 * Learns to tell your classes apart from a few images of each. All work is done in a worker, and
 * no image leaves the machine.
 *
 * ```ts
 * const classifier = await Classifier.create({ weights: "/weights/resnet18-int8.safetensors" });
 * await classifier.add(ants, { label: "ants" });
 * await classifier.add(bees, { label: "bees" });
 * for await (const step of classifier.train()) console.log(step.epoch, step.loss);
 * const [prediction] = await classifier.predict([image]);
 * ```
 */
export class Classifier {
  /** Which backend runs, and why that one. */
  readonly backend: Backend;

  readonly #connection: Connection;
  readonly #batchSize: number;
  /** By id, what was added as a file: files are cheap to keep, pixels are not. */
  readonly #images = new Map<number, Blob>();

  private constructor(connection: Connection, { backend, batchSize }: Created) {
    this.#connection = connection;
    this.backend = backend;
    this.#batchSize = batchSize;
  }

  /**
   * Fetches the weights and the code, and starts the worker.
   * @throws {@link HeadstartError} for example with code `WEIGHTS_MISSING`, `WEIGHTS_CORRUPT` or
   * `WEBGPU_UNAVAILABLE`; nothing is left running then.
   */
  static async create(options: CreateOptions): Promise<Classifier> {
    const { signal, onProgress } = options;
    throwIfCancelled(signal);
    const request: CreateRequest = {
      weights: sendable(options.weights),
      backend: options.backend ?? "auto",
      views: options.views ?? "centre",
    };
    oneOf("backend", request.backend, ["auto", "webgpu", "cpu"]);
    oneOf("views", request.views, ["centre", "flip", "crops"]);
    const connection = new Connection();
    // Ending the worker is the one way to stop a download, a compilation and a start alike.
    const onAbort = () => connection.close(cancelled(signal));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const sink =
        onProgress &&
        proxy((progress: Progress) => notify(onProgress, progress));
      const created = await connection.call((api, call) =>
        api.create(call, request, sink),
      );
      return new Classifier(connection, created);
    } catch (error) {
      connection.close(disposed());
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** The images added so far, by class, as of the last finished call. */
  get classes(): ClassCount[] {
    return this.#connection.classes;
  }

  /**
   * Adds images of one class. An image that cannot be used is told in `rejected`, one that is
   * there already in `duplicates`; neither stops the others.
   */
  async add(
    files: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: AddOptions,
  ): Promise<Added> {
    const { label, split = "auto" } = options;
    if (typeof label !== "string" || label.trim() === "") {
      throw invalid(
        "The label is missing: name the class that these images show.",
      );
    }
    oneOf("split", split, ["auto", "train", "test"]);
    const all: Added = { added: 0, duplicates: [], rejected: [] };
    await this.#eachBatch(files, options, async (images) => {
      const part = await this.#connection.call(
        (api, call) =>
          api.add(
            call,
            transfer({ images, label, split }, transferables(images)),
          ),
        options.signal,
      );
      for (const [i, id] of part.ids.entries()) {
        const image = images[i];
        if (id !== null && image?.kind === "file")
          this.#images.set(id, image.blob);
      }
      all.added += part.added;
      all.duplicates.push(...part.duplicates);
      all.rejected.push(...part.rejected);
    });
    return all;
  }

  /**
   * Trains a new head on the images added, one epoch per step. The new head is in place when the
   * loop ends by itself; leaving it early, or aborting, keeps the head there was.
   * @throws {@link HeadstartError} with code `TRAINING_IN_PROGRESS` while another run goes on.
   */
  async *train(
    options: TrainOptions = {},
  ): AsyncGenerator<TrainStep, void, void> {
    const { signal, ...request } = options;
    const connection = this.#connection;
    const run = await connection.call(
      (api, call) => api.startTraining(call, request),
      signal,
    );
    const stop = () =>
      connection.call((api, call) => api.cancelTraining(call, run));
    // Also for a loop that nobody continues: an abort must still make way for another run.
    const onAbort = () => void stop().catch(() => undefined);
    signal?.addEventListener("abort", onAbort, { once: true });
    let finished = false;
    try {
      for (;;) {
        const step = await connection.call(
          (api, call) => api.trainEpoch(call, run),
          signal,
        );
        if (step === undefined) {
          finished = true;
          return;
        }
        yield step;
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      // Whatever ended the loop is what the caller should hear of, not this.
      if (!finished) await stop().catch(() => undefined);
    }
  }

  /** Measures the head on held-out images, which it has not learned from. */
  async evaluate(): Promise<Report> {
    const report = await this.#connection.call((api, call) =>
      api.evaluate(call),
    );
    return {
      ...report,
      predictions: this.#withImages(report.predictions),
      labelProblems: this.#withImages(report.labelProblems),
    };
  }

  /**
   * Says which class each image shows, in the order given.
   * @throws {@link HeadstartError} when an image cannot be used, naming it.
   */
  async predict(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: PredictOptions = {},
  ): Promise<Prediction[]> {
    const { signal, top, heatmap = false, nearest = 0 } = options;
    if (top !== undefined) wholeNumber("top", top, 1);
    wholeNumber("nearest", nearest, 0);
    trueOrFalse("heatmap", heatmap);
    const request: PredictRequest = { top, heatmap, nearest };
    // Without a head, say so before the images are computed rather than after.
    await this.#connection.call((api, call) => api.requireHead(call), signal);
    const predictions: Prediction[] = [];
    await this.#eachBatch(images, options, async (batch) => {
      const part = await this.#connection.call(
        (api, call) =>
          api.predict(call, transfer(batch, transferables(batch)), request),
        signal,
      );
      for (const { nearest, ...prediction } of part) {
        predictions.push(
          nearest
            ? { ...prediction, nearest: this.#withImages(nearest) }
            : prediction,
        );
      }
    });
    return predictions;
  }

  /** The backbone's 512 features of each image, in the order given, for other uses. */
  async embed(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: CallOptions = {},
  ): Promise<Float32Array[]> {
    const embeddings: Float32Array[] = [];
    await this.#eachBatch(images, options, async (batch) => {
      const part = await this.#connection.call(
        (api, call) => api.embed(call, transfer(batch, transferables(batch))),
        options.signal,
      );
      embeddings.push(...part);
    });
    return embeddings;
  }

  /** Ends the worker and frees its memory. Calls that wait, and later ones, reject with `DISPOSED`. */
  dispose(): void {
    this.#connection.close(disposed());
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The files that were added, beside what the worker says of them. */
  #withImages<T extends { id: number }>(
    items: T[],
  ): (T & { image: Blob | null })[] {
    return items.map((item) => ({
      ...item,
      image: this.#images.get(item.id) ?? null,
    }));
  }

  async #eachBatch(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    { signal, onProgress }: CallOptions,
    use: (batch: Outgoing[]) => Promise<void>,
  ): Promise<void> {
    let loaded = 0;
    for await (const batch of batches(
      images,
      this.#batchSize,
      this.#connection,
      signal,
    )) {
      const count = batch.length;
      await use(batch);
      loaded += count;
      notify(onProgress, { stage: "images", loaded, total: countOf(images) });
    }
  }
}

/** A fault in the caller's callback is reported as its own and does not end the call. */
function notify(
  onProgress: CallOptions["onProgress"],
  progress: Progress,
): void {
  try {
    onProgress?.(progress);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function sendable(weights: WeightsSource): CreateRequest["weights"] {
  if (typeof weights !== "string" && !(weights instanceof URL)) {
    if (weights instanceof ArrayBuffer || weights instanceof Blob)
      return weights;
    throw invalid(
      "The weights are missing: pass a URL, an ArrayBuffer or a Blob as `weights`.",
    );
  }
  try {
    return new URL(
      weights,
      globalThis.document?.baseURI ?? globalThis.location?.href,
    ).href;
  } catch (cause) {
    throw invalid(`The weights' address "${weights}" is not a URL.`, cause);
  }
}

function oneOf(
  option: string,
  value: unknown,
  allowed: readonly string[],
): void {
  if (allowed.includes(value as string)) return;
  const names = allowed.map((name) => `"${name}"`).join(", ");
  throw invalid(
    `The option ${option} is ${JSON.stringify(value)}: pass one of ${names}.`,
  );
}

/** WebAssembly would take any other number for some whole one. */
function wholeNumber(option: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  const given = typeof value === "string" ? `"${value}"` : String(value);
  throw invalid(
    `The option ${option} is ${given}: pass a whole number from ${least}.`,
  );
}

function trueOrFalse(option: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw invalid(
    `The option ${option} is ${JSON.stringify(value)}: pass true or false.`,
  );
}

function invalid(message: string, cause?: unknown): HeadstartError {
  return new HeadstartError("INVALID_ARGUMENT", message, { cause });
}

function disposed(): HeadstartError {
  return new HeadstartError(
    "DISPOSED",
    "This classifier was disposed of: create a new Classifier.",
  );
}
