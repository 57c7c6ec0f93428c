/** Every code an error of this package can carry. They stay the same between versions. */
const CODES = [
  "WEIGHTS_MISSING",
  "WEIGHTS_CORRUPT",
  "WEIGHTS_UNSUPPORTED",
  "WEBGPU_UNAVAILABLE",
  "UNSUPPORTED_ENVIRONMENT",
  "IMAGE_EMPTY",
  "IMAGE_UNDECODABLE",
  "IMAGE_TOO_SMALL",
  "IMAGE_TOO_LARGE",
  "PROJECT_CORRUPT",
  "PROJECT_UNSUPPORTED",
  "PROJECT_MISMATCH",
  "NO_IMAGES",
  "TOO_FEW_CLASSES",
  "TOO_FEW_IMAGES",
  "IMAGES_OUTDATED",
  "IMAGES_MISSING",
  "NO_ROOM",
  "NOT_TRAINED",
  "NO_TEST_IMAGES",
  "TRAINING_IN_PROGRESS",
  "INVALID_ARGUMENT",
  "CANCELLED",
  "DEVICE_LOST",
  "DISPOSED",
  "INTERNAL",
] as const;

/**
 * What went wrong, for a program to decide on:
 *
 * | code | meaning |
 * | --- | --- |
 * | `WEIGHTS_MISSING` | The weights cannot be downloaded or read. |
 * | `WEIGHTS_CORRUPT` | They are not a whole weights file. |
 * | `WEIGHTS_UNSUPPORTED` | They are of another format or version. |
 * | `WEBGPU_UNAVAILABLE` | WebGPU was asked for and does not run. |
 * | `UNSUPPORTED_ENVIRONMENT` | There is no browser, or it lacks what is needed. |
 * | `IMAGE_EMPTY`, `IMAGE_UNDECODABLE`, `IMAGE_TOO_SMALL`, `IMAGE_TOO_LARGE` | An image cannot be used. |
 * | `PROJECT_CORRUPT` | An exported file is not whole. |
 * | `PROJECT_UNSUPPORTED` | It is of another format or version. |
 * | `PROJECT_MISMATCH` | It was made with other weights. |
 * | `NO_IMAGES`, `TOO_FEW_CLASSES`, `TOO_FEW_IMAGES` | There is too little to train on. |
 * | `IMAGES_OUTDATED` | Images come from a project of an earlier version: add the same files again to train. |
 * | `IMAGES_MISSING` | Fine-tuning needs the images themselves, and some are not here: add the same files again. |
 * | `NO_ROOM` | There is no room for what fine-tuning keeps of the images: use fewer, or make room. |
 * | `NOT_TRAINED` | There is no head yet. |
 * | `NO_TEST_IMAGES` | No image was held out. |
 * | `TRAINING_IN_PROGRESS` | Another training goes on. |
 * | `INVALID_ARGUMENT` | An argument makes no sense. |
 * | `CANCELLED` | The call's signal was aborted. |
 * | `DEVICE_LOST` | The graphics device is gone: create a new classifier. |
 * | `DISPOSED` | The classifier was disposed of. |
 * | `INTERNAL` | A fault of the package, or its files could not be loaded. |
 */
export type ErrorCode = (typeof CODES)[number];

/** Every error that this package throws: a stable `code`, and a message a person can act on. */
export class HeadstartError extends Error {
  /** Always `"HeadstartError"`. */
  override readonly name = "HeadstartError";
  /** What went wrong, for a program to decide on. It stays the same between versions. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error as it crosses the worker boundary: structured cloning would lose the code. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  cause?: { name: string; message: string };
}

/** Whatever was thrown, as an error of this package. Errors from Rust carry a `code` of ours. */
export function asHeadstartError(thrown: unknown): HeadstartError {
  if (thrown instanceof HeadstartError) return thrown;
  if (isCoded(thrown))
    return new HeadstartError(thrown.code, thrown.message, { cause: thrown });
  return new HeadstartError(
    "INTERNAL",
    `Something went wrong inside headstart (${messageOf(thrown)}). Please report it.`,
    { cause: thrown },
  );
}

export function toPlain(thrown: unknown): PlainError {
  const { code, message, cause } = asHeadstartError(thrown);
  if (cause === undefined) return { code, message };
  const name = cause instanceof Error ? cause.name : "Error";
  return { code, message, cause: { name, message: messageOf(cause) } };
}

export function fromPlain({
  code,
  message,
  cause,
}: PlainError): HeadstartError {
  if (cause === undefined) return new HeadstartError(code, message);
  const original = new Error(cause.message);
  original.name = cause.name;
  return new HeadstartError(code, message, { cause: original });
}

/** The error of a call whose signal was aborted. */
export function cancelled(signal?: AbortSignal): HeadstartError {
  return new HeadstartError(
    "CANCELLED",
    "The call was cancelled; what was finished before it stays.",
    { cause: signal?.reason },
  );
}

/** The error of a call on a classifier that is no more. */
export function disposed(): HeadstartError {
  return new HeadstartError(
    "DISPOSED",
    "This classifier was disposed of: create a new Classifier.",
  );
}

/** The error of an argument that makes no sense. */
export function invalid(message: string, cause?: unknown): HeadstartError {
  return new HeadstartError("INVALID_ARGUMENT", message, { cause });
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

/** The text of anything that can be thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function isCoded(
  thrown: unknown,
): thrown is { code: ErrorCode; message: string } {
  if (typeof thrown !== "object" || thrown === null) return false;
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  return (
    (CODES as readonly unknown[]).includes(code) && typeof message === "string"
  );
}
