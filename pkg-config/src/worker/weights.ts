import { cancelled, HeadstartError } from "../errors.js";
import type { Progress } from "../types.js";

export interface LoadOptions {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** The bytes of the weights file. What they mean is checked in Rust, what they cannot be here. */
export async function loadWeights(
  source: string | ArrayBuffer | Blob,
  options: LoadOptions,
): Promise<Uint8Array> {
  if (typeof source === "string") return download(source, options);
  const bytes = source instanceof ArrayBuffer ? source : await readBlob(source);
  options.onProgress({
    stage: "weights",
    loaded: bytes.byteLength,
    total: bytes.byteLength,
  });
  return new Uint8Array(bytes);
}

async function readBlob(blob: Blob): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch (cause) {
    throw new HeadstartError(
      "WEIGHTS_MISSING",
      "The weights file could not be read from disk: choose it again.",
      { cause },
    );
  }
}

async function download(
  url: string,
  options: LoadOptions,
): Promise<Uint8Array> {
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
  return bytes;
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
): Promise<Uint8Array> {
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

function join(chunks: Uint8Array[], length: number): Uint8Array {
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
