/// <reference lib="esnext.disposable" preserve="true" />
import { transfer } from "comlink";
import { batches, checkImages, countOf } from "./batches.js";
import { clearCache } from "./clear-cache.js";
import { notify } from "./callbacks.js";
import type { Connection } from "./connection.js";
import type { Opened } from "./creating.js";
import { disposed } from "./errors.js";
import { groupsFrom, type AnyGroupOf } from "./groups.js";
import { transferables } from "./images.js";
import {
  checkCallOptions,
  className,
  oneOf,
  optionsOf,
  trueOrFalse,
  wholeNumber,
} from "./options.js";
import type { Outgoing, PredictRequest } from "./protocol.js";
import { checkRemoval } from "./removal.js";
import { allOf, sendViews } from "./sending-views.js";
import { support } from "./support.js";
import type {
  Abortable,
  Added,
  AddOptions,
  Backend,
  CallOptions,
  ClassCount,
  ExportFormat,
  Images,
  ImageSource,
  Prediction,
  PredictOptions,
  Removal,
  Report,
  Stats,
  Support,
  TrainOptions,
  TrainStep,
} from "./types/index.js";

/** What every classifier can do, wherever its code runs. The entry points add how to make one. */
export abstract class BaseClassifier {
  /** Which backend runs, and why that one. */
  readonly backend: Backend;

  readonly #connection: Connection;
  readonly #batchSize: number;
  /** By id, what was added as a file: files are cheap to keep, pixels are not. */
  readonly #images = new Map<number, Blob>();

  /** Takes an `Opened`, whose type is the package's own and is not published. */
  protected constructor(opened: object) {
    const { connection, created } = opened as Opened;
    this.#connection = connection;
    this.backend = created.backend;
    this.#batchSize = created.batchSize;
  }

  /**
   * What this browser can do, and why not where it cannot. It never rejects, also where there is no
   * browser at all.
   *
   * @example
   * ```ts
   * const { supported, missing } = await Classifier.support();
   * if (!supported) throw new Error(missing.join(" "));
   * ```
   */
  static support(): Promise<Support> {
    return support();
  }

  /**
   * Deletes the embeddings and weights that classifiers of this site have kept in the browser's
   * storage. Classifiers in use keep what they hold.
   *
   * @example
   * ```ts
   * await Classifier.clearCache();
   * ```
   */
  static clearCache(): Promise<void> {
    return clearCache();
  }

  /**
   * The images added so far, by class, as of the last finished call.
   *
   * @example
   * ```ts
   * for (const { label, auto, train, test } of classifier.classes)
   *   console.log(label, auto + train + test);
   * ```
   */
  get classes(): ClassCount[] {
    return this.#connection.classes;
  }

  /**
   * Adds images of one class. An image that cannot be used is told in `rejected`, one that is
   * there already in `duplicates`; neither stops the others. Images are read a few at a time.
   *
   * Images that show the same person, object or moment belong in one {@link AddOptions.group}.
   *
   * The same files may be added again after `Classifier.load`: a project holds no image, and fine-tuning needs them.
   *
   * @throws {@link HeadstartError} with code `INVALID_ARGUMENT`, `CANCELLED`, `DISPOSED` or `DEVICE_LOST`, or what the
   * function `group` throws; the images added before it stay.
   * @example
   * ```ts
   * const { added, rejected } = await classifier.add(ants, { label: "ants" });
   * console.log(`${added} added`, rejected.map(({ reason }) => reason));
   * ```
   * @example
   * ```ts
   * // "anna-01.jpg", "anna-02.jpg", "ben-01.jpg": photos of one person are a group.
   * const person = (photo: File) => photo.name.split("-")[0];
   * await classifier.add(ants, { label: "ants", group: person });
   * await classifier.add(bees, { label: "bees", group: person });
   * ```
   */
  async add<T extends ImageSource>(
    images: Images<T>,
    options: AddOptions<T>,
  ): Promise<Added> {
    const { label, split = "auto", group, signal } = optionsOf("add", options);
    className("The option label", label);
    oneOf("split", split, ["auto", "train", "test"]);
    const groupOf = groupsFrom(group);
    const all: Added = { added: 0, duplicates: [], rejected: [] };
    const addBatch = async (batch: Outgoing[]) => {
      const part = await this.#connection.call(
        (api, call) =>
          api.add(
            call,
            transfer({ images: batch, label, split }, transferables(batch)),
          ),
        signal,
      );
      for (const [i, id] of part.ids.entries()) {
        const image = batch[i];
        // One that was added before may have come without its file, as with a project.
        if (id !== null && image?.kind === "file" && !this.#images.has(id))
          this.#images.set(id, image.blob);
      }
      all.added += part.added;
      all.duplicates.push(...part.duplicates);
      all.rejected.push(...part.rejected);
    };
    await this.#eachBatch(images, options, addBatch, groupOf);
    return all;
  }

