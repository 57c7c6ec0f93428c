/** From the options of `create` and `load` to a classifier in the worker. */
import { proxy } from "comlink";
import type { Connection } from "./connection.js";
import { cancelled, disposed, invalid, throwIfCancelled } from "./errors.js";
import { connect } from "./host.js";
import { logTo, notify } from "./callbacks.js";
import {
  checkCallOptions,
  checkLogger,
  describe,
  isDetached,
  kindOf,
  oneOf,
  optionsOf,
  trueOrFalse,
  wholeNumber,
} from "./options.js";
import type { Created, CreateRequest, WasmSources } from "./protocol.js";
import type {
  CreateOptions,
  LoadOptions,
  Progress,
  WeightsSource,
} from "./types/index.js";
import type { WorkerSource } from "./types/placement.js";

/** Where a classifier's code runs. */
export interface Place {
  worker: WorkerSource;
  /** None where the worker knows where its modules are. */
  wasm: WasmSources;
}

/** A new classifier in the worker, and the way to it. */
export interface Opened {
  connection: Connection;
  created: Created;
}

/** Starts a classifier without images. */
export async function create(
  options: CreateOptions,
  place: Place,
): Promise<Opened> {
  const given = optionsOf("create", options);
  const { views = "centre", features = "all" } = given;
  oneOf("views", views, ["centre", "flip", "crops"]);
  oneOf("features", features, ["all", "last"]);
  return open({ views, features }, given, place);
}

/** Starts a classifier from what another one exported. */
export async function load(
  file: Blob | ArrayBuffer,
  options: LoadOptions,
  place: Place,
): Promise<Opened> {
  const kind = kindOf(file);
  if (kind !== "Blob" && kind !== "File" && kind !== "ArrayBuffer") {
    throw invalid(
      `The file to load is ${describe(file)}: pass a File, Blob or ArrayBuffer.`,
    );
  }
  if (kind === "ArrayBuffer") refuseDetached("file", file as ArrayBuffer);
  return open({ file }, optionsOf("load", options), place);
}

async function open(
  content: CreateRequest["content"],
  options: LoadOptions,
  { worker, wasm }: Place,
): Promise<Opened> {
  const { signal, onProgress, logger } = options;
  const { backend = "auto", cache = true, threads = 1 } = options;
  checkCallOptions(options);
  checkLogger(logger);
  oneOf("backend", backend, ["auto", "webgpu", "cpu"]);
  trueOrFalse("cache", cache);
  wholeNumber("threads", threads, 1);
  const weights = sendable(options.weights);
  throwIfCancelled(signal);
  const connection = connect(worker, threads);
  // The worker may be busy with a download, a compilation or a start: nobody waits for it.
  const onAbort = () => connection.close(cancelled(signal));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const log = logTo(logger);
    connection.onFailure = ({ message }) => log("error", message);
    const sink =
      onProgress && proxy((progress: Progress) => notify(onProgress, progress));
    const created = await connection.call((api, call) =>
      api.create(
        call,
        { weights, backend, cache, threads, wasm, content },
        proxy(log),
        sink,
      ),
    );
    return { connection, created };
  } catch (error) {
    connection.close(disposed());
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function sendable(weights: WeightsSource): CreateRequest["weights"] {
  switch (kindOf(weights)) {
    case "String":
    case "URL":
      return absolute("weights", weights as string | URL);
    case "ArrayBuffer":
      refuseDetached("weights", weights as ArrayBuffer);
      return weights as ArrayBuffer;
    case "Blob":
    case "File":
      return weights as Blob;
    default:
      throw invalid(
        `The weights are ${describe(weights)}: pass a URL, an ArrayBuffer or a Blob as \`weights\`.`,
      );
  }
}

/** An address as the worker will understand it. */
export function absolute(argument: string, address: string | URL): string {
  // A worker has no document, and a server has neither.
  const scope: { document?: Document; location?: Location } = globalThis;
  try {
    return new URL(address, scope.document?.baseURI ?? scope.location?.href)
      .href;
  } catch (cause) {
    throw invalid(
      `The address "${address}" of ${argument} is not a URL.`,
      cause,
    );
  }
}

function refuseDetached(argument: string, buffer: ArrayBuffer): void {
  if (!isDetached(buffer)) return;
  throw invalid(
    `The buffer passed as \`${argument}\` is detached, because it was transferred: pass a copy, or a Blob.`,
  );
}
