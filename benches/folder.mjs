/** Answers with the files of a folder. */
import serveStatic from "serve-static";

/**
 * @param {string} path
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse, otherwise?: () => void) => void}
 */
export function folder(path) {
  const serve = serveStatic(path, { index: false });
  return (request, response, otherwise) =>
    serve(
      request,
      response,
      otherwise ?? (() => response.writeHead(404).end()),
    );
}
