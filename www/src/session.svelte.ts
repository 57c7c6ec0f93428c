/** One person's work, from the first photo to the last prediction. The numbers all come from the package. */

import type {
  Classifier,
  ClassCount,
  Prediction,
  Report,
  Skipped,
  Split,
  TrainOptions,
  TrainStep,
} from "headstart";
import { SvelteMap } from "svelte/reactivity";
import { Deeper, isDeeper } from "./deeper.svelte";
import { describeTrained } from "./deeper-wording";
import type { LeftOut, PathFile, PhotoGroup } from "./folders";
import { count } from "./format";
import { toLooked, type Looked } from "./looked";
import { PhotoNames, type Photo } from "./photo-names";
import { Model, toFailure, type ModelSource } from "./model.svelte";

/** The photos of a class that were taken in, for thumbnails. */
export interface ClassPhotos {
  learn: Photo[];
  test: Photo[];
}

/** What is being done right now. `total` is 0 when it is not known. */
export interface Activity {
  title: string;
  unit: "photos" | "epochs";
  loaded: number;
  total: number;
  /** While the network's last layers are trained. */
  deeper: Deeper | null;
  cancel: () => void;
}

export interface Message {
  kind: "info" | "error";
  text: string;
  /** The classifier takes no more calls: only a fresh one helps. */
  dead: boolean;
}

/** One press of Train. */
export interface TrainingRun {
  state: "running" | "finished" | "cancelled" | "failed";
  steps: TrainStep[];
}

export interface PredictedPhoto {
  photo: Photo;
  prediction: Omit<Prediction, "heatmap">;
  /** Where in the photo the likeliest class was seen. */
  looked: Looked | null;
  /** Which head predicted it: the number of trainings so far. */
  head: number;
}

/** Photos per call: counts move while a large folder is read, and a cancelled call loses little. */
const ADD_CHUNK = 64;
const PREDICT_CHUNK = 16;
/** Training photos shown beside a prediction. */
const NEAREST = 3;

/** After these the package answers every call with the same error. */
const DEADLY = new Set(["DEVICE_LOST", "INTERNAL", "DISPOSED"]);

type Job = (
  classifier: Classifier,
  activity: Activity,
  signal: AbortSignal,
) => Promise<void>;

export class Session {
  readonly model: Model;
  classes = $state.raw<ClassCount[]>([]);
  readonly photos = new SvelteMap<string, ClassPhotos>();
  duplicates = $state.raw<LeftOut[]>([]);
  /** Photos that are there already under another class. */
  conflicts = $state.raw<LeftOut[]>([]);
  rejected = $state.raw<LeftOut[]>([]);
  run = $state.raw<TrainingRun | null>(null);
  report = $state.raw<Report | null>(null);
  /** Why there is no report on the trained head. */
  noReport = $state.raw<string | null>(null);
  /** How many times a head was trained. */
  head = $state(0);
  /** How many photos came after the last training. */
  addedSince = $state(0);
  predictions = $state.raw<PredictedPhoto[]>([]);
  unpredicted = $state.raw<LeftOut[]>([]);
  activity = $state<Activity | null>(null);
  message = $state.raw<Message | null>(null);

  /** Jobs run one after the other; what arrives meanwhile waits its turn. */
  #tail: Promise<void> = Promise.resolve();
  #names = new PhotoNames();
  #unread: PhotoGroup[] = [];
  #disposed = false;

  constructor(source: ModelSource) {
    this.model = new Model(source);
  }

  dispose(): void {
    this.#disposed = true;
    this.activity?.cancel();
    this.model.dispose();
  }

