import type { EmbeddingCache } from "../cache/embeddings.js";
import { HeadstartError, throwIfCancelled } from "../errors.js";
import type {
  AddAnswer,
  AddRequest,
  BarePrediction,
  BareReport,
  Features,
  LogSink,
  NumberedImage,
  Outgoing,
  PredictRequest,
  StartedTraining,
  Trained,
  TrainRequest,
} from "../protocol.js";
import type {
  ClassCount,
  ExportFormat,
  Memory,
  Removal,
  Skipped,
  Stats,
  TrainStep,
} from "../types/index.js";
import { ahead } from "./ahead.js";
import type { Decoder } from "./decode.js";
import { Finetuning } from "./finetune/finetuning.js";
import type { OpenFolder } from "./finetune/scratch-file.js";
import { HeadNetwork } from "./head-network.js";
import { KnownEmbeddings } from "./known-embeddings.js";
import { openImage, type Opened } from "./open-image.js";
import { pause } from "./pause.js";
import { Queue } from "./queue.js";
import { Rejected } from "./rejected.js";
import type { Network, Started } from "./start.js";
import type { Traps } from "./traps.js";
import type { WasmCrops, WasmSession } from "./wasm-session.js";

/** What a session works with, beside Rust. */
export interface Tools {
  decoder: Decoder;
  /** Absent where the caller wants none. */
  cache: EmbeddingCache | undefined;
  log: LogSink;
  traps: Traps;
  openFolder: OpenFolder;
  /** The worker's fine-tunings under way: for whoever has to end them at once. */
  finetunings: Set<Finetuning>;
}

interface Embedded {
  image: Opened;
  record: Uint8Array;
}

/** The calls of a classifier, one after the other, on the session in Rust. */
export class Session {
  readonly #wasm: WasmSession;
  readonly #started: Started;
  /** What predicts; images are added by the network as it is. */
  readonly #network: HeadNetwork;
  readonly #tools: Tools;
  readonly #known: KnownEmbeddings;
  readonly #log: LogSink;
  readonly #traps: Traps;
  readonly #queue = new Queue();
  #classes: ClassCount[] = [];
  #run: number | undefined;
  #runs = 0;
  /** Of the run, where it is one. */
  #finetuning: Finetuning | undefined;

  constructor(started: Started, tools: Tools) {
    this.#started = started;
    this.#network = new HeadNetwork(started);
    this.#wasm = started.session;
    this.#classes = this.#wasm.classes();
    this.#tools = tools;
    this.#known = new KnownEmbeddings(this.#wasm, tools.cache, tools.log);
    this.#log = tools.log;
    this.#traps = tools.traps;
  }

  /** As of the last job: Rust cannot be asked while a job runs. */
  get classes(): ClassCount[] {
    return this.#classes;
  }

