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
    void this.#load();
  }

  /**
   * Loads again with whatever `changes` names, for example a weights file from disk. What the classifier
   * held is gone.
   */
  retry(changes: Partial<ModelSource> = {}): Promise<void> {
    this.source = { ...this.source, ...changes };
    return this.#load();
  }

  /** The classifier, as soon as there is one: work that comes early waits for it. */
  ready(signal: AbortSignal): Promise<Classifier> {
    if (this.#classifier) return Promise.resolve(this.#classifier);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((waiter) => waiter !== resolve);
        reject(signal.reason);
      });
    });
  }

  dispose(): void {
    this.#loading?.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
    this.#waiting = [];
  }

  async #load(): Promise<void> {
    this.#loading?.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
    const loading = new AbortController();
    this.#loading = loading;
    this.phase = "loading";
    this.failure = null;
    this.progress = null;
    const { weights, backend, views } = this.source;
    if (weights instanceof URL && weights.origin !== location.origin) {
      this.#fail({
        code: "OTHER_SITE",
        message: `This page connects to no other site, so it does not load weights from ${weights.origin}. Download that file and choose it here.`,
      });
      return;
    }
    try {
      const classifier = await Classifier.create({
        weights,
        backend,
        views,
        signal: loading.signal,
        onProgress: (progress) => {
          if (!loading.signal.aborted) this.progress = progress;
        },
      });
      if (loading.signal.aborted) {
        classifier.dispose();
        return;
      }
      this.#classifier = classifier;
      this.backend = classifier.backend;
      this.phase = "ready";
      for (const resolve of this.#waiting) resolve(classifier);
      this.#waiting = [];
    } catch (error) {
      if (!loading.signal.aborted) this.#fail(toFailure(error));
    }
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.phase = "failed";
  }
}
