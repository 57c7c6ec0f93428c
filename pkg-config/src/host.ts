/** A worker, and the classifiers of this page that work in it. */
import { transfer, wrap, type Remote } from "comlink";
import { Connection } from "./connection.js";
import { HeadstartError, invalid, messageOf } from "./errors.js";
import type { WorkerHost } from "./protocol.js";
import { startWorker } from "./start-worker.js";
import type { WorkerSource } from "./types/placement.js";

/** How long a worker has to end its further workers, in milliseconds. */
const PATIENCE = 10_000;

const hosts = new Map<WorkerSource, Host>();

/** A way into the worker of this source, which is started unless a classifier has it running. */
export function connect(source: WorkerSource, threads: number): Connection {
  let host = hosts.get(source);
  if (!host) hosts.set(source, (host = new Host(source)));
  return host.connect(threads);
}

/** Has every worker forget the embeddings that it keeps in memory. */
export async function forgetCaches(): Promise<void> {
  await Promise.all([...hosts.values()].map((host) => host.forgetCache()));
}

class Host {
  readonly #source: WorkerSource;
  readonly #worker: Worker;
  readonly #api: Remote<WorkerHost>;
  readonly #connections = new Set<Connection>();
  /** Whether workers beside it may compute. */
  #hasFurther = false;
  readonly #listening = new AbortController();

  constructor(source: WorkerSource) {
    this.#source = source;
    this.#worker = typeof source === "function" ? startWorker(source) : source;
    this.#api = wrap<WorkerHost>(this.#worker);
    const { signal } = this.#listening;
    this.#worker.addEventListener(
      "error",
      (event) => {
        // A worker whose script cannot be loaded fails with an event that has no message.
        const detail = event.message || "its script could not be loaded";
        this.#fail(stopped(detail, event.error));
      },
      { signal },
    );
    this.#worker.addEventListener(
      "messageerror",
      () => this.#fail(stopped("a message could not be read", undefined)),
      { signal },
    );
  }

  connect(threads: number): Connection {
    if (threads > 1) this.#hasFurther = true;
    const { port1, port2 } = new MessageChannel();
    const connection = new Connection(port1, {
      multiplies: () => (this.#hasFurther = true),
      closed: () => this.#release(connection),
      failed: (error) => this.#fail(error),
    });
    this.#connections.add(connection);
    // A worker that does not answer as ours does would leave every call waiting.
    this.#api
      .open(transfer(port2, [port2]))
      .catch((cause: unknown) => this.#fail(foreign(cause)));
    return connection;
  }

  async forgetCache(): Promise<void> {
    // A worker that ends meanwhile forgets everything, and never answers.
    const ended = new Promise<void>((resolve) => {
      this.#listening.signal.addEventListener("abort", () => resolve());
    });
    await Promise.race([this.#api.forgetCache(), ended]);
  }

  /** What one classifier's module dies of, all die of that work in the same worker. */
  #fail(error: HeadstartError): void {
    this.#end();
    for (const connection of [...this.#connections]) connection.fail(error);
  }

  /** The last one to leave ends the worker, unless it is the caller's own. */
  #release(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#end();
  }

  #end(): void {
    if (this.#listening.signal.aborted) return;
    if (hosts.get(this.#source) === this) hosts.delete(this.#source);
    this.#listening.abort();
    if (typeof this.#source !== "function") return;
    const terminate = () => this.#worker.terminate();
    if (!this.#hasFurther) {
      terminate();
      return;
    }
    // After the further workers, which a browser may leave behind otherwise; not for long, if it does not answer.
    const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE));
    Promise.race([this.#api.endFurther(), late]).then(terminate, terminate);
  }
}

function stopped(detail: string, cause: unknown): HeadstartError {
  return new HeadstartError(
    "INTERNAL",
    `The classifier's worker stopped (${detail}). Create a new Classifier.`,
    { cause },
  );
}

function foreign(cause: unknown): HeadstartError {
  return invalid(
    `The worker does not answer as headstart/slim-worker does (${messageOf(cause)}): pass a Worker that runs it, or a function that starts one.`,
    cause,
  );
}
