/** Training: how, and what each step says. */

/**
 * `"lbfgs"`: multinomial logistic regression on standardised embeddings, to its one optimum; with the features `"all"`
 * and no penalty given, two of them, on all features and on those of the last stage, put together.
 * `"adam"`, `"sgd"`: mini-batches; `"sgd"` is the classic transfer-learning recipe.
 * `"finetune"`: first `"lbfgs"`; then the network's last stage and the head are trained further, by AdamW, on several
 * views of each image. That takes minutes, needs the images themselves, and is kept only where images that were set aside
 * speak for it by more than a standard error: {@link Report.finetune} says.
 */
export type Method = "lbfgs" | "adam" | "sgd" | "finetune";

/** How to train. The defaults are good: `train()` is the normal call. */
export interface TrainOptions {
  /** Default `"lbfgs"`. */
  method?: Method | undefined;
  /**
   * Passes over the training images, at most; of L-BFGS, for each regression. Default: 300 for L-BFGS, 60 for Adam, 25
   * for SGD, 12 for `"finetune"`.
   */
  epochs?: number | undefined;
  /** Adam, SGD and `"finetune"`. Default 0.001. */
  learningRate?: number | undefined;
  /** SGD only. Default 0.9. */
  momentum?: number | undefined;
  /** Adam, SGD and `"finetune"`: images per step. Default: 16, and 4 for SGD. */
  batchSize?: number | undefined;
  /**
   * L2 penalty λ on the weights, in `mean cross-entropy + λ/2 · |W|²`. Default: `"auto"` for L-BFGS,
   * chosen by cross-validation within the training images; 0 for Adam and SGD.
   */
  l2?: number | "auto" | undefined;
  /**
   * `"balanced"` makes every class count alike; `"auto"` does so where the largest class has more than
   * 1.5 times the images of the smallest. Default: `"auto"` for L-BFGS, `"none"` for Adam and SGD.
   */
  classWeights?: "auto" | "balanced" | "none" | undefined;
  /**
   * Adam, SGD and `"finetune"`: share of the training images set aside, 0 to 0.5. Training stops when their loss no
   * longer falls, and keeps the best epoch's head. Default: 0.1 for Adam, 0 for SGD, 0.2 for `"finetune"`, which needs
   * some.
   */
  validation?: number | undefined;
  /** Decides the split, the folds, the first weights and the order of images. Default 0. */
  seed?: number | undefined;
  /**
   * Aborting ends the run with `CANCELLED` and keeps the head there was; of `"finetune"`, once the phase `"views"` has
   * begun, the head that it has fitted on the network as it is.
   */
  signal?: AbortSignal | undefined;
}

/**
 * The state after one step: an epoch of Adam and SGD, and otherwise a block of work of well under a second. Accuracies
 * are shares in [0, 1].
 */
export interface TrainStep {
  /** From 1; `"comparing"` begins anew. */
  epoch: number;
  /** How many there will be at most; `null` for L-BFGS, which stops at the optimum, and for `"comparing"`. */
  epochs: number | null;
  /** What the step was for. */
  phase: TrainPhase;
  /**
   * In nats. Adam and SGD: mean cross-entropy over the training images after this step. L-BFGS: the mean loss of the
   * regressions under way, penalty included, and with the last step of `"fit"` the mean cross-entropy over the training
   * images. 0 for `"comparing"`.
   */
  loss: number;
  /** `null` before a head can be judged: for L-BFGS, before the last step of `"fit"`. */
  trainAccuracy: number | null;
  /** `null` when no image was set aside. */
  validationLoss: number | null;
  /** `null` when no image was set aside. */
  validationAccuracy: number | null;
  /** The L2 penalty in force; `null` before the head itself is fitted. */
  l2: number | null;
  /** Of `"views"` and `"finetune"`: the share of that phase that is done, in [0, 1]; `null` otherwise. */
  done: number | null;
}

/**
 * `"choosing l2"`: L-BFGS leaves images out in turn, to choose its penalty, where it is not given, and to calibrate the
 * head. `"learning curve"`: it learns from a part of the images, to tell whether more would help. `"fit"`: the head
 * itself. `"comparing"`: held-out images with those learned from, to tell which would be refused as unknown.
 * Of `"finetune"` alone, after all these: `"views"`, each image goes through the network in several views; `"finetune"`,
 * the last stage learns from them, `epochs` times.
 */
export type TrainPhase =
  "choosing l2" | "learning curve" | "fit" | "comparing" | "views" | "finetune";
