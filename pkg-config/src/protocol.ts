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
  ExportFormat,
  FeatureSet,
  LabelProblem,
  Logger,
  Memory,
  NearestImage,
  Prediction,
  PredictOptions,
  Progress,
  Removal,
  Report,
  Split,
  Stats,
  TestPrediction,
  TrainOptions,
  TrainStep,
  Views,
} from "./types/index.js";

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
export type Outgoing = {
  name: string;
  /** What it belongs to besides its class. */
  group?: string | undefined;
} & (
  | { kind: "file"; blob: Blob }
  | { kind: "bitmap"; bitmap: ImageBitmap }
  | { kind: "pixels"; pixels: ImageData }
  /** It could not be read where it was; it takes its turn so that its failure is told in order. */
  | { kind: "failed"; error: PlainError }
);

/** The modules, as the option `wasm` names them: a backend's each, and those that fine-tune. */
export type ModuleName = Backend["kind"] | "finetuneCpu" | "finetuneWebgpu";

/** Where each module is, or the module itself; none where the worker knows it. */
export type WasmSources = Partial<
  Record<ModuleName, string | WebAssembly.Module>
>;

export interface CreateRequest {
  /** An absolute URL: a relative one would mean another place in the worker. */
  weights: string | ArrayBuffer | Blob;
  backend: BackendChoice;
  cache: boolean;
  /** How many workers compute, on the CPU. */
  threads: number;
  wasm: WasmSources;
  /** What the classifier starts with: nothing yet, or what was exported. */
  content:
    { views: Views; features: FeatureSet } | { file: ArrayBuffer | Blob };
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
  /** For each image of the request the id of its content, added now or before; `null`: it was rejected. */
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

/** Passed as a comlink proxy, for as long as the classifier lives. */
export type LogSink = (level: keyof Logger, message: string) => void;

/** The head's options without the signal, which cannot be sent. */
export type TrainRequest = Omit<TrainOptions, "signal">;

/** A run that has begun. */
export interface StartedTraining {
  /** A later call for a run that is no longer there does nothing. */
  run: number;
  /** The ids of the images that it needs themselves; none but for fine-tuning. */
  images: number[];
}

/** What became of a step. */
export interface Trained {
  step: TrainStep;
  /** Whether the next thing to send is the images. */
  awaitsViews: boolean;
}

/** An image that was added before. */
export interface NumberedImage {
  id: number;
  image: Outgoing;
}

/** What the network says of crops, whichever of its features a classifier takes. */
export interface Features {
  /** `[crops, 960]`: the features of all stages, one stage after the other. */
  embeddings: Float32Array;
  /**
   * The maps that they are the means of, where they were asked for; empty otherwise. For each crop 376,320 numbers:
   * `[64, 56, 56]`, `[128, 28, 28]`, `[256, 14, 14]` and `[512, 7, 7]`.
   */
  maps: Float32Array;
}

/** What an engine in a further worker is loaded from. */
export interface EngineRequest {
  kind: Backend["kind"];
  code: WebAssembly.Module;
  weights: Uint8Array;
}

/** What a tuner is started from. */
export interface TunerRequest {
  kind: Backend["kind"];
  code: WebAssembly.Module;
  /** What to call the graphics adapter. */
  adapter: string | undefined;
  /** A file from the session. */
  task: Uint8Array;
}

/** What a tuner says of a step. */
export interface TunerStep {
  epoch: number;
  epochs: number;
  /** The share of the whole, in [0, 1]. */
  done: number;
  /** `null` before there is one. */
  loss: number | null;
  validationLoss: number | null;
  validationAccuracy: number | null;
}

/** What a tuner wants to see for its next step: pairs of an image's place and a view's; empty when it is finished. */
export type WantedViews = Uint32Array;

/** What the worker itself answers to. */
export interface WorkerHost {
  /** From now on a classifier's calls come through `port`. */
  open(port: MessagePort): void;
  /** Forgets the embeddings that are kept in memory because storage is not to be had. */
  forgetCache(): void;
  /**
   * Ends the further workers that this one has started, and what they are there for; the answer says that they are no
   * more, and nothing that was stored for them.
   */
  endFurther(): Promise<void>;
  /** Says that the worker has its code. */
  ready(): void;
  /** Makes this worker a further one, which computes for the one that started it. */
  loadEngine(request: EngineRequest): Promise<void>;
  /** Takes crops through the network that was loaded. */
  runEngine(
    crops: Uint8Array,
    maps: boolean,
    tail: number | undefined,
  ): Promise<Features>;
  /** Takes crops through its trunk. */
  runTrunk(crops: Uint8Array): Promise<Uint8Array>;
  /** Loads a tuned tail for the network, and numbers it for `runEngine`. */
  loadTail(file: Uint8Array): Promise<number>;
  freeTail(tail: number): void;
  engineMemory(): Memory | Promise<Memory>;
  /** Makes this worker one that fine-tunes for the one that started it. */
  startTuner(request: TunerRequest): Promise<WantedViews>;
  /** Takes the views that were wanted. */
  stepTuner(
    views: Uint8Array,
  ): Promise<{ step: TunerStep; wanted: WantedViews }>;
  /** A file for the session. */
  finishTuner(): Promise<Uint8Array>;
  tunerMemory(): Memory | Promise<Memory>;
}

/** What the worker answers to through a classifier's port. Releasing the port frees what it holds. */
export interface ClassifierApi {
  create(
    call: number,
    request: CreateRequest,
    log: LogSink,
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
  startTraining(
    call: number,
    options: TrainRequest,
  ): Promise<Reply<StartedTraining>>;
  /** `undefined`: finished, and the new head is in place. */
  trainEpoch(call: number, run: number): Promise<Reply<Trained | undefined>>;
  /** Takes images of the run when it awaits them, in any order. */
  addViews(
    call: number,
    run: number,
    images: NumberedImage[],
  ): Promise<Reply<TrainStep>>;
  cancelTraining(call: number, run: number): Promise<Reply<void>>;
  evaluate(call: number): Promise<Reply<BareReport>>;
  rename(call: number, from: string, to: string): Promise<Reply<void>>;
  /** The ids that were removed. */
  remove(call: number, which: Removal): Promise<Reply<number[]>>;
  export(
    call: number,
    format: ExportFormat,
  ): Promise<Reply<Uint8Array<ArrayBuffer>>>;
  stats(call: number): Promise<Reply<Omit<Stats, "backend">>>;
  cancel(call: number): void;
}
