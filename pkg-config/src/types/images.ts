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
export type Images = Iterable<ImageSource> | AsyncIterable<ImageSource>;

/** `auto` images are split by seed; once any image is `test`, every `auto` image is for training. */
export type Split = "auto" | "train" | "test";

export interface AddOptions extends CallOptions {
  /** The class these images show. */
  label: string;
  /** Default `"auto"`. */
  split?: Split | undefined;
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
  /** Images whose content was there already, with the same label or with another one. */
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