  /**
   * Gives a class another name, also in the head: nothing needs training again.
   *
   * @throws {@link HeadstartError} with code `INVALID_ARGUMENT` for a class that does not exist or a name that
   * another class has, and `TRAINING_IN_PROGRESS`.
   * @example
   * ```ts
   * await classifier.rename("ants", "wood ants");
   * ```
   */
  async rename(from: string, to: string): Promise<void> {
    className("The class to rename", from);
    className("The new name", to);
    await this.#connection.call((api, call) => api.rename(call, from, to));
  }

  /**
   * Removes a class with its images, or single images by id, and says how many images went. A head that
   * has learned from one of them, or is judged on one, goes too: train again.
   *
   * @throws {@link HeadstartError} with code `INVALID_ARGUMENT` for a class or an id that is not there, and
   * `TRAINING_IN_PROGRESS`; nothing is removed then.
   * @example
   * ```ts
   * const { labelProblems } = await classifier.evaluate();
   * await classifier.remove({ ids: labelProblems.map(({ id }) => id) });
   * await classifier.remove({ label: "ants" });
   * ```
   */
  async remove(which: Removal): Promise<number> {
    const removal = checkRemoval(which);
    const ids = await this.#connection.call((api, call) =>
      api.remove(call, removal),
    );
    for (const id of ids) this.#images.delete(id);
    return ids.length;
  }

  /**
   * Trains a new head on the images added, one step at a time. The new head is in place when the
   * loop ends by itself; leaving it early, or aborting, keeps the head there was.
   *
   * With the method `"finetune"` the network's last stage is trained too, and goes on to predict if it is better for it.
   * It reads the images once more, so all of them must have been added as a `File` or `Blob`. Once the phase `"views"` has
   * begun, the head on the network as it is stays, however the run ends.
   *
   * @throws {@link HeadstartError} with code `TRAINING_IN_PROGRESS` while another run goes on, `NO_IMAGES`,
   * `TOO_FEW_CLASSES`, `TOO_FEW_IMAGES`, `IMAGES_OUTDATED` or `INVALID_ARGUMENT`; fine-tuning also with `IMAGES_MISSING`,
   * `NO_ROOM`, or the code of an image that can no longer be used.
   * @example
   * ```ts
   * for await (const { epoch, loss } of classifier.train({ seed: 0 }))
   *   console.log(epoch, loss);
   * ```
   */
  async *train(
    options: TrainOptions = {},
  ): AsyncGenerator<TrainStep, void, void> {
    const { signal, ...request } = optionsOf("train", options);
    checkCallOptions({ signal });
    const connection = this.#connection;
    if (request.method === "finetune") connection.expectFurther();
    const { run, images } = await connection.call(
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
      const files = allOf(images, this.#images);
      for (;;) {
        const trained = await connection.call(
          (api, call) => api.trainEpoch(call, run),
          signal,
        );
        if (trained === undefined) {
          finished = true;
          return;
        }
        yield trained.step;
        if (trained.awaitsViews)
          yield* sendViews(run, files, this.#batchSize, connection, signal);
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      // Whatever ended the loop is what the caller should hear of, not this.
      if (!finished) await stop().catch(() => undefined);
    }
  }

  /**
   * Measures the head on held-out images, which it has not learned from.
   *
   * @throws {@link HeadstartError} with code `NOT_TRAINED` or `NO_TEST_IMAGES`.
   * @example
   * ```ts
   * const { accuracy, interval, confusion } = await classifier.evaluate();
   * console.log(`${accuracy} in [${interval.join(", ")}]`, confusion);
   * ```
   */
  async evaluate(options: Abortable = {}): Promise<Report> {
    const { signal } = optionsOf("evaluate", options);
    checkCallOptions({ signal });
    const report = await this.#connection.call(
      (api, call) => api.evaluate(call),
      signal,
    );
    return {
      ...report,
      predictions: this.#withImages(report.predictions),
      labelProblems: this.#withImages(report.labelProblems),
    };
  }

  /**
   * Says which class each image shows, in the order given.
   *
   * @throws {@link HeadstartError} with code `NOT_TRAINED`, or that of an image that cannot be used, naming it.
   * @example
   * ```ts
   * const [prediction] = await classifier.predict([photo], { top: 3 });
   * console.log(prediction.label ?? "none of these", prediction.classes);
   * ```
   */
  async predict<const T extends Images>(
    images: T,
    options: PredictOptions = {},
  ): Promise<PerImage<T, Prediction>> {
    const {
      signal,
      top,
      heatmap = false,
      nearest = 0,
    } = optionsOf("predict", options);
    checkCallOptions(options);
    checkImages(images);
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
    return predictions as PerImage<T, Prediction>;
  }

  /**
   * The backbone's features of each image, in the order given, for other uses: 960 numbers, those of the stages
   * `layer1` (64), `layer2` (128), `layer3` (256) and `layer4` (512) one after the other; with `features: "last"`
   * only those of `layer4`, 512. With several views, their mean.
   *
   * @throws {@link HeadstartError} with the code of an image that cannot be used, naming it.
   * @example
   * ```ts
   * const [embedding] = await classifier.embed([photo]);
   * console.log(embedding.length); // 960
   * ```
   */
  async embed<const T extends Images>(
    images: T,
    options: CallOptions = {},
  ): Promise<PerImage<T, Float32Array>> {
    const { signal } = optionsOf("embed", options);
    const embeddings: Float32Array[] = [];
    await this.#eachBatch(images, options, async (batch) => {
      const part = await this.#connection.call(
        (api, call) => api.embed(call, transfer(batch, transferables(batch))),
        signal,
      );
      embeddings.push(...part);
    });
    return embeddings as PerImage<T, Float32Array>;
  }

  /**
   * What was made, as a file. `"project"`: classes, embeddings, head and report, for
   * `Classifier.load` to go on with. `"safetensors"`: the head alone, under torchvision's names, for
   * other programs. Layers that were fine-tuned go with both. Neither holds an image.
   *
   * @throws {@link HeadstartError} with code `NOT_TRAINED` for `"safetensors"` without a head.
   * @example
   * ```ts
   * const project = await classifier.export("project");
   * const again = await Classifier.load(project, { weights });
   * ```
   */
  async export(format: ExportFormat, options: Abortable = {}): Promise<Blob> {
    oneOf("format", format, ["project", "safetensors"]);
    const { signal } = optionsOf("export", options);
    checkCallOptions({ signal });
    const bytes = await this.#connection.call(
      (api, call) => api.export(call, format),
      signal,
    );
    return new Blob([bytes], { type: "application/octet-stream" });
  }

  /**
   * How many images there are, how many came from the cache, and how much memory is used, in bytes.
   *
   * @example
   * ```ts
   * const { images, cached, memory } = await classifier.stats();
   * console.log(images, cached, memory.wasm, memory.gpu);
   * ```
   */
  async stats(): Promise<Stats> {
    const stats = await this.#connection.call((api, call) => api.stats(call));
    return { ...stats, backend: this.backend };
  }

  /**
   * Frees the classifier's memory, and ends the worker when no other classifier works in it. Calls that
   * wait, and later ones, reject with `DISPOSED`. It may be called twice.
   *
   * @example
   * ```ts
   * classifier.dispose();
   * ```
   */
  dispose(): void {
    this.#connection.close(disposed());
    this.#images.clear();
  }

  /** For `using`: the same as {@link dispose}. */
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
    images: Images,
    options: CallOptions,
    use: (batch: Outgoing[]) => Promise<void>,
    groupOf?: AnyGroupOf,
  ): Promise<void> {
    checkCallOptions(options);
    checkImages(images);
    const { signal, onProgress } = options;
    let loaded = 0;
    for await (const batch of batches(
      images,
      this.#batchSize,
      this.#connection,
      signal,
      groupOf,
    )) {
      const count = batch.length;
      await use(batch);
      loaded += count;
      notify(onProgress, { stage: "images", loaded, total: countOf(images) });
    }
  }
}

/** One result for each image: as many as the array has whose length is known, any number otherwise. */
export type PerImage<T extends Images, R> = T extends readonly unknown[]
  ? { -readonly [K in keyof T]: R }
  : R[];
