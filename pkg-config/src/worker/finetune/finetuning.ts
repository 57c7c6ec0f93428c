import { HeadstartError, messageOf, throwIfCancelled } from "../../errors.js";
import type { LogSink, NumberedImage, TunerStep } from "../../protocol.js";
import type { Memory, TrainStep } from "../../types/index.js";
import { ahead } from "../ahead.js";
import { pause } from "../pause.js";
import type { Started } from "../start.js";
import type { Traps } from "../traps.js";
import type { WasmSession } from "../wasm-session.js";
import { GatheredCrops } from "./gathered-crops.js";
import type { StartTuner } from "./prepare-tuner.js";
import type { OpenFolder } from "./scratch-file.js";
import type { Tuner } from "./tuner.js";
import { ViewStore } from "./view-store.js";

/** What a fine-tuning works with. */
export interface Parts {
  wasm: WasmSession;
  started: Pick<Started, "trunk" | "prepareTuner">;
  decode: (image: NumberedImage) => Promise<ImageData>;
  openFolder: OpenFolder;
  traps: Traps;
  log: LogSink;
}

/** A fine-tuning from the views of its images to what the tuner makes of them. */
export class Finetuning {
  /** Their ids, in the order in which the tuner knows them. */
  readonly images: number[];

  readonly #parts: Parts;
  #prepared: Promise<StartTuner> | undefined;
  #store: Promise<ViewStore> | undefined;
  #tuner: Promise<Tuner> | undefined;
  #seen = 0;
  #loss = 0;
  #ended = false;

  constructor(images: number[], parts: Parts) {
    this.images = images;
    this.#parts = parts;
  }

  /** Whether images are still to come. */
  get awaitsViews(): boolean {
    return this.#seen < this.images.length;
  }

  /** Gets what is missing before anything takes long. */
  async prepare(): Promise<void> {
    await (this.#prepared ??= this.#parts.started.prepareTuner());
  }

  /** Takes images through the trunk, and keeps what it says of their views. */
  async addViews(
    images: NumberedImage[],
    signal: AbortSignal,
  ): Promise<TrainStep> {
    const gathered = new GatheredCrops();
    for await (const [{ id, image }, pixels] of ahead(
      images,
      this.#parts.decode,
    )) {
      await pause();
      throwIfCancelled(signal);
      const crops = this.#parts.wasm.viewsOf(id, image.name, await pixels);
      gathered.add(this.#placeOf(id), crops);
    }
    const { traps, started } = this.#parts;
    const said = await traps.guard(started.trunk(gathered.bytes()));
    await pause();
    throwIfCancelled(signal);
    const store = await (this.#store ??= this.#openStore());
    for (const { place, views, length } of gathered.divide(said))
      await store.add(place, views, length);
    this.#seen = store.size;
    return this.#viewsStep();
  }

  /** A step of the tuner; `undefined` when it is over, with or without success. */
  async step(signal: AbortSignal): Promise<TrainStep | undefined> {
    const { wasm, log } = this.#parts;
    let outcome: Uint8Array;
    try {
      const tuner = await (this.#tuner ??= this.#start());
      const store = await (this.#store ??= this.#openStore());
      if (tuner.wanted.length > 0)
        return this.#tunerStep(await tuner.step(store.read(tuner.wanted)));
      outcome = await tuner.finish();
    } catch (cause) {
      // Nobody waits for it any more, or the session itself has died.
      throwIfCancelled(signal);
      if (this.#ended || cause instanceof WebAssembly.RuntimeError) throw cause;
      const why = messageOf(cause);
      log(
        "warn",
        `Fine-tuning broke off (${why}), so the head on the network as it is stays.`,
      );
      wasm.abandonTuning();
      return undefined;
    }
    wasm.finishTuning(outcome);
    return undefined;
  }

  /** What the tuner takes. */
  async memory(): Promise<Memory> {
    try {
      const tuner = await this.#tuner;
      if (tuner) return await tuner.memory();
    } catch {
      // It has ended, which the next step finds out.
    }
    return { wasm: 0, gpu: null };
  }

  /** Leaves nothing running and nothing stored; at any time, also twice. */
  async end(): Promise<void> {
    this.#ended = true;
    const tuner = this.#tuner?.then((started) => started.end());
    const store = this.#store?.then((opened) => opened.close());
    await Promise.allSettled([tuner, store]);
  }

  async #start(): Promise<Tuner> {
    const { wasm, started } = this.#parts;
    const start = await (this.#prepared ??= started.prepareTuner());
    return start(wasm.tuningTask());
  }

  #openStore(): Promise<ViewStore> {
    return ViewStore.open(this.images.length, this.#parts.openFolder);
  }

  #placeOf(id: number): number {
    const place = this.images.indexOf(id);
    if (place >= 0) return place;
    throw new HeadstartError("INTERNAL", `No image ${id} takes part.`);
  }

  #viewsStep(): TrainStep {
    return {
      ...NOTHING_MEASURED,
      epoch: this.#seen,
      epochs: this.images.length,
      phase: "views",
      loss: 0,
      done: this.#seen / this.images.length,
    };
  }

  #tunerStep({ loss, ...step }: TunerStep): TrainStep {
    this.#loss = loss ?? this.#loss;
    return {
      ...NOTHING_MEASURED,
      ...step,
      phase: "finetune",
      loss: this.#loss,
    };
  }
}

const NOTHING_MEASURED = {
  trainAccuracy: null,
  validationLoss: null,
  validationAccuracy: null,
  l2: null,
};