  /** Everything that was added, and what an error kept from being added, for a fresh classifier. */
  groups(): PhotoGroup[] {
    const added = [...this.photos].flatMap(([label, { learn, test }]) => [
      { label, split: "auto" as const, files: toFiles(learn) },
      { label, split: "test" as const, files: toFiles(test) },
    ]);
    const known = added.flatMap(({ files }) => files.map(({ file }) => file));
    const unread = this.#unread.map((group) => ({
      ...group,
      files: group.files.filter(({ file }) => !known.includes(file)),
    }));
    return [...added, ...unread];
  }

  photoNamed(name: string): Photo | undefined {
    return this.#names.find(name);
  }

  say(text: string): void {
    this.message = { kind: "info", text, dead: false };
  }

  complain(error: unknown): void {
    const { code, message } = toFailure(error);
    this.message = {
      kind: "error",
      text: message,
      dead: DEADLY.has(code),
    };
  }

  dismiss(): void {
    this.message = null;
  }

  add(groups: PhotoGroup[], skipped: LeftOut[] = []): void {
    this.rejected = [...this.rejected, ...skipped];
    const total = groups.reduce((sum, { files }) => sum + files.length, 0);
    if (total === 0) {
      this.say("No photos were found there.");
      return;
    }
    this.#enqueue("Reading photos", "photos", async (...context) => {
      const [, activity, signal] = context;
      activity.total = total;
      const before = this.#tally();
      const parts = groups.flatMap(inChunks);
      for (const [i, part] of parts.entries()) {
        try {
          await this.#addPart(part, ...context);
        } catch (error) {
          if (!signal.aborted) this.#unread.push(...parts.slice(i));
          throw error;
        }
      }
      this.say(summary(before, this.#tally(), skipped.length));
    });
  }

  train(options: TrainOptions): void {
    this.#enqueue(
      "Training",
      "epochs",
      async (classifier, activity, signal) => {
        // The first step replaces the last run: an error before it leaves everything as it was.
        let steps: TrainStep[] = [];
        try {
          for await (const step of classifier.train({ ...options, signal })) {
            steps = [...steps, step];
            this.run = { state: "running", steps };
            activity.loaded = step.epoch;
            activity.total = step.epochs ?? 0;
            if (isDeeper(step)) {
              activity.deeper ??= new Deeper(step);
              activity.deeper.take(step);
              await activity.deeper.whilePaused(signal);
            } else {
              activity.deeper = null;
            }
          }
          signal.throwIfAborted();
        } catch (error) {
          const state = signal.aborted ? "cancelled" : "failed";
          if (steps.length > 0) this.run = { state, steps };
          activity.deeper = null;
          const isDead = !signal.aborted && DEADLY.has(toFailure(error).code);
          if (steps.some(isDeeper) && !isDead) {
            // The head fitted before is in place. Why the training ended says more than why it cannot be tested.
            await this.#judge(classifier).catch(() => undefined);
          }
          throw error;
        }
        this.run = { state: "finished", steps };
        const report = await this.#judge(classifier);
        this.say(describeTrained(report, options.method));
      },
    );
  }

  predict(files: PathFile[]): void {
    this.#enqueue(
      "Predicting",
      "photos",
      async (classifier, activity, signal) => {
        activity.total = files.length;
        this.unpredicted = [];
        for (const chunk of chunks(files, PREDICT_CHUNK)) {
          const photos = chunk.map(({ path, file }) => ({ name: path, file }));
          const predicted = await this.#predictChunk(
            classifier,
            photos,
            signal,
          );
          this.predictions = [...predicted, ...this.predictions];
          activity.loaded += chunk.length;
        }
        this.say(
          `Predicted ${count(files.length - this.unpredicted.length, "photo")}.`,
        );
      },
    );
  }

  forgetPredictions(): void {
    this.predictions = [];
    this.unpredicted = [];
  }

  /** Tests the head that has just come into use. */
  async #judge(classifier: Classifier): Promise<Report> {
    this.head += 1;
    this.addedSince = 0;
    this.report = null;
    this.noReport = null;
    try {
      const report = await classifier.evaluate();
      this.report = report;
      return report;
    } catch (error) {
      this.noReport = toFailure(error).message;
      throw error;
    }
  }

  async #addPart(
    { label, split, files }: PhotoGroup,
    classifier: Classifier,
    activity: Activity,
    signal: AbortSignal,
  ): Promise<void> {
    const photos = this.#names.give(files);
    const start = activity.loaded;
    const before = countOf(this.classes, label, split);
    let taken: Photo[] | undefined;
    try {
      const added = await classifier.add(renamed(photos), {
        label,
        split,
        group: (_, position) => photos[position]?.group,
        signal,
        onProgress: ({ stage, loaded }) => {
          if (stage === "images") activity.loaded = start + loaded;
        },
      });
      const onDisk = leftOut(photos, files);
      const isConflict = ({ code }: Skipped) => code === "LABEL_CONFLICT";
      const conflicts = added.duplicates.filter(isConflict);
      const duplicates = added.duplicates.filter((each) => !isConflict(each));
      this.conflicts = [...this.conflicts, ...conflicts.map(onDisk)];
      this.duplicates = [...this.duplicates, ...duplicates.map(onDisk)];
      this.rejected = [...this.rejected, ...added.rejected.map(onDisk)];
      const names = [...added.duplicates, ...added.rejected].map(
        (skipped) => skipped.name,
      );
      taken = photos.filter(({ name }) => !names.includes(name));
    } finally {
      this.classes = classifier.classes;
      if (!taken) {
        // A call that ends early keeps what it finished, without saying which photos it left out.
        const finished = countOf(this.classes, label, split) - before;
        taken = photos.slice(0, Math.max(0, finished));
        this.#names.keep(photos);
      }
      this.#keep(label, split, taken);
      activity.loaded = start + files.length;
    }
  }

  #keep(label: string, split: Split, taken: Photo[]): void {
    if (taken.length === 0) return;
    this.#names.keep(taken);
    const { learn, test } = this.photos.get(label) ?? { learn: [], test: [] };
    this.photos.set(
      label,
      split === "test"
        ? { learn, test: [...test, ...taken] }
        : { learn: [...learn, ...taken], test },
    );
    if (this.head > 0) this.addedSince += taken.length;
  }

  async #predictChunk(
    classifier: Classifier,
    photos: Photo[],
    signal: AbortSignal,
  ): Promise<PredictedPhoto[]> {
    try {
      const files = photos.map(({ file }) => file);
      const predictions = await classifier.predict(files, {
        heatmap: true,
        nearest: NEAREST,
        signal,
      });
      return photos.flatMap((photo, i) => {
        if (!predictions[i]) return [];
        const { heatmap, ...prediction } = predictions[i];
        const looked = heatmap ? toLooked(heatmap) : null;
        return [{ photo, prediction, looked, head: this.head }];
      });
    } catch (error) {
      const { code, message } = toFailure(error);
      if (!code.startsWith("IMAGE_")) throw error;
      const [first] = photos;
      if (first && photos.length === 1) {
        const skipped = { name: first.name, reason: message };
        this.unpredicted = [...this.unpredicted, skipped];
        return [];
      }
      // One unusable photo fails the whole call: find it, and predict the others.
      const alone: PredictedPhoto[] = [];
      for (const photo of photos) {
        alone.push(...(await this.#predictChunk(classifier, [photo], signal)));
      }
      return alone;
    }
  }

  #tally(): Tally {
    return {
      added: [...this.photos.values()].reduce(
        (sum, { learn, test }) => sum + learn.length + test.length,
        0,
      ),
      duplicates: this.duplicates.length,
      conflicts: this.conflicts.length,
      rejected: this.rejected.length,
    };
  }

  /** What goes wrong in a job is told in the message, so nobody need wait for it. */
  #enqueue(title: string, unit: Activity["unit"], job: Job): void {
    const control = new AbortController();
    const { signal } = control;
    this.#tail = this.#tail.then(async () => {
      if (this.#disposed) return;
      this.activity = {
        title,
        unit,
        loaded: 0,
        total: 0,
        deeper: null,
        cancel: () => control.abort(),
      };
      this.message = null;
      try {
        signal.throwIfAborted();
        const classifier = await this.model.ready(signal);
        await job(classifier, this.activity, signal);
      } catch (error) {
        if (signal.aborted)
          this.say("Cancelled. What was finished before stays.");
        else this.complain(error);
      } finally {
        this.activity = null;
      }
    });
  }
}

