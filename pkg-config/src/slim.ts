/**
 * The same classifier for applications that place its files themselves: the caller says where the
 * WebAssembly modules are, and may start the worker.
 *
 * @packageDocumentation
 */
import { BaseClassifier } from "./classifier.js";
import { create, load, type Place } from "./creating.js";
import { optionsOf } from "./options.js";
import { placeOf } from "./placement.js";
import type { CreateOptions, LoadOptions } from "./types/index.js";
import type { Placement } from "./types/placement.js";

/** What `headstart/slim` needs to know beside the usual options. */
export interface SlimCreateOptions extends CreateOptions, Placement {}
/** What `headstart/slim` needs to know beside the usual options. */
export interface SlimLoadOptions extends LoadOptions, Placement {}

/**
 * As the classifier of the main entry point, with its files where you put them.
 *
 * @example
 * ```ts
 * import { Classifier } from "headstart/slim";
 *
 * const classifier = await Classifier.create({
 *   weights: "/headstart/resnet18-int8.safetensors",
 *   wasm: {
 *     cpu: "/headstart/headstart.wasm",
 *     webgpu: "/headstart/headstart-webgpu.wasm",
 *     finetuneCpu: "/headstart/headstart-finetune.wasm",
 *   },
 *   worker: () => new Worker("/headstart/slim-worker.js", { type: "module" }),
 * });
 * ```
 */
export class Classifier extends BaseClassifier {
  /**
   * Fetches the weights and the code, and starts a classifier.
   *
   * @throws {@link HeadstartError} for example with code `WEIGHTS_MISSING`, `WEIGHTS_CORRUPT`,
   * `WEBGPU_UNAVAILABLE` or `UNSUPPORTED_ENVIRONMENT`; nothing is left running then.
   */
  static async create(options: SlimCreateOptions): Promise<Classifier> {
    return new Classifier(await create(options, place("create", options)));
  }

  /**
   * Starts a classifier from what `export` gave: a project to go on with, or a head to predict with.
   *
   * @throws {@link HeadstartError} with code `PROJECT_CORRUPT`, `PROJECT_UNSUPPORTED` or
   * `PROJECT_MISMATCH`, or as {@link Classifier.create}.
   */
  static async load(
    file: Blob | ArrayBuffer,
    options: SlimLoadOptions,
  ): Promise<Classifier> {
    return new Classifier(await load(file, options, place("load", options)));
  }
}

/** Bundlers recognise exactly this form. */
const ownWorker = () =>
  new Worker(new URL("./slim-worker.js", import.meta.url), {
    type: "module",
    name: "headstart",
  });

const place = (call: string, options: Placement): Place =>
  placeOf(optionsOf(call, options), ownWorker);

export type * from "./types/placement.js";
export { HeadstartError, type ErrorCode } from "./errors.js";
export type { BaseClassifier, PerImage } from "./classifier.js";
export type * from "./types/index.js";
