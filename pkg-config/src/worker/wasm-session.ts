import type {
  BarePrediction,
  BareReport,
  PredictRequest,
  TrainRequest,
} from "../protocol.js";
import type { ClassCount, Skipped, Split, TrainStep } from "../types/index.js";

/** The session that Rust offers. Only one of its methods may run at a time. */
export interface WasmSession {
  /** How many images to stage before they are embedded. */
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
  discardStaged(): void;
  /** `[staged, 512]`, flattened. */
  embedStaged(): Promise<Float32Array>;
  /** Throws when there is no head. */
  requireHead(): void;
  /** Of what was staged, in order. */
  predictStaged(options: PredictRequest): Promise<BarePrediction[]>;
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