interface Tally {
  added: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
}

function summary(before: Tally, after: Tally, skipped: number): string {
  const duplicates = after.duplicates - before.duplicates;
  const conflicts = after.conflicts - before.conflicts;
  const rejected = after.rejected - before.rejected + skipped;
  const left: string[] = [];
  if (duplicates > 0) left.push(count(duplicates, "duplicate"));
  if (conflicts > 0)
    left.push(
      count(conflicts, "photo of another class", "photos of another class"),
    );
  if (rejected > 0)
    left.push(
      count(rejected, "file that cannot be used", "files that cannot be used"),
    );
  const text = `Added ${count(after.added - before.added, "photo")}.`;
  return left.length > 0 ? `${text} Left out: ${left.join(", ")}.` : text;
}

function countOf(classes: ClassCount[], label: string, split: Split): number {
  return classes.find((item) => item.label === label)?.[split] ?? 0;
}

/** The same bytes under the name that the page uses. */
function renamed(photos: Photo[]): File[] {
  return photos.map(
    ({ name, file }) =>
      new File([file], name, {
        type: file.type,
        lastModified: file.lastModified,
      }),
  );
}

function toFiles(photos: Photo[]): PathFile[] {
  return photos.map(({ name, file, group }) => ({ path: name, file, group }));
}

/** Says of a photo that was not taken what it is called on disk, where it was given another name. */
function leftOut(photos: Photo[], files: PathFile[]) {
  return ({ name, reason }: LeftOut): LeftOut => {
    const file = files[photos.findIndex((photo) => photo.name === name)];
    if (!file) return { name, reason };
    return { name: file.path, reason: reason.replace(name, file.path) };
  };
}

function inChunks(group: PhotoGroup): PhotoGroup[] {
  return [...chunks(group.files, ADD_CHUNK)].map((files) => ({
    ...group,
    files,
  }));
}

function* chunks<T>(items: T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) {
    yield items.slice(start, start + size);
  }
}
