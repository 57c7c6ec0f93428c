import { HeadstartError, messageOf } from "./errors.js";

/** Starts a worker, or says why there can be none. */
export function startWorker(start: () => Worker): Worker {
  if (typeof Worker === "undefined") {
    throw new HeadstartError(
      "UNSUPPORTED_ENVIRONMENT",
      "There are no web workers here: create the classifier in a browser, not on a server.",
    );
  }
  try {
    return start();
  } catch (cause) {
    throw new HeadstartError(
      "UNSUPPORTED_ENVIRONMENT",
      `The browser refused to start the worker (${messageOf(cause)}): serve headstart's files from the page's own origin.`,
      { cause },
    );
  }
}
