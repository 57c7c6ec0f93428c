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
  /** `[images, 512]`, flattened, from the embeddings of the crops. */
  embeddings(embeddings: Float32Array): Float32Array;
  free(): void;
}

/** The session that Rust offers. Only one of its methods may run at a time. */
export interface WasmSession {
  /** How many images to stage before they are taken through the network, on one thread. */
  batchSize(): number;
  /** Checks a file's header, and returns the hash of its content. */
  inspect(name: string, bytes: Uint8Array): string;
  inspectPixels(name: string, image: ImageData): string;
  /** What to tell when an image of that content was added before. */
  duplicate(
    name: string,
    hash: string,
    label: string,
  ): Pick<Skipped, "code" | "reason"> | undefined;
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
  addSample(
    name: string,
    hash: string,
    label: string,
    split: Split,
    embedding: Float32Array,
  ): number;
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
  trainEpoch(): Promise<TrainStep | undefined>;
  cancelTraining(): void;
  evaluate(): Promise<BareReport>;
  free(): void;
}
