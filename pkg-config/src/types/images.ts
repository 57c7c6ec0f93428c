/** The images that go in, and what is said of each. */
import type { CallOptions } from "./create.js";

/** Anything the browser can decode or has decoded already. */
export type ImageSource =
  | Blob
  | File
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/** Any number of images, one at a time: an array, a `FileList`, or an (async) generator. */
export type Images<T extends ImageSource = ImageSource> =
  Iterable<T> | AsyncIterable<T>;

/** `auto` images are split by seed; once any image is `test`, every `auto` image is for training. */
export type Split = "auto" | "train" | "test";

/**
 * The group of an image, or `undefined` where it is in none. `image` is as it was given, and `position` its place in the
 * call, from 0. It runs on the caller's side, once for each image that is read; what it throws ends the call, and what
 * was added before stays.
 */
export type GroupOf<T extends ImageSource = ImageSource> = (
  image: T,
  position: number,
) => string | undefined;

/** `T`: what the images are given as. */
export interface AddOptions<
  T extends ImageSource = ImageSource,
> extends CallOptions {
  /** The class these images show. */
  label: string;
  /** Default `"auto"`. */
  split?: Split | undefined;
  /**
   * What the images belong to besides their class: a person, an object, a burst of photos. One name for all images of
   * the call, or a function that gives each its own. Images of one group never stand on both sides of the split or in
   * two folds, also where they are of several classes or come by several calls: else a head that knows the person is
   * tested on that person, and the accuracy is better than it will be on others. {@link Classifier.add} has an
   * example. Default: no group.
   */
  group?: string | GroupOf<T> | undefined;
}

/** An image that was not added, and why. */
export interface Skipped {
  /** The file's name, or `image 3` for the third image of the call where it has none. */
  name: string;
  /**
   * An `ErrorCode`; `"DUPLICATE"`: an image of the same content is there with the same label, and it
   * counts once; or `"LABEL_CONFLICT"`: it is there with another label, and one of the two is wrong.
   */
  code: string;
  /** One sentence that names the image and the remedy. */
  reason: string;
}

/** What became of the images of one call. */
export interface Added {
  /** How many images were added. */
  added: number;
  /**
   * Images whose content was there already, with the same label or with another one. A file among them takes the place
   * of one that is no longer here, as after {@link Classifier.load}.
   */
  duplicates: Skipped[];
  /** Images that cannot be used. */
  rejected: Skipped[];
}

/** The images of one class. */
export interface ClassCount {
  /** The class. */
  label: string;
  /** Images whose side the split decides. */
  auto: number;
  /** Images for training only. */
  train: number;
  /** Images for the test only. */
  test: number;
}

/** Which images to remove: all of a class, or those with these ids. */
export type Removal = ClassRemoval | ImageRemoval;

/** A class with all its images. */
export interface ClassRemoval {
  /** The class. */
  label: string;
  /** Not with a label. */
  ids?: never;
}

/** Single images. */
export interface ImageRemoval {
  /** As in {@link TestPrediction} and {@link LabelProblem}. */
  ids: readonly number[];
  /** Not with ids. */
  label?: never;
}
