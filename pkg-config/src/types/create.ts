/** What a classifier is made from, and what can be asked of every call. */

/** Where weights come from: a URL to fetch, or the bytes themselves. */
export type WeightsSource = string | URL | ArrayBuffer | Blob;

/**
 * What is being done while a caller waits. `loaded` and `total` are bytes for `weights` and images
 * for `images`; the code and the backbone are one step each.
 */
export interface Progress {
  /** What is being done. */
  stage: "weights" | "code" | "backbone" | "images";
  /** How much of it is done. */
  loaded: number;
  /** `undefined` when it is not known, for example for a compressed response. */
  total: number | undefined;
}

/** What every call takes that may be long. */
export interface Abortable {
  /** Aborting rejects the call with `CANCELLED`; what was finished before stays. */
  signal?: AbortSignal | undefined;
}

/** What calls take that do many things one after the other. */
export interface CallOptions extends Abortable {
  /** Told of each step; what it throws is reported as uncaught and does not end the call. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** `"auto"`: WebGPU on a hardware adapter, the CPU otherwise. */
export type BackendChoice = "auto" | "webgpu" | "cpu";

/**
 * What is embedded of each image: `"centre"`, the central crop; `"flip"`, that and its mirror image;
 * `"crops"`, the central crop, a closer one, and both mirrored. Their embeddings are averaged, so an
 * image takes one, two or four times as long.
 */
export type Views = "centre" | "flip" | "crops";

/**
 * Which of the network's features describe an image. An embedding holds, one after the other, the means of the maps
 * that the network's stages put out: `"all"`, of all four, 960 numbers (64 of `layer1`, 128 of `layer2`, 256 of
 * `layer3`, 512 of `layer4`, as torchvision names them); `"last"`, those of `layer4` alone, 512.
 *
 * Early stages know textures and edges that ImageNet's classes do not need, so `"all"` tells more apart, at no more
 * computing per image. `"last"` is worth it for embeddings or a head that go to other programs, where torchvision's
 * `fc` takes 512 features, and where heads of very many images are to be fitted in less time and memory.
 */
export type FeatureSet = "all" | "last";

/** Where messages go; `console` is one. */
export interface Logger {
  /** What took how long, and what came from a cache. */
  debug(message: string): void;
  /** Which backend runs, and why. */
  info(message: string): void;
  /** Something works less well than it could. */
  warn(message: string): void;
  /** The classifier has stopped. */
  error(message: string): void;
}

/** What a classifier needs, however its images come. */
export interface LoadOptions extends CallOptions {
  /** The quantized weights file: made by `headstart quantize`, or that of `headstart/weights`. */
  weights: WeightsSource;
  /** Default `"auto"`. */
  backend?: BackendChoice | undefined;
  /**
   * Whether embeddings and downloaded weights are kept in this browser's storage, so that the same
   * photos need no computing again and the same weights no download. Default `true`.
   * {@link Classifier.clearCache} empties it.
   */
  cache?: boolean | undefined;
  /**
   * How many workers compute, on the CPU; each holds a copy of the network, 30 to 60 MB. Default 1;
   * `navigator.hardwareConcurrency` is as many as the machine runs at once. Classifiers that share a backbone
   * share its workers: the first one decides. With a worker of one's own, each further one runs its script too.
   */
  threads?: number | undefined;
  /** Default: the console, for warnings and errors only. */
  logger?: Logger | undefined;
}

/** What {@link Classifier.create} takes. */
export interface CreateOptions extends LoadOptions {
  /** Default `"centre"`. It holds for all images of the classifier. */
  views?: Views | undefined;
  /** Default `"all"`. It holds for all images of the classifier, and for what {@link Classifier.embed} gives. */
  features?: FeatureSet | undefined;
}

/** Which backend runs, and why that one. */
export interface Backend {
  /** WebGPU or the CPU. */
  kind: "webgpu" | "cpu";
  /** The adapter's name, for example `"nvidia hopper"` or `"WebAssembly SIMD"`. */
  adapter: string;
  /** One sentence for a person. */
  reason: string;
}
