/** The report: the head as judged on images that it has not learned from. */
import type { FeatureSet, Views } from "./create.js";
import type { Method } from "./training.js";

/** A class's measures; `null` where a ratio has nothing to divide by. */
export interface ClassReport {
  /** The class. */
  label: string;
  /** Of the images called this class, the share that are. */
  precision: number | null;
  /** Of the images of this class, the share that were called so. */
  recall: number | null;
  /** Harmonic mean of precision and recall. */
  f1: number | null;
  /** How many held-out images show this class. */
  support: number;
}

/** What the head said about one held-out image. */
export interface TestPrediction {
  /** The image's number, from 0 in the order of adding; it stays, and is never given to another image. */
  id: number;
  /** The file's name. */
  name: string;
  /** The class that was given. */
  label: string;
  /** The likeliest class. */
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
  /** How it was fitted. */
  method: Method;
  /** The L2 penalty, of the regression on all features where there are two. */
  l2: number;
  /** The second regression that the head is put together from; `null` where there is one. */
  lastStage: LastStage | null;
  /** Whether classes were made to count alike. */
  balanced: boolean;
  /**
   * How L-BFGS scales the features: `"per axis"`, each by its own deviation, where the penalty was given;
   * `"shrunken"`, by deviations drawn towards the mean of their stage, the more the fewer images there are. `null` for
   * Adam and SGD.
   */
  scaling: "per axis" | "shrunken" | null;
  /**
   * The smallest class had fewer than 5 training images, or too few that are no near-duplicates: a stronger
   * prior was used, and nothing was chosen by cross-validation.
   */
  fewImages: boolean;
  /** Whether the fit came to its optimum. `false`: it stopped at its limit; train again with more `epochs`. */
  converged: boolean;
  /** What is embedded of each image. */
  views: Views;
  /** Which of the network's features describe an image. */
  features: FeatureSet;
}

/** A regression on the features of the network's last stage alone, whose logits are added to those of the other one. */
export interface LastStage {
  /** Its L2 penalty. */
  l2: number;
  /** How much it counts, in [0, 1]. */
  share: number;
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
  /** Parts that the training images were divided into. */
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
  /** In (0, 1], for example 0.25, 0.5 and 1. */
  share: number;
  /** How many training images that is. */
  images: number;
  /** Share of images left out that were called right. */
  accuracy: number;
}

/** How accuracy grows with the number of training images. */
export interface LearningCurve {
  /** In order of their share. */
  points: LearningPoint[];
  /** Would more images help? */
  morePhotos: "likely" | "unlikely" | "unclear";
}

/** An image whose label may be wrong: a suggestion to look at it. Nothing is changed. */
export interface LabelProblem {
  /** As in {@link TestPrediction}. */
  id: number;
  /** The file's name. */
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
  /** Groups of two images or more. */
  groups: number;
  /** How many images are in the groups. */
  images: number;
  /** Held-out images left out of the test because a near-duplicate is among the training images. */
  setAside: number;
  /** Groups whose images have different labels. */
  conflicts: NearDuplicate[][];
}

/** An image of a group of near-duplicates. */
export interface NearDuplicate {
  /** As in {@link TestPrediction}. */
  id: number;
  /** The file's name. */
  name: string;
  /** The class that was given. */
  label: string;
}

/** What was found out about images that belong together besides their class. */
export interface Groups {
  /** Groups that were given. */
  groups: number;
  /** How many images are in them. */
  images: number;
  /** Held-out images left out of the test because others of their group are among the training images. */
  setAside: number;
  /**
   * Why images without a group seem to belong together, such as those of a burst, and what to do: a sentence for people.
   * `null` where nothing says so.
   */
  suspected: string | null;
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

/** What training the network's last stage came to. */
export interface Finetuning {
  /** Whether the tuned network is in use. */
  kept: boolean;
  /** How many training images were set aside to decide by. */
  images: number;
  /** The head on the network as it is, fitted on the same training images. */
  frozen: FinetuningMeasures;
  /** The tuned network. */
  tuned: FinetuningMeasures;
  /** By how much the log loss of the tuned network is less, in nats. It is kept where this exceeds its standard error. */
  gain: number;
  /** The standard error of `gain`, from the images' differences. */
  gainError: number;
  /** The epoch whose weights were the best. */
  bestEpoch: number;
  /** How many epochs were trained. */
  epochs: number;
}

/** Measured on the training images that were set aside. */
export interface FinetuningMeasures {
  /** Share of them whose class was named. */
  accuracy: number;
  /** Mean cross-entropy in nats. */
  logLoss: number;
}

/** Measured on held-out images only. */
export interface Report {
  /** Share of held-out images whose class was named. */
  accuracy: number;
  /** Wilson score interval of the accuracy at 95 %. */
  interval: [low: number, high: number];
  /** Mean of the recalls of all classes. */
  balancedAccuracy: number;
  /** Mean of the F1 of all classes. */
  macroF1: number;
  /** Mean cross-entropy in nats, of the probabilities that `predict` gives. */
  logLoss: number;
  /** Expected calibration error over 10 bins of equal width, of the probabilities that `predict` gives. */
  calibrationError: number;
  /** Accuracy of always naming the commonest held-out class. */
  majorityAccuracy: number;
  /** Measures of each class. */
  classes: ClassReport[];
  /** `confusion[i][j]`: images of class `i` that were called class `j`, in the order of `classes`. */
  confusion: number[][];
  /** What was said of each held-out image. */
  predictions: TestPrediction[];
  /** Images the head learned from. */
  trained: number;
  /** Images it was tested on. */
  tested: number;
  /** Where the held-out images came from. */
  heldOut: "test folder" | "split";
  /** Which head was judged. */
  head: HeadSummary;
  /** `null` where there was nothing to fit a temperature on. */
  calibration: Calibration | null;
  /** Where the smallest class has fewer than 20 held-out images and folds could be made; else `null`. */
  crossValidation: CrossValidation | null;
  /** `null` where there are too few images, and for Adam and SGD. */
  learningCurve: LearningCurve | null;
  /** The likeliest mistake first; may be empty. */
  labelProblems: LabelProblem[];
  /** What `train({ method: "finetune" })` came to; `null` for every other method, and where it could not be finished. */
  finetune: Finetuning | null;
  /** Images that look nearly the same. */
  nearDuplicates: NearDuplicates;
  /** Images that belong together, as given with `add` and as suspected. */
  groups: Groups;
  /** `null` where there are too few training images for a threshold. */
  unknown: UnknownReport | null;
}
