import { releaseProxy, wrap, type Remote } from "comlink";
import {
  asHeadstartError,
  cancelled,
  fromPlain,
  HeadstartError,
  invalid,
} from "./errors.js";
import type { ClassifierApi, Reply } from "./protocol.js";
import type { ClassCount } from "./types/index.js";

type Send<T> = (api: Remote<ClassifierApi>, call: number) => Promise<Reply<T>>;

/** Told once each, `multiplies` at any time. */
export interface ConnectionEvents {
  /** The worker may start others from now on. */
  multiplies(): void;
  /** Nothing more will be asked of the worker. */
  closed(): void;
  /** The worker has said that it cannot go on. */
  failed(error: HeadstartError): void;
}

/**
 * A classifier in the worker, as seen from the page's thread. Every promise it gives settles: with
 * the worker's answer, or with the error that ended the connection.
 */
export class Connection {
  /** As of the last finished call. */
  classes: ClassCount[] = [];
  /** Told of the error that ended the worker. */
  onFailure: (error: HeadstartError) => void = () => undefined;

  readonly #api: Remote<ClassifierApi>;
  readonly #events: ConnectionEvents;
  readonly #pending = new Set<(error: HeadstartError) => void>();
  #closed: HeadstartError | undefined;
  #calls = 0;

  constructor(port: MessagePort, events: ConnectionEvents) {
    this.#api = wrap<ClassifierApi>(port);
    this.#events = events;
  }

  /**
   * Calls the worker. An abort is passed on to it, and the promise settles when it has answered,
   * so that `classes` is right by then.
   */
  async call<T>(send: Send<T>, signal?: AbortSignal): Promise<T> {
    this.#check(signal);
    const call = ++this.#calls;
    const onAbort = () => {
      if (this.#closed) return;
      // Where it does not arrive, the call ends as it would have.
      this.#api.cancel(call).catch(() => undefined);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const sent = send(this.#api, call).catch(unsendable);
      const reply = await this.#unlessClosed(sent);
      this.classes = reply.classes;
      if (reply.ok) return reply.value;
      const error = fromPlain(reply.error);
      if (reply.fatal) this.#events.failed(error);
      throw error.code === "CANCELLED" ? cancelled(signal) : error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Says that what is asked of the worker next may take workers beside it. */
  expectFurther(): void {
    if (!this.#closed) this.#events.multiplies();
  }

  /** Begins something that is not the worker's, such as a caller's iterator, and waits for it. */
  async wait<T>(
    begin: () => T | PromiseLike<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    this.#check(signal);
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(cancelled(signal));
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await this.#unlessClosed(Promise.race([begin(), aborted]));
    } finally {
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Gives up the classifier in the worker; calls that wait, and later ones, reject with `reason`. */
  close(reason: HeadstartError): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#api[releaseProxy]();
    for (const reject of this.#pending) reject(reason);
    this.#pending.clear();
    this.#events.closed();
  }

  /** The worker has ended for this reason. */
  fail(reason: HeadstartError): void {
    if (this.#closed) return;
    this.onFailure(reason);
    this.close(reason);
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

/** Options pass as they are, and a message cannot hold a function. */
function unsendable(cause: unknown): never {
  if (cause instanceof DOMException && cause.name === "DataCloneError") {
    throw invalid(
      `An option cannot be handed to the worker (${cause.message}): pass plain values.`,
      cause,
    );
  }
  throw asHeadstartError(cause);
}
