import { asHeadstartError, HeadstartError, messageOf } from "../errors.js";

/**
 * Notices when the wasm module dies. A panic in Rust becomes a RuntimeError that says
 * "unreachable"; in the middle of an async method it surfaces as an uncaught error, and the
 * method's promise never settles. The panic's text goes to the console only, from where it is taken to
 * be told as an error.
 */
export class Traps {
  readonly #waiting = new Set<(error: unknown) => void>();
  readonly #told = new WeakMap<object, HeadstartError>();
  #panic: string | undefined;

  /** Watches this worker. */
  listen(): void {
    const print = console.error.bind(console);
    console.error = (...values: unknown[]) => {
      const text = values.map(String).join(" ");
      if (text.includes("panicked at")) this.#panic = text;
      else print(...values);
    };
    globalThis.addEventListener("error", (event) => {
      if (this.trapped(event.error ?? event.message)) event.preventDefault();
      // With nobody to tell, the console is the place after all.
      else if (this.#panic !== undefined) print(this.#panic);
    });
  }

  /** The promise's result, or the trap that keeps it from having one. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  /** Tells who waits; says whether anybody did. */
  trapped(error: unknown): boolean {
    const waited = this.#waiting.size > 0;
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
    return waited;
  }

  /** What to tell the caller, if `thrown` means that the module cannot go on. */
  fatal(thrown: unknown): HeadstartError | undefined {
    if (thrown instanceof WebAssembly.RuntimeError) {
      let error = this.#told.get(thrown);
      if (!error) this.#told.set(thrown, (error = this.#explain(thrown)));
      return error;
    }
    const error = asHeadstartError(thrown);
    return error.code === "DEVICE_LOST" ? error : undefined;
  }

  /** A trap as an error that is none: for a module that others can do without. Anything else as it is. */
  ordinary(thrown: unknown): unknown {
    if (!(thrown instanceof WebAssembly.RuntimeError)) return thrown;
    const detail = this.#panic ?? messageOf(thrown);
    this.#panic = undefined;
    return new Error(detail.replace(/\n\s*/, " ").replace(/\n[^]*/, ""), {
      cause: thrown,
    });
  }

  #explain(trap: WebAssembly.RuntimeError): HeadstartError {
    const detail = this.#panic ?? messageOf(trap);
    const cause =
      this.#panic === undefined
        ? trap
        : new Error(this.#panic, { cause: trap });
    this.#panic = undefined;
    if (/\bdevice\b.*\blost\b|\blost\b.*\bdevice\b/i.test(detail)) {
      return new HeadstartError(
        "DEVICE_LOST",
        "The graphics device was lost, and what the classifier held on it. Create a new Classifier.",
        { cause },
      );
    }
    return new HeadstartError(
      "INTERNAL",
      `The classifier stopped (${detail.replace(/\n[^]*/, "")}). Create a new Classifier.`,
      { cause },
    );
  }
}
