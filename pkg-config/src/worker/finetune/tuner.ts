import type { TunerStep, WantedViews } from "../../protocol.js";
import type { Memory } from "../../types/index.js";

/** Trains a network's tail, here or in another worker. Whoever has started it ends it. */
export interface Tuner {
  /** What the next step is to see. */
  readonly wanted: WantedViews;
  /** May take the views' buffer over. */
  step(views: Uint8Array): Promise<TunerStep>;
  /** A file for the session, once nothing more is wanted. */
  finish(): Promise<Uint8Array>;
  memory(): Promise<Memory>;
  /** At any time, also twice. */
  end(): void;
}
