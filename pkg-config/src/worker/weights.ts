import {
  readStoredWeights,
  storeWeights,
  type StoredWeights,
} from "../cache/weights.js";
import { cancelled, HeadstartError, messageOf } from "../errors.js";
import type { LogSink } from "../protocol.js";
import type { Progress } from "../types/index.js";
import { readBytes } from "./read-bytes.js";

export interface LoadOptions {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Whether downloads are stored, and taken from there. */
  cache: boolean;
  log: LogSink;
}

export interface LoadedWeights {
  bytes: Uint8Array<ArrayBuffer>;
  /** Stores a download for the next time, where that is wanted and can be done. */
  keep: () => Promise<void>;
}

const keepNothing = () => Promise.resolve();

/** The bytes of the weights file. What they mean is checked in Rust, what they cannot be here. */
export async function loadWeights(
  source: string | ArrayBuffer | Blob,
  options: LoadOptions,
): Promise<LoadedWeights> {
  if (typeof source !== "string") {
    const name = "The weights file";
    const bytes = await readBytes(name, source, "WEIGHTS_MISSING");
    tellWhole(bytes, options);
    return { bytes, keep: keepNothing };
  }
  const stored = options.cache ? await readStoredWeights(source) : undefined;
  if (stored && (await isCurrent(source, stored, options))) {
    options.log("debug", `The weights at ${source} were in the cache.`);
    tellWhole(stored.bytes, options);
    return { bytes: stored.bytes, keep: keepNothing };
  }
  return download(source, options);
}

function tellWhole(
  { byteLength }: Uint8Array,
  { onProgress }: LoadOptions,
): void {
  onProgress({ stage: "weights", loaded: byteLength, total: byteLength });
}

/** Asks the server whether its file is still the stored one; without an answer, it is. */
async function isCurrent(
  url: string,
  stored: StoredWeights,
  { signal }: LoadOptions,
): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "HEAD",
      cache: "no-cache",
      signal,
    });
    return response.ok && stored.sameAs(response.headers);
  } catch {
    if (signal.aborted) throw cancelled(signal);
    return true;
  }
}

async function download(
  url: string,
  options: LoadOptions,
): Promise<LoadedWeights> {
  const response = await request(url, options.signal);
  if (!response.ok) {
    throw new HeadstartError(
      "WEIGHTS_MISSING",
      `The server answered ${response.status} for the weights at ${url}: put the file there, or pass another address.`,
    );
  }
  if (response.headers.get("content-type")?.includes("text/html")) {
    await response.body?.cancel();
    throw webPage(url);
  }
  const total = expectedBytes(response);
  const bytes = await readBody(response, total, url, options);
  if (startsLikeMarkup(bytes)) throw webPage(url);
  if (total !== undefined && bytes.byteLength < total) throw brokenOff(url);
  const keep = () => store(url, bytes, response.headers, options);
  return { bytes, keep: options.cache ? keep : keepNothing };
}

async function store(
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Headers,
  { log }: LoadOptions,
): Promise<void> {
  try {
    await storeWeights(url, bytes, headers);
  } catch (cause) {
    log(
      "warn",
      `The weights could not be stored, so they are downloaded each time (${messageOf(cause)}).`,
    );
  }
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal });
  } catch (cause) {
    if (signal.aborted) throw cancelled(signal);
    throw new HeadstartError(
      "WEIGHTS_MISSING",
      `The weights could not be downloaded from ${url}: check the address and the connection.`,
      { cause },
    );
  }
}

async function readBody(
  response: Response,
  total: number | undefined,
  url: string,
  { signal, onProgress }: LoadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  onProgress({ stage: "weights", loaded, total });
  try {
    const reader = response.body?.getReader();
    for (
      let next = await reader?.read();
      next && !next.done;
      next = await reader?.read()
    ) {
      chunks.push(next.value);
      loaded += next.value.byteLength;
      onProgress({ stage: "weights", loaded, total });
    }
  } catch (cause) {
    throw signal.aborted ? cancelled(signal) : brokenOff(url, cause);
  }
  return join(chunks, loaded);
}

/** `undefined` for a compressed response too, whose header counts compressed bytes. */
function expectedBytes(response: Response): number | undefined {
  const length = response.headers.get("content-length");
  if (length === null || response.headers.has("content-encoding"))
    return undefined;
  return Number(length);
}

function join(chunks: Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** A safetensors file starts with a length, whose first byte and blanks this is not. */
function startsLikeMarkup(bytes: Uint8Array): boolean {
  return /^\s*<(!doctype|html|\?xml)/i.test(
    new TextDecoder().decode(bytes.subarray(0, 256)),
  );
}

function webPage(url: string): HeadstartError {
  return new HeadstartError(
    "WEIGHTS_CORRUPT",
    `The server answered with a web page instead of the weights at ${url}: put the file there, or pass another address.`,
  );
}

function brokenOff(url: string, cause?: unknown): HeadstartError {
  return new HeadstartError(
    "WEIGHTS_CORRUPT",
    `The download of the weights from ${url} broke off before the end: try again.`,
    { cause },
  );
}
