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

/**
 * What is embedded of each image: `"centre"`, the central crop; `"flip"`, that and its mirror image;
 * `"crops"`, the central crop, a closer one, and both mirrored. Their embeddings are averaged, so an
 * image takes one, two or four times as long.
 */
export type Views = "centre" | "flip" | "crops";

export interface CreateOptions extends CallOptions {
  weights: WeightsSource;
  /** Default `"auto"`: WebGPU on a hardware adapter, the CPU otherwise. */
  backend?: BackendChoice;
  /** Default `"centre"`. It holds for all images of the classifier. */
  views?: Views;
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
  /**
   * An `ErrorCode`; `"DUPLICATE"`: an image of the same content is there with the same label, and it
   * counts once; or `"LABEL_CONFLICT"`: it is there with another label, and one of the two is wrong.
   */
  code: string;
  /** One sentence that names the image and the remedy. */
  reason: string;
}

export interface Added {
  /** How many images were added. */
  added: number;
  /** Images whose content was there already, with the same label or with another one. */
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
  /**
   * What the step was for. L-BFGS first chooses its penalty, unless it is given; then it fits heads that
   * leave images out, by whose predictions the head is calibrated; then the head itself.
   */
  phase: "choosing l2" | "calibration" | "fit";
  /**
   * Mean cross-entropy over the training images after this step, in nats. Before the head itself is fitted,
   * the mean loss of the heads under way.
   */
  loss: number;
  /** `null` before the head itself is fitted. */
  trainAccuracy: number | null;
  /** `null` when no image was set aside. */
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** The L2 penalty in force; `null` before the head itself is fitted. */
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
  /** Whether the head would refuse it as none of the classes. It counts by `predicted` all the same. */
  unknown: boolean;
  /** The file that was added, where it was a `Blob` or `File`; `null` otherwise. */
  image: Blob | null;
}

/** Which head was trained, and how. */
export interface HeadSummary {
  method: Method;
  /** The L2 penalty. */
  l2: number;
  /** Whether classes were made to count alike. */
  balanced: boolean;
  /**
   * How L-BFGS scales the features: `"per axis"`, each by its own deviation; `"shrunken"`, by deviations
   * drawn towards their mean, under 100 training images. `null` for Adam and SGD.
   */
  scaling: "per axis" | "shrunken" | null;
  /**
   * The smallest class had fewer than 5 training images, or too few that are no near-duplicates: a stronger
   * prior was used, and nothing was chosen by cross-validation.
   */
  fewImages: boolean;
  views: Views;
}

/** Temperature scaling of the probabilities (Guo et al. 2017, https://arxiv.org/abs/1706.04599). */
export interface Calibration {
  /** Logits are divided by this: above 1 the head was too sure, below 1 too timid. */
  temperature: number;
  /** On how many training images it was fitted, each judged by a head that had not learned from it. */
  fittedOn: number;
  /** Expected calibration error on the held-out images without it. */
  before: number;
  /** And with it. */
  after: number;
}

/** Each training image judged by a head that had not learned from it. Accuracies are shares in [0, 1]. */
export interface CrossValidation {
  folds: number;
  /** Training images judged. */
  images: number;
  /** Over all folds. */
  accuracy: number;
  /** Wilson score interval of the accuracy at 95 %. */
  interval: [low: number, high: number];
  /** Each fold's. */
  accuracies: number[];
  /** Standard deviation of the folds' accuracies. */
  deviation: number;
}

/** Cross-validated accuracy on a share of the training images. */
export interface LearningPoint {
  /** 0.25, 0.5 or 1. */
  share: number;
  images: number;
  accuracy: number;
}

/** How accuracy grows with the number of training images. */
export interface LearningCurve {
  points: LearningPoint[];
  /** Would more images help? */
  morePhotos: "likely" | "unlikely" | "unclear";
}

