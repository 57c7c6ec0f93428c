/** Functions of the caller's that are called on the way. */
import type { LogSink } from "./protocol.js";
import type { CallOptions, Logger, Progress } from "./types/index.js";

/** A fault in the caller's callback is reported as its own and does not end the call. */
export function notify(
  onProgress: CallOptions["onProgress"],
  progress: Progress,
): void {
  guarded(() => onProgress?.(progress));
}

/** Without a logger of the caller's, warnings and errors go to the console. */
export function logTo(logger: Logger | undefined): LogSink {
  return (level, message) => {
    if (logger) guarded(() => logger[level](message));
    else if (level === "warn" || level === "error")
      console[level](`headstart: ${message}`);
  };
}

function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