  /** Adds what can be added; a failed image is told of, not thrown. */
  add(
    { images, label, split }: AddRequest,
    signal: AbortSignal,
  ): Promise<AddAnswer> {
    return this.#job(
      signal,
      async () => {
        const duplicates: Skipped[] = [];
        const ids: (number | null)[] = images.map(() => null);
        const isDuplicate = ({ position, name, hash }: Opened): boolean => {
          const found = this.#wasm.duplicate(name, hash, label);
          if (!found) return false;
          duplicates.push({ name, code: found.code, reason: found.reason });
          ids[position] = found.id;
          return true;
        };
        const rejected = new Rejected();
        const opened: Opened[] = [];
        const repeated: Opened[] = [];
        for (const [position, image] of images.entries()) {
          await pause();
          throwIfCancelled(signal);
          await rejected.unless(position, image.name, async () => {
            const next = await this.#open(image, position);
            if (opened.some(({ hash }) => hash === next.hash))
              repeated.push(next);
            else if (!isDuplicate(next)) opened.push(next);
          });
        }
        const embedded = await this.#embedEach(opened, rejected, signal);
        for (const { position, name, hash, pixels } of repeated) {
          // Twice in one batch, and unusable: both are told of.
          if (!embedded.some(({ image }) => image.hash === hash))
            await rejected.unless(position, name, async () => {
              await pixels();
            });
        }
        // Nothing is waited for from here on: a batch is added whole, or not at all.
        throwIfCancelled(signal);
        for (const { image, record } of embedded) {
          const { position, name, hash, group, taken } = image;
          ids[position] = this.#wasm.addSample(
            { name, hash, label, split, group, taken },
            record,
          );
        }
        // Only an added image is known to Rust, so what is twice in one batch is told last.
        for (const image of repeated) isDuplicate(image);
        return {
          added: embedded.length,
          duplicates,
          rejected: rejected.inOrder(),
          ids,
        };
      },
      images,
    );
  }

  /** Takes from the cache what is there, and computes the rest of what can be decoded. */
  async #embedEach(
    images: Opened[],
    rejected: Rejected,
    signal: AbortSignal,
  ): Promise<Embedded[]> {
    const records = await this.#known.find(images);
    const cached = records.size;
    const staged: Opened[] = [];
    const unknown = images.filter((image) => !records.has(image));
    const decode = async (image: Opened) => image.pixels();
    for await (const [image, pixels] of ahead(unknown, decode)) {
      await pause();
      throwIfCancelled(signal);
      await rejected.unless(image.position, image.name, async () => {
        this.#wasm.stage(image.name, await pixels);
        staged.push(image);
      });
    }
    if (staged.length > 0) {
      const computed = await this.#runStaged(
        this.#started,
        false,
        signal,
        (crops, { embeddings }) => divide(crops.records(embeddings), staged),
      );
      for (const [image, record] of computed) records.set(image, record);
      await this.#known.keep(computed);
    }
    this.#log(
      "debug",
      `${cached} of ${images.length} embeddings were in the cache.`,
    );
    return images.flatMap((image) => {
      const record = records.get(image);
      return record ? [{ image, record }] : [];
    });
  }

  embed(images: Outgoing[], signal: AbortSignal): Promise<Float32Array[]> {
    return this.#job(
      signal,
      async () => {
        await this.#stageAll(images, signal);
        const embedded = await this.#runStaged(
          this.#network,
          false,
          signal,
          (crops, { embeddings }) =>
            divide(crops.embeddings(embeddings), images),
        );
        return embedded.map(([, embedding]) => embedding);
      },
      images,
    );
  }

  requireHead(signal: AbortSignal): Promise<void> {
    return this.#job(signal, () => this.#wasm.requireHead());
  }

  predict(
    images: Outgoing[],
    request: PredictRequest,
    signal: AbortSignal,
  ): Promise<BarePrediction[]> {
    return this.#job(
      signal,
      async () => {
        await this.#stageAll(images, signal);
        return this.#predictStaged(request, signal);
      },
      images,
    );
  }

  /** Numbers the run, so that a late call for it cannot touch the next one. */
  startTraining(
    options: TrainRequest,
    signal: AbortSignal,
  ): Promise<StartedTraining> {
    return this.#job(signal, () => {
      this.#wasm.startTraining(options);
      const run = (this.#run = ++this.#runs);
      const images = [...this.#wasm.tuningImages()];
      if (images.length > 0) this.#beginFinetuning(images);
      return { run, images };
    });
  }

  trainEpoch(run: number, signal: AbortSignal): Promise<Trained | undefined> {
    return this.#job(signal, async () => {
      this.#check(run);
      const step = await this.#nextStep(signal);
      if (step === undefined) {
        this.#run = undefined;
        this.#network.headChanged();
        return undefined;
      }
      const awaitsViews = this.#awaitsViews();
      // The head on the network as it is has been put in place.
      if (awaitsViews) this.#network.headChanged();
      await pause();
      throwIfCancelled(signal);
      return { step, awaitsViews };
    });
  }

  addViews(
    run: number,
    images: NumberedImage[],
    signal: AbortSignal,
  ): Promise<TrainStep> {
    return this.#job(signal, async () => {
      this.#check(run);
      if (!this.#finetuning || !this.#awaitsViews())
        throw new HeadstartError("INTERNAL", "No images are awaited.");
      return this.#finetuning.addViews(images, signal);
    });
  }

  cancelTraining(run: number): Promise<void> {
    return this.#queue.run(async () => {
      if (run !== this.#run) return;
      this.#run = undefined;
      this.#wasm.cancelTraining();
      // Of a fine-tuning, what was in place before it has gone.
      this.#network.headChanged();
      await this.endFinetuning();
    });
  }

  /** Ends what runs beside the session, and deletes what is stored for it; that needs nothing of Rust. */
  async endFinetuning(): Promise<void> {
    const finetuning = this.#finetuning;
    if (!finetuning) return;
    this.#finetuning = undefined;
    this.#tools.finetunings.delete(finetuning);
    await finetuning.end();
  }

  evaluate(signal: AbortSignal): Promise<BareReport> {
    return this.#job(signal, () => this.#finish(this.#wasm.evaluate(), signal));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#job(undefined, () => this.#wasm.rename(from, to));
  }

  remove({ label, ids }: Removal): Promise<number[]> {
    return this.#job(undefined, () => {
      this.#network.headChanged();
      return [
        ...(label === undefined
          ? this.#wasm.removeImages(Uint32Array.from(ids))
          : this.#wasm.removeClass(label)),
      ];
    });
  }

  export(
    format: ExportFormat,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#job(signal, async () => {
      const file =
        format === "project"
          ? this.#wasm.exportProject()
          : this.#wasm.exportHead();
      // A copy out of the module's memory, and so never shared memory, whatever the bindings say.
      return (await this.#finish(file, signal)) as Uint8Array<ArrayBuffer>;
    });
  }

  stats(): Promise<Omit<Stats, "backend">> {
    return this.#job(undefined, async () => ({
      images: this.#wasm
        .classes()
        .reduce((sum, { auto, train, test }) => sum + auto + train + test, 0),
      cached: this.#known.found,
      memory: await this.#memory(),
      threads: this.#started.computing(),
    }));
  }

  /** Frees what Rust holds, once it is no longer at work. */
  free(): Promise<void> {
    return this.#queue.run(async () => {
      await this.endFinetuning();
      this.#network.free();
      this.#started.free();
    });
  }

  /** One job at a time, which leaves nothing staged and no bitmap open, however it ends. */
  #job<T>(
    signal: AbortSignal | undefined,
    work: () => T | Promise<T>,
    images: Outgoing[] = [],
  ): Promise<T> {
    return this.#queue.run(async () => {
      try {
        throwIfCancelled(signal);
        const result = await work();
        this.#classes = this.#wasm.classes();
        return result;
      } catch (error) {
        // A module that has died must not be called again, not even to clear up.
        if (!this.#traps.fatal(error)) {
          if (images.length > 0) this.#wasm.takeStaged().free();
          this.#classes = this.#wasm.classes();
        }
        throw error;
      } finally {
        for (const image of images)
          if (image.kind === "bitmap") image.bitmap.close();
      }
    });
  }

  #check(run: number): void {
    if (run === this.#run) return;
    throw new HeadstartError(
      "CANCELLED",
      "This training was cancelled; start another.",
    );
  }

  #awaitsViews(): boolean {
    return this.#wasm.awaitsViews() && this.#finetuning?.awaitsViews === true;
  }

  #beginFinetuning(images: number[]): void {
    const { openFolder, finetunings } = this.#tools;
    this.#finetuning = new Finetuning(images, {
      wasm: this.#wasm,
      started: this.#started,
      decode: async ({ id, image }) => (await this.#open(image, id)).pixels(),
      openFolder,
      traps: this.#traps,
      log: this.#log,
    });
    finetunings.add(this.#finetuning);
  }

  async #nextStep(signal: AbortSignal): Promise<TrainStep | undefined> {
    if (this.#finetuning) {
      await this.#finetuning.prepare();
      if (this.#wasm.awaitsViews()) {
        const step = await this.#finetuning.step(signal);
        if (step) return step;
        await this.endFinetuning();
        this.#network.headChanged();
      }
    }
    return this.#traps.guard(this.#wasm.trainEpoch());
  }

  /** The tuner's included: it is there for this classifier alone. */
  async #memory(): Promise<Memory> {
    const { wasm, gpu } = await this.#started.memory();
    const tuner = await this.#finetuning?.memory();
    if (!tuner) return { wasm, gpu };
    const onGpu = [gpu, tuner.gpu].filter((bytes) => bytes !== null);
    return {
      wasm: wasm + tuner.wasm,
      gpu: onGpu.length > 0 ? onGpu.reduce((sum, each) => sum + each) : null,
    };
  }

  #open(image: Outgoing, position: number): Promise<Opened> {
    return openImage(image, position, this.#wasm, this.#tools.decoder);
  }

  /** Fails with the first image that cannot be used. */
  async #stageAll(images: Outgoing[], signal: AbortSignal): Promise<void> {
    let position = 0;
    const decode = async (image: Outgoing) =>
      (await this.#open(image, position++)).pixels();
    for await (const [{ name }, pixels] of ahead(images, decode)) {
      await pause();
      throwIfCancelled(signal);
      this.#wasm.stage(name, await pixels);
    }
  }

  #predictStaged(
    request: PredictRequest,
    signal: AbortSignal,
  ): Promise<BarePrediction[]> {
    return this.#runStaged(
      this.#network,
      request.heatmap ?? false,
      signal,
      (crops, { embeddings, maps }) =>
        this.#wasm.predict(crops, embeddings, maps, request),
    );
  }

  /** Takes what was staged through a network, and does something with what it says. */
  async #runStaged<T>(
    network: Pick<Network, "run">,
    maps: boolean,
    signal: AbortSignal,
    use: (crops: WasmCrops, features: Features) => T,
  ): Promise<T> {
    const crops = this.#wasm.takeStaged();
    try {
      const running = network.run(crops.bytes(), maps);
      const result = use(crops, await this.#finish(running, signal));
      crops.free();
      return result;
    } catch (error) {
      if (!this.#traps.fatal(error)) crops.free();
      throw error;
    }
  }

  /** An abort that arrives meanwhile makes this throw, before anything is done with the result. */
  async #finish<T>(computation: Promise<T>, signal: AbortSignal): Promise<T> {
    const result = await this.#traps.guard(computation);
    await pause();
    throwIfCancelled(signal);
    return result;
  }
}

/** Each image with its part, which is a copy: what is kept or sent must not hold the others too. */
function divide<T, Part>(
  flat: { length: number; slice(start: number, end: number): Part },
  images: T[],
): [T, Part][] {
  const length = flat.length / images.length;
  return images.map((image, i) => [
    image,
    flat.slice(i * length, (i + 1) * length),
  ]);
}
