/** Answers for the weights and the photos, on whichever server a project is. */
import { createReadStream, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { photos, weightsPath } from "../../browser/support/inputs.js";

/** Photos have names such as /photos/checks-1.jpg. Every other request is left to `otherwise`. */
export function answerInputs(
  request: IncomingMessage,
  response: ServerResponse,
  otherwise: () => void,
): void {
  const path = request.url ?? "";
  const [, pattern, number] =
    /^\/photos\/(checks|rings)-(\d)\.jpg$/.exec(path) ?? [];
  if (pattern === "checks" || pattern === "rings")
    sendFile(photos("train", pattern, 1, Number(number) - 1)[0]!, response);
  else if (path === "/weights/resnet18-int8.safetensors")
    sendFile(weightsPath, response);
  // Browsers ask for it whatever the page says.
  else if (path === "/favicon.ico") response.writeHead(204).end();
  else otherwise();
}

export function sendFile(
  file: string,
  response: ServerResponse,
  type = "application/octet-stream",
): void {
  const { size } = statSync(file);
  response.writeHead(200, { "content-type": type, "content-length": size });
  createReadStream(file).pipe(response);
}
