/** Stands in for the session in Rust. */
import type {
  LabelledImage,
  WasmCrops,
  WasmSession,
} from "../../src/worker/wasm-session.js";
import type {
  BarePrediction,
  BareReport,
  Features,
  PredictRequest,
  TrainRequest,
} from "../../src/protocol.js";
import type {
  ClassCount,
  TrainPhase,
  TrainStep,
} from "../../src/types/index.js";

/** An error as Rust throws it. */
export function rustError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Counts what it is asked, and fails when two of its methods run at once, as wasm-bindgen does. */
export class FakeSession implements WasmSession {
  readonly samples: (LabelledImage & { id: number; record: Uint8Array })[] = [];
  readonly staged: string[] = [];
  /** What is in the network. */
  running: string[] = [];
  readonly embedded: string[][] = [];
  readonly predicted: string[][] = [];
  /** The arrays of every heat map that was given. */
  readonly heatmaps: Float32Array[] = [];
  /** Waited for before each batch is embedded and each epoch ends. */
  gate: () => Promise<unknown> = () => Promise.resolve();
  head = "none";
  epochs = 3;
  freed = false;
  /** What the tuner made of the last fine-tuning. */
  outcome: Uint8Array | undefined;
  /** Of the head in place. */
  tailFile: Uint8Array | undefined;
  /** The ids of the images whose views were asked for. */
  readonly viewed: number[] = [];
  #ids = 0;
  #epoch: number | undefined;
  /** Of a fine-tuning: those of its images. */
  #tuning: number[] = [];
  #stage: "head" | "views" | "comparing" | "finished" = "head";
  #busy = false;

  batchSize() {
    return 4;
  }

  inspect(name: string, bytes: Uint8Array) {
    this.#check();
    if (bytes.length === 0) throw rustError("IMAGE_EMPTY", `${name} is empty.`);
    const text = new TextDecoder().decode(bytes);
    const taken = /^taken (\d+)/.exec(text)?.[1];
    return { hash: `hash of ${text}`, taken: taken ? Number(taken) : null };
  }

  inspectPixels(name: string, { data, width, height }: ImageData) {
    this.#check();
    if (width < 16) throw rustError("IMAGE_TOO_SMALL", `${name} is too small.`);
    return `hash of ${data.length} bytes, ${width}x${height}`;
  }

  duplicate(name: string, hash: string, label: string) {
    this.#check();
    const first = this.samples.find((sample) => sample.hash === hash);
    if (!first) return undefined;
    return first.label === label
      ? {
          id: first.id,
          code: "DUPLICATE",
          reason: `${name} shows the same as ${first.name}.`,
        }
      : {
          id: first.id,
          code: "LABEL_CONFLICT",
          reason: `${name} shows the same as ${first.name}, which is ${first.label}.`,
        };
  }

  stage(name: string) {
    this.#check();
    this.staged.push(name);
  }

  takeStaged(): FakeCrops {
    this.#check();
    return new FakeCrops(this.staged.splice(0), this);
  }

  /** As the network does, which sees nothing but bytes. */
  async run(crops: Uint8Array): Promise<Features> {
    const names = JSON.parse(new TextDecoder().decode(crops)) as string[];
    this.running = names;
    await this.gate();
    this.running = [];
    const embeddings = names.flatMap((name) => [name.length, 1]);
    return {
      embeddings: Float32Array.from(embeddings),
      maps: new Float32Array(),
    };
  }

  addSample(image: LabelledImage, record: Uint8Array) {
    this.#check();
    const id = this.#ids++;
    this.samples.push({ ...image, id, record });
    return id;
  }

  embeddingKey() {
    this.#check();
    return "fake weights";
  }

  rename(from: string, to: string) {
    this.#check();
    for (const sample of this.samples)
      if (sample.label === from) sample.label = to;
  }

  removeClass(label: string) {
    return this.#remove((sample) => sample.label === label);
  }

  removeImages(ids: Uint32Array) {
    return this.#remove(({ id }) => ids.includes(id));
  }

