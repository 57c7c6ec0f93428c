import { wrap, type Remote } from "comlink";
import { cancelled, fromPlain, HeadstartError, messageOf } from "./errors.js";
import type { Reply, WorkerApi } from "./protocol.js";
import type { ClassCount } from "./types.js";

type Send<T> = (api: Remote<WorkerApi>, call: number) => Promise<Reply<T>>;

/**
 * The worker, as seen from the page's thread. Every promise it gives settles: with the worker's
 * answer, or with the error that ended the worker.
 */
export class Connection {
  /** As of the last finished call. */
  classes: ClassCount[] = [];

  readonly #worker: Worker;
  readonly #api: Remote<WorkerApi>;
  readonly #pending = new Set<(error: HeadstartError) => void>();
  #closed: HeadstartError | undefined;
  #calls = 0;

  constructor() {
    this.#worker = openWorker();
    this.#api = wrap<WorkerApi>(this.#worker);
    this.#worker.addEventListener("error", (event) => {
      // A worker whose script cannot be loaded fails with an event that has no message.
      const detail = event.message || "its script could not be loaded";
      this.close(stopped(detail, event.error));
    });
    this.#worker.addEventListener("messageerror", () => {
      this.close(stopped("a message could not be read", undefined));
    });
  }

  /**
   * Calls the worker. An abort is passed on to it, and the promise settles when it has answered,
   * so that `classes` is right by then.
   */
  async call<T>(send: Send<T>, signal?: AbortSignal): Promise<T> {
    this.#check(signal);
    const call = ++this.#calls;
    const onAbort = () => void this.#api.cancel(call);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const reply = await this.#unlessClosed(send(this.#api, call));
      this.classes = reply.classes;
      if (reply.ok) return reply.value;
      const error = fromPlain(reply.error);
      if (reply.fatal) this.close(error);
      throw error.code === "CANCELLED" ? cancelled(signal) : error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Waits for something that is not the worker's, such as a caller's iterator. */
  async wait<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#check(signal);
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(cancelled(signal));
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await this.#unlessClosed(Promise.race([promise, aborted]));
    } finally {
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Ends the worker; calls that wait, and later ones, reject with `reason`. */
  close(reason: HeadstartError): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#worker.terminate();
    for (const reject of this.#pending) reject(reason);
    this.#pending.clear();
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.#closed) throw this.#closed;
    if (signal?.aborted) throw cancelled(signal);
  }

  #unlessClosed<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.add(reject);
      const done = () => this.#pending.delete(reject);
      promise.then(resolve, reject).finally(done);
    });
  }
}

function openWorker(): Worker {
  if (typeof Worker === "undefined") {
    throw new HeadstartError(
      "UNSUPPORTED_ENVIRONMENT",
      "There are no web workers here: create the classifier in a browser, not on a server.",
    );
  }
  try {
    // Bundlers recognise exactly this form.
    return new Worker(new URL("./worker.js", import.meta.url), {
      type: "module",
      name: "headstart",
    });
  } catch (cause) {
    throw new HeadstartError(
      "UNSUPPORTED_ENVIRONMENT",
      `The browser refused to start the worker (${messageOf(cause)}): serve headstart's files from the page's own origin.`,
      { cause },
    );
  }
}

function stopped(detail: string, cause: unknown): HeadstartError {
  return new HeadstartError(
    "INTERNAL",
    `The classifier's worker stopped (${detail}). Create a new Classifier.`,
    { cause },
  );
}
