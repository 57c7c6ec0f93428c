import type {
  BarePrediction,
  BareReport,
  PredictRequest,
  TrainRequest,
} from "../protocol.js";
import type { ClassCount, Skipped, Split, TrainStep } from "../types/index.js";

/** Images on their way to the network. */
export interface WasmCrops {
  /** RGB, `[crops, 224, 224, 3]`: one crop or several of each image. */
  bytes(): Uint8Array;
  /** `[images, features]`, flattened, from all features of the crops: those that the session takes. */
  embeddings(embeddings: Float32Array): Float32Array;
  /** What is to be kept of each image, one after the other and each of the same length, from the same. */
  records(embeddings: Float32Array): Uint8Array;
  free(): void;
}

/** What a file says of itself. */
export interface Inspected {
  /** Of its content. */
  hash: string;
  /** When the photo was taken, in seconds since 1970 by the camera's clock; `null` where it does not say. */
  taken: number | null;
}

/** What is to be known of an image besides its record. */
export interface LabelledImage extends Inspected {
  name: string;
  label: string;
  split: Split;
  group: string | null;
}

/** The session that Rust offers. Only one of its methods may run at a time. */
export interface WasmSession {
  /** How many images to stage before they are taken through the network, on one thread. */
  batchSize(): number;
  /** Checks a file's header. */
  inspect(name: string, bytes: Uint8Array): Inspected;
  /** The hash of the pixels. */
  inspectPixels(name: string, image: ImageData): string;
  /** What to tell when an image of that content was added before, and the id of that one. */
  duplicate(
    name: string,
    hash: string,
    label: string,
  ): (Pick<Skipped, "code" | "reason"> & { id: number }) | undefined;
  stage(name: string, image: ImageData): void;
  /** What was staged, which is nothing afterwards. Whoever takes it frees it. */
  takeStaged(): WasmCrops;
  /** Throws when there is no head. */
  requireHead(): void;
  /** From what the network says of the crops, in order. */
  predict(
    crops: WasmCrops,
    embeddings: Float32Array,
    maps: Float32Array,
    options: PredictRequest,
  ): BarePrediction[];
  /** Returns the image's id. */
  addSample(image: LabelledImage, record: Uint8Array): number;
  classes(): ClassCount[];
  /** Names all that an embedding depends on beside the image. */
  embeddingKey(): string;
  rename(from: string, to: string): void;
  /** The ids that were removed. */
  removeClass(label: string): Uint32Array;
  removeImages(ids: Uint32Array): Uint32Array;
  exportHead(): Promise<Uint8Array>;
  exportProject(): Promise<Uint8Array>;
  startTraining(options: TrainRequest): void;
  /** Not while the training awaits views. */
  trainEpoch(): Promise<TrainStep | undefined>;
  /** Of a fine-tuning that awaits views, the head on the network as it is stays. */
  cancelTraining(): void;
  /** The ids of the images that the fine-tuning under way takes part with, in order; none where none is under way. */
  tuningImages(): Uint32Array;
  /** Whether the training under way waits until its tuning is finished or abandoned. */
  awaitsViews(): boolean;
  /** RGB, `[views, 224, 224, 3]`: what tuning sees of one of its images. How many views there are varies. */
  viewsOf(id: number, name: string, image: ImageData): Uint8Array;
  /** A file for the tuner. */
  tuningTask(): Uint8Array;
  /** Takes over what the tuner has made, or by its verdict does not. Training goes on. */
  finishTuning(outcome: Uint8Array): void;
  /** Goes on with the head on the network as it is. */
  abandonTuning(): void;
  /** The file of the tuned tail that the head in place goes with; `undefined` where the network is as it is. */
  tail(): Uint8Array | undefined;
  evaluate(): Promise<BareReport>;
  free(): void;
}