  #remove(goes: (sample: FakeSession["samples"][number]) => boolean) {
    this.#check();
    const gone = this.samples.filter(goes);
    const kept = this.samples.filter((sample) => !goes(sample));
    this.samples.splice(0, this.samples.length, ...kept);
    return Uint32Array.from(gone, ({ id }) => id);
  }

  async exportHead() {
    this.requireHead();
    return Uint8Array.of(1);
  }

  async exportProject() {
    return Uint8Array.of(2, this.samples.length);
  }

  free() {
    this.#check();
    this.freed = true;
  }

  classes(): ClassCount[] {
    this.#check();
    const labels = [...new Set(this.samples.map(({ label }) => label))];
    const count = (label: string, split: string) =>
      this.samples.filter((s) => s.label === label && s.split === split).length;
    return labels.map((label) => ({
      label,
      auto: count(label, "auto"),
      train: count(label, "train"),
      test: count(label, "test"),
    }));
  }

  startTraining({ method }: TrainRequest) {
    this.#check();
    if (this.#epoch !== undefined) {
      throw rustError(
        "TRAINING_IN_PROGRESS",
        "A head is being trained: wait for it.",
      );
    }
    if (this.samples.length === 0)
      throw rustError("NO_IMAGES", "There are no images: add some.");
    this.#epoch = 0;
    this.#stage = "head";
    this.#tuning =
      method === "finetune" ? this.samples.map(({ id }) => id) : [];
  }

  async trainEpoch(): Promise<TrainStep | undefined> {
    return this.#alone(async () => {
      await this.gate();
      if (this.#epoch === undefined) throw new Error("no run");
      if (this.#stage === "views") throw new Error("the tuner is at work");
      if (this.#stage === "comparing") {
        this.#stage = "finished";
        return step(1, null, "comparing");
      }
      if (this.#stage === "head" && this.#epoch < this.epochs)
        return step(++this.#epoch, this.epochs, "fit");
      if (this.#stage === "head") {
        this.head = "trained";
        this.tailFile = undefined;
        if (this.#tuning.length > 0) {
          this.#stage = "views";
          return step(0, null, "views");
        }
      }
      this.#end();
      return undefined;
    });
  }

  cancelTraining() {
    this.#check();
    if (this.#stage === "comparing" || this.#stage === "finished")
      this.tailFile = undefined;
    this.#end();
  }

  #end() {
    this.#epoch = undefined;
    this.#stage = "head";
    this.#tuning = [];
  }

  tuningImages() {
    this.#check();
    return Uint32Array.from(this.#tuning);
  }

  awaitsViews() {
    this.#check();
    return this.#stage === "views";
  }

  /** Images have one, two and three views in turn; a crop begins with the image's id and the view's place. */
  viewsOf(id: number) {
    this.#check();
    if (!this.#tuning.includes(id)) throw new Error("it takes no part");
    this.viewed.push(id);
    const crops = new Uint8Array(((id % 3) + 1) * CROP);
    for (let view = 0; view * CROP < crops.length; view++)
      crops.set([id, view], view * CROP);
    return crops;
  }

  tuningTask() {
    this.#check();
    return new TextEncoder().encode("task");
  }

  finishTuning(outcome: Uint8Array) {
    this.#check();
    this.outcome = outcome;
    this.tailFile = outcome;
    this.#stage = "comparing";
  }

  abandonTuning() {
    this.#check();
    this.#stage = "finished";
  }

  tail() {
    this.#check();
    return this.tailFile;
  }

  requireHead() {
    this.#check();
    if (this.head === "none")
      throw rustError("NOT_TRAINED", "There is no head: train one.");
  }

  /** Names every sample as tested, and every second one as a label problem. */
  async evaluate() {
    this.requireHead();
    return this.#alone(async () => reportOn(this.samples));
  }

  /** Each image is called by the length of its name, and is most like the last samples. */
  predict(
    crops: WasmCrops,
    _embeddings: Float32Array,
    _maps: Float32Array,
    { top, heatmap, nearest = 0 }: PredictRequest,
  ) {
    this.#check();
    if (!(crops instanceof FakeCrops)) throw new Error("not what was staged");
    const { names } = crops;
    this.predicted.push(names);
    return names.map((name): BarePrediction => {
      const label = `length ${name.length}`;
      const classes = [
        { label, probability: 0.75 },
        { label: "other", probability: 0.25 },
      ];
      return {
        label: name.startsWith("strange") ? null : label,
        probability: 0.75,
        classes: classes.slice(0, top),
        unknown: name.startsWith("strange"),
        similarity: 0.5,
        ...(heatmap && { heatmap: this.#heatmap(label) }),
        ...(nearest > 0 && { nearest: this.#nearest(nearest) }),
      };
    });
  }

  #heatmap(label: string) {
    const grid = Float32Array.of(1, 2);
    const values = Float32Array.of(0, 0.5, 1, 0.5);
    this.heatmaps.push(grid, values);
    const box = { left: 3, top: 0, width: 20, height: 20 };
    return { label, grid, values, width: 2, height: 2, box };
  }

  #nearest(count: number) {
    return this.samples
      .map(({ id, name, label }) => ({ id, name, label, similarity: 0.9 }))
      .reverse()
      .slice(0, count);
  }

  #check() {
    if (this.freed) throw new Error("null pointer passed to rust");
    if (this.#busy) throw new Error("recursive use of an object detected");
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#check();
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

/** What was staged; its bytes are the names. */
export class FakeCrops implements WasmCrops {
  freed = false;

  constructor(
    readonly names: string[],
    private readonly session: FakeSession,
  ) {}

  bytes() {
    return new TextEncoder().encode(JSON.stringify(this.names));
  }

  embeddings(embeddings: Float32Array) {
    this.session.embedded.push(this.names);
    return embeddings;
  }

  /** Of each image, as many bytes as it has features. */
  records(embeddings: Float32Array) {
    this.session.embedded.push(this.names);
    return Uint8Array.from(embeddings);
  }

  free() {
    if (this.freed) throw new Error("null pointer passed to rust");
    this.freed = true;
  }
}

function reportOn(samples: FakeSession["samples"]): BareReport {
  const judged = samples.map(({ id, name, label }) => ({ id, name, label }));
  return {
    accuracy: 1,
    interval: [0.5, 1],
    balancedAccuracy: 1,
    macroF1: 1,
    logLoss: 0,
    calibrationError: 0,
    majorityAccuracy: 0.5,
    classes: [],
    confusion: [],
    predictions: judged.map((image) => ({
      ...image,
      predicted: image.label,
      probability: 1,
      unknown: false,
    })),
    trained: 0,
    tested: samples.length,
    heldOut: "split",
    head: {
      method: "lbfgs",
      l2: 0.01,
      lastStage: { l2: 0.1, share: 0.5 },
      balanced: false,
      scaling: "shrunken",
      fewImages: false,
      converged: true,
      views: "centre",
      features: "all",
    },
    calibration: null,
    crossValidation: null,
    learningCurve: null,
    labelProblems: judged
      .filter(({ id }) => id % 2 === 0)
      .map((image) => ({
        ...image,
        suggested: "other",
        probability: 0.9,
        probabilityOfLabel: 0.1,
        heldOut: false,
      })),
    nearDuplicates: { groups: 0, images: 0, setAside: 0, conflicts: [] },
    groups: { groups: 0, images: 0, setAside: 0, suspected: null },
    unknown: null,
    finetune: null,
  };
}

const CROP = 224 * 224 * 3;

function step(
  epoch: number,
  epochs: number | null,
  phase: TrainPhase,
): TrainStep {
  return {
    epoch,
    epochs,
    loss: 1,
    phase,
    trainAccuracy: 0.5,
    validationLoss: null,
    validationAccuracy: null,
    l2: 0,
    done: null,
  };
}
