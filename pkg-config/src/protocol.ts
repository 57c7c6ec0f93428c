/**
 * What the page's thread asks of the worker. Both sides use these types; comlink carries the
 * calls. Each call has a number, so that `cancel` can name it: an AbortSignal cannot be sent.
 */
import type { PlainError } from "./errors.js";
import type {
  Added,
  Backend,
  BackendChoice,
  ClassCount,
  LabelProblem,
  NearestImage,
  Prediction,
  PredictOptions,
  Progress,
  Report,
  Split,
  TestPrediction,
  TrainOptions,
  TrainStep,
  Views,
} from "./types.js";

/** An answer. Errors are values here, since a thrown one would arrive without its code. */
export type Reply<T> = Outcome<T> & {
  /** The images there are after this call, however it ended. */
  classes: ClassCount[];
};

type Outcome<T> =
  | { ok: true; value: T }
  | {
      ok: false;
      error: PlainError;
      /** The worker cannot go on after this error. */
      fatal: boolean;
    };

/** An image on its way to the worker. */
export type Outgoing =
  | { kind: "file"; name: string; blob: Blob }
  | { kind: "bitmap"; name: string; bitmap: ImageBitmap }
  | { kind: "pixels"; name: string; pixels: ImageData }
  /** It could not be read where it was; it takes its turn so that its failure is told in order. */
  | { kind: "failed"; name: string; error: PlainError };

export interface CreateRequest {
  /** An absolute URL: a relative one would mean another place in the worker. */
  weights: string | ArrayBuffer | Blob;
  backend: BackendChoice;
  views: Views;
}

export interface Created {
  backend: Backend;
  /** How many images are computed together, and so are worth sending together. */
  batchSize: number;
}

export interface AddRequest {
  images: Outgoing[];
  label: string;
  split: Split;
}

export interface AddAnswer extends Added {
  /** For each image of the request the id it got; `null`: it was not added. */
  ids: (number | null)[];
}

/** The options of `predict` that the session in Rust takes. */
export type PredictRequest = Pick<
  PredictOptions,
  "top" | "heatmap" | "nearest"
>;

/** The images themselves stay on the page's side: what comes from the worker names them by id. */
type Bare<T extends { image: Blob | null }> = Omit<T, "image">;

export type BareReport = Omit<Report, "predictions" | "labelProblems"> & {
  predictions: Bare<TestPrediction>[];
  labelProblems: Bare<LabelProblem>[];
};

export type BarePrediction = Omit<Prediction, "nearest"> & {
  nearest?: Bare<NearestImage>[];
};

/** Passed as a comlink proxy; the promise says that the page's thread has got it. */
export type ProgressSink = (progress: Progress) => void | Promise<void>;

/** The head's options without the signal, which cannot be sent. */
export type TrainRequest = Omit<TrainOptions, "signal">;

export interface WorkerApi {
  create(
    call: number,
    request: CreateRequest,
    onProgress: ProgressSink | undefined,
  ): Promise<Reply<Created>>;
  add(call: number, request: AddRequest): Promise<Reply<AddAnswer>>;
  embed(call: number, images: Outgoing[]): Promise<Reply<Float32Array[]>>;
  /** Fails when there is no head to predict with. */
  requireHead(call: number): Promise<Reply<void>>;
  predict(
    call: number,
    images: Outgoing[],
    request: PredictRequest,
  ): Promise<Reply<BarePrediction[]>>;
  /** The answer numbers the run; a later call for a run that is no longer there does nothing. */
  startTraining(call: number, options: TrainRequest): Promise<Reply<number>>;
  /** `undefined`: finished, and the new head is in place. */
  trainEpoch(call: number, run: number): Promise<Reply<TrainStep | undefined>>;
  cancelTraining(call: number, run: number): Promise<Reply<void>>;
  evaluate(call: number): Promise<Reply<BareReport>>;
  cancel(call: number): void;
}
