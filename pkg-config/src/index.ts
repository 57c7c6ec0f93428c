/**
 * On-device image classifiers: a frozen ResNet18 turns images into embeddings, and a head learns your
 * classes from them, in a worker of the page.
 *
 * @packageDocumentation
 */
import { BaseClassifier } from "./classifier.js";
import { create, load, type Place } from "./creating.js";
import type { CreateOptions, LoadOptions } from "./types/index.js";

/**
 * Learns to tell your classes apart from a few images of each. All work is done in a worker, and
 * no image leaves the machine. Several classifiers share one worker and one copy of the backbone.
 *
 * @example
 * ```ts
 * const classifier = await Classifier.create({ weights });
 * await classifier.add(ants, { label: "ants" });
 * await classifier.add(bees, { label: "bees" });
 * for await (const step of classifier.train()) console.log(step.epoch, step.loss);
 * const [prediction] = await classifier.predict([photo]);
 * console.log(prediction.label);
 * ```
 */
export class Classifier extends BaseClassifier {
  /**
   * Fetches the weights and the code, and starts a classifier.
   *
   * @throws {@link HeadstartError} for example with code `WEIGHTS_MISSING`, `WEIGHTS_CORRUPT`,
   * `WEBGPU_UNAVAILABLE` or `UNSUPPORTED_ENVIRONMENT`; nothing is left running then.
   * @example
   * ```ts
   * const classifier = await Classifier.create({
   *   weights: "/weights/resnet18-int8.safetensors",
   *   onProgress: ({ stage, loaded, total }) => console.log(stage, loaded, total),
   * });
   * console.log(classifier.backend.kind, classifier.backend.reason);
   * ```
   */
  static async create(options: CreateOptions): Promise<Classifier> {
    return new Classifier(await create(options, OWN));
  }

  /**
   * Starts a classifier from what {@link Classifier.export} gave: a project to go on with, or a head to
   * predict with. The weights must be those it was made with.
   *
   * @throws {@link HeadstartError} with code `PROJECT_CORRUPT`, `PROJECT_UNSUPPORTED` or
   * `PROJECT_MISMATCH`, or as {@link Classifier.create}.
   * @example
   * ```ts
   * const project = await classifier.export("project");
   * const again = await Classifier.load(project, { weights });
   * ```
   */
  static async load(
    file: Blob | ArrayBuffer,
    options: LoadOptions,
  ): Promise<Classifier> {
    return new Classifier(await load(file, options, OWN));
  }
}

/** Bundlers recognise exactly this form. */
const ownWorker = () =>
  new Worker(new URL("./worker.js", import.meta.url), {
    type: "module",
    name: "headstart",
  });

const OWN: Place = { worker: ownWorker, wasm: {} };

export { HeadstartError, type ErrorCode } from "./errors.js";
export type { BaseClassifier, PerImage } from "./classifier.js";
export type * from "./types/index.js";
