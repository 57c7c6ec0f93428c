/** The public types of the package: what goes in and what comes out. */

/** Where weights come from: a URL to fetch, or the bytes themselves. */
export type WeightsSource = string | URL | ArrayBuffer | Blob;

/** Anything the browser can decode or has decoded already. */
export type ImageSource =
  Blob | File | ImageBitmap | ImageData | HTMLImageElement | HTMLCanvasElement;

/**
 * What is being done while a caller waits. `loaded` and `total` are bytes for `weights` and images
 * for `images`; the code and the backbone are one step each.
 */
export interface Progress {
  stage: "weights" | "code" | "backbone" | "images";
  loaded: number;
  /** `undefined` when it is not known, for example for a compressed response. */
  total: number | undefined;
}

export interface CallOptions {
  /** Aborting rejects the call with `CANCELLED`; what was finished before stays. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export type BackendChoice = "auto" | "webgpu" | "cpu";

export interface CreateOptions extends CallOptions {
  weights: WeightsSource;
  /** Default `"auto"`: WebGPU on a hardware adapter, the CPU otherwise. */
  backend?: BackendChoice;
}

/** Which backend runs, and why that one. */
export interface Backend {
  kind: "webgpu" | "cpu";
  /** The adapter's name, for example `"nvidia hopper"` or `"wasm SIMD, one thread"`. */
  adapter: string;
  /** One sentence for a person. */
  reason: string;
}

/** `auto` images are split by seed; once any image is `test`, every `auto` image is for training. */
export type Split = "auto" | "train" | "test";

export interface AddOptions extends CallOptions {
  /** The class these images show. */
  label: string;
  /** Default `"auto"`. */
  split?: Split;
}

/** An image that was not added, and why. */
export interface Skipped {
  name: string;
  /** An `ErrorCode`, or `"DUPLICATE"`. */
  code: string;
  /** One sentence that names the image and the remedy. */
  reason: string;
}

export interface Added {
  /** How many images were added. */
  added: number;
  /** Images that were there already (same content). */
  duplicates: Skipped[];
  /** Images that cannot be used. */
  rejected: Skipped[];
}

/** The images of one class. */
export interface ClassCount {
  label: string;
  auto: number;
  train: number;
  test: number;
}

/**
 * `"lbfgs"`: multinomial logistic regression on standardised embeddings, to its one optimum.
 * `"adam"`, `"sgd"`: mini-batches; `"sgd"` is the classic transfer-learning recipe.
 */
export type Method = "lbfgs" | "adam" | "sgd";

export interface TrainOptions {
  /** Default `"lbfgs"`. */
  method?: Method;
  /** Passes over the training images, at most. Default: 300 for L-BFGS, 60 for Adam, 25 for SGD. */
  epochs?: number;
  /** Adam and SGD. Default 0.001. */
  learningRate?: number;
  /** SGD only. Default 0.9. */
  momentum?: number;
  /** Adam and SGD: images per step. Default: 16 for Adam, 4 for SGD. */
  batchSize?: number;
  /**
   * L2 penalty λ on the weights, in `mean cross-entropy + λ/2 · |W|²`. Default: `"auto"` for L-BFGS,
   * chosen by cross-validation within the training images; 0 for Adam and SGD.
   */
  l2?: number | "auto";
  /**
   * `"balanced"` makes every class count alike; `"auto"` does so where the largest class has more than
   * 1.5 times the images of the smallest. Default: `"auto"` for L-BFGS, `"none"` for Adam and SGD.
   */
  classWeights?: "auto" | "balanced" | "none";
  /**
   * Adam and SGD: share of the training images set aside, 0 to 0.5. Training stops when their loss no
   * longer falls, and keeps the best epoch's head. Default: 0.1 for Adam, 0 for SGD.
   */
  validation?: number;
  /** Decides the split, the folds, the first weights and the order of images. Default 0. */
  seed?: number;
  signal?: AbortSignal;
}

/** The state after one step. Accuracies are shares in [0, 1]. */
export interface TrainStep {
  /** From 1. */
  epoch: number;
  /** How many there will be at most; `null` for L-BFGS, which stops at the optimum. */
  epochs: number | null;
  /** What the step was for: L-BFGS chooses its penalty first, unless it is given. */
  phase: "choosing l2" | "fit";
  /**
   * Mean cross-entropy over the training images after this step, in nats. While the penalty is chosen,
   * the mean loss of the candidates.
   */
  loss: number;
  /** `null` while the penalty is chosen. */
  trainAccuracy: number | null;
  /** `null` when no image was set aside. */
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** The L2 penalty in force; `null` while it is chosen. */
  l2: number | null;
}

/** A class's measures; `null` where a ratio has nothing to divide by. */
export interface ClassReport {
  label: string;
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** How many held-out images show this class. */
  support: number;
}

/** What the head said about one held-out image. */
export interface TestPrediction {
  /** The image's position among all added, stable for the life of the classifier. */
  id: number;
  name: string;
  label: string;
  predicted: string;
  /** The probability given to `predicted`. */
  probability: number;
}

/** Measured on held-out images only. */
export interface Report {
  accuracy: number;
  /** Wilson score interval of the accuracy at 95 %. */
  interval: [low: number, high: number];
  balancedAccuracy: number;
  macroF1: number;
  /** Mean cross-entropy in nats. */
  logLoss: number;
  /** Expected calibration error over 10 bins of equal width. */
  calibrationError: number;
  /** Accuracy of always naming the commonest held-out class. */
  majorityAccuracy: number;
  classes: ClassReport[];
  /** `confusion[i][j]`: images of class `i` that were called class `j`, in the order of `classes`. */
  confusion: number[][];
  predictions: TestPrediction[];
  /** Images the head learned from. */
  trained: number;
  /** Images it was tested on. */
  tested: number;
  /** Where the held-out images came from. */
  heldOut: "test folder" | "split";
}

export interface PredictOptions extends CallOptions {
  /** How many classes to name, best first. Default: all. */
  top?: number;
}

export interface ClassProbability {
  label: string;
  probability: number;
}

export interface Prediction {
  label: string;
  probability: number;
  classes: ClassProbability[];
}
