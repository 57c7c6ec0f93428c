/** Predictions, and what speaks for them. */
import type { CallOptions } from "./create.js";

export interface PredictOptions extends CallOptions {
  /** How many classes to name, best first. Default: all. */
  top?: number | undefined;
  /** Whether to show where in the image the likeliest class was seen. Default `false`. */
  heatmap?: boolean | undefined;
  /** How many of the nearest training images to name. Default 0. */
  nearest?: number | undefined;
}

/** How likely one class is. */
export interface ClassProbability {
  /** The class. */
  label: string;
  /** In [0, 1]; those of all classes add up to 1. */
  probability: number;
}

/** What the head says of one image. */
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
   * Mean similarity to the nearest three training images, in [-1, 1], as {@link NearestImage.similarity}; `null`
   * where unknown images cannot be told.
   */
  similarity: number | null;
  /** Only when asked for. */
  heatmap?: Heatmap;
  /** Only when asked for; best first. */
  nearest?: NearestImage[];
}

/**
 * Where in an image a class was seen: its class activation map (Zhou et al. 2016, https://arxiv.org/abs/1512.04150),
 * summed over the stages whose features the head takes.
 */
export interface Heatmap {
  /** The class explained: `classes[0].label`. */
  label: string;
  /**
   * The exact map, rows from the top: contributions to the class's logit. Their mean plus the bias is the logit.
   * 56x56 with the features `"all"`, 7x7 with `"last"`.
   */
  grid: Float32Array;
  /** The map smoothed to `width` by `height`, row by row from the top, scaled to [0, 1]: 1 is the most. */
  values: Float32Array;
  /** Columns of `values`. */
  width: number;
  /** Rows of `values`. */
  height: number;
  /** Where on the image the map lies, in the image's pixels. What is outside was not looked at. */
  box: Box;
}

/** A rectangle, in pixels of the image as it is shown upright. */
export interface Box {
  /** From the left edge. */
  left: number;
  /** From the top edge. */
  top: number;
  /** To the right of `left`. */
  width: number;
  /** Down from `top`. */
  height: number;
}

/** A training image that is like the predicted one. */
export interface NearestImage {
  /** As in {@link TestPrediction}. */
  id: number;
  /** The file's name. */
  name: string;
  /** The class that was given. */
  label: string;
  /** Mean of the cosines between the two images' features of each stage, in [-1, 1]. */
  similarity: number;
  /** As in {@link TestPrediction}. */
  image: Blob | null;
}