/** An image whose label may be wrong: a suggestion to look at it. Nothing is changed. */
export interface LabelProblem {
  id: number;
  name: string;
  /** As in {@link TestPrediction}. */
  image: Blob | null;
  /** As given. */
  label: string;
  /** What a head that had not learned from it says. */
  suggested: string;
  /** The probability given to `suggested`. */
  probability: number;
  /** The probability given to `label`. */
  probabilityOfLabel: number;
  /** Whether it is one of the test images. */
  heldOut: boolean;
}

/** Images that look nearly the same, such as copies that were scaled or compressed anew. */
export interface NearDuplicates {
  groups: number;
  /** How many images are in the groups. */
  images: number;
  /** Held-out images left out of the test because a near-duplicate is among the training images. */
  setAside: number;
  /** Groups whose images have different labels. */
  conflicts: { id: number; name: string; label: string }[][];
}

/** How the head does at telling what is none of the classes. */
export interface UnknownReport {
  /** Held-out images of the classes that would be refused as unknown. */
  refused: number;
  /** Their share of the held-out images: about 5 % are meant to be. */
  share: number;
  /** A prediction below this similarity is unknown. */
  threshold: number;
}

/** Measured on held-out images only. */
export interface Report {
  accuracy: number;
  /** Wilson score interval of the accuracy at 95 %. */
  interval: [low: number, high: number];
  balancedAccuracy: number;
  macroF1: number;
  /** Mean cross-entropy in nats, of the probabilities that `predict` gives. */
  logLoss: number;
  /** Expected calibration error over 10 bins of equal width, of the probabilities that `predict` gives. */
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
  head: HeadSummary;
  /** `null` where there was nothing to fit a temperature on. */
  calibration: Calibration | null;
  /** Where the smallest class has fewer than 20 held-out images and folds could be made; else `null`. */
  crossValidation: CrossValidation | null;
  /** `null` where there are too few images, and for Adam and SGD. */
  learningCurve: LearningCurve | null;
  /** The likeliest mistake first; may be empty. */
  labelProblems: LabelProblem[];
  nearDuplicates: NearDuplicates;
  /** `null` where there are too few training images for a threshold. */
  unknown: UnknownReport | null;
}

export interface PredictOptions extends CallOptions {
  /** How many classes to name, best first. Default: all. */
  top?: number;
  /** Whether to show where in the image the likeliest class was seen. Default `false`. */
  heatmap?: boolean;
  /** How many of the nearest training images to name. Default 0. */
  nearest?: number;
}

export interface ClassProbability {
  label: string;
  probability: number;
}

export interface Prediction {
  /** `null`: none of the classes. */
  label: string | null;
  /** Of the likeliest class. */
  probability: number;
  /** Best first; `classes[0]` is the likeliest also when `label` is `null`. */
  classes: ClassProbability[];
  /** Whether the image is unlike what the head learned from, and `label` is `null`. */
  unknown: boolean;
  /**
   * Mean cosine similarity to the nearest three training images, in [-1, 1]; `null` where unknown images
   * cannot be told.
   */
  similarity: number | null;
  /** Only when asked for. */
  heatmap?: Heatmap;
  /** Only when asked for; best first. */
  nearest?: NearestImage[];
}

/** Where in an image a class was seen: its class activation map (Zhou et al. 2016, https://arxiv.org/abs/1512.04150). */
export interface Heatmap {
  /** The class explained: `classes[0].label`. */
  label: string;
  /**
   * The exact map, 7x7, rows from the top: contributions to the class's logit. Their mean plus the bias
   * is the logit.
   */
  grid: Float32Array;
  /** The grid upsampled to `width` by `height`, row by row from the top, scaled to [0, 1]: 1 is the most. */
  values: Float32Array;
  width: number;
  height: number;
  /** Where on the image the map lies, in the image's pixels. What is outside was not looked at. */
  box: Box;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A training image that is like the predicted one. */
export interface NearestImage {
  id: number;
  name: string;
  label: string;
  /** Cosine similarity, in [-1, 1]. */
  similarity: number;
  /** As in {@link TestPrediction}. */
  image: Blob | null;
}
