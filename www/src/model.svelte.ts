/** The classifier while it loads, when it is there, and when it could not be had. */

import {
  Classifier,
  HeadstartError,
  type Backend,
  type BackendChoice,
  type Progress,
  type Views,
} from "headstart";

export interface Failure {
  /** An error code of the package, or `OTHER_SITE`. */
  code: string;
  message: string;
}

export interface ModelSource {
  weights: URL | Blob;
  backend: BackendChoice;
  views: Views;
}

export function toFailure(error: unknown): Failure {
  if (error instanceof HeadstartError) {
    return { code: error.code, message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "INTERNAL", message };
}

export class Model {
  phase = $state<"loading" | "ready" | "failed">("loading");
  progress = $state.raw<Progress | null>(null);
  failure = $state.raw<Failure | null>(null);
  backend = $state.raw<Backend | null>(null);
  source: ModelSource;

  #classifier: Classifier | null = null;
  #waiting: ((classifier: Classifier) => void)[] = [];
  #loading: AbortController | null = null;

  constructor(source: ModelSource) {
    this.source = $state.raw(source);
    this.#load();
  }

  /**
   * Loads again with whatever `changes` names, for example a weights file from disk. What the classifier
   * held is gone.
   */
  retry(changes: Partial<ModelSource> = {}): void {
    this.source = { ...this.source, ...changes };
    this.#load();
  }

  /** The classifier, as soon as there is one: work that comes early waits for it. */
  ready(signal: AbortSignal): Promise<Classifier> {
    if (this.#classifier) return Promise.resolve(this.#classifier);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((waiter) => waiter !== resolve);
        reject(new Error("nobody waits any more", { cause: signal.reason }));
      });
    });
  }

  dispose(): void {
    this.#loading?.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
    this.#waiting = [];
  }

  #load(): void {
    this.#loading?.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
    const loading = new AbortController();
    this.#loading = loading;
    this.phase = "loading";
    this.failure = null;
    this.progress = null;
    const { weights } = this.source;
    if (weights instanceof URL && weights.origin !== location.origin) {
      this.#fail({
        code: "OTHER_SITE",
        message: `This page connects to no other site, so it does not load weights from ${weights.origin}. Download that file and choose it here.`,
      });
      return;
    }
    const { signal } = loading;
    this.#create(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#fail(toFailure(error));
    });
  }

  async #create(signal: AbortSignal): Promise<void> {
    const classifier = await Classifier.create({
      ...this.source,
      signal,
      onProgress: (progress) => {
        if (!signal.aborted) this.progress = progress;
      },
    });
    if (signal.aborted) {
      classifier.dispose();
      return;
    }
    this.#classifier = classifier;
    this.backend = classifier.backend;
    this.phase = "ready";
    for (const resolve of this.#waiting) resolve(classifier);
    this.#waiting = [];
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.phase = "failed";
  }
}
