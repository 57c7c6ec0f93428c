/** Serves what a project built as a strict server would, with the photos and the weights beside it. */
import { statSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { answerInputs, sendFile } from "./photos.js";
import { POLICY, Violations } from "./policy.js";

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
) => void;

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

export class Site {
  readonly #violations = new Violations();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Serves the files of a folder, or what the handler of a project's own server gives. */
  static async open(content: string | Handler): Promise<Site> {
    const server = createServer();
    const site = new Site(server);
    server.on("request", (request, response) => {
      response.setHeader("content-security-policy", POLICY);
      site.#violations.answer(request, response, () => {
        if (typeof content === "string") answerFrom(content, request, response);
        else answerInputs(request, response, () => content(request, response));
      });
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve),
    );
    return site;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What browsers reported of the policy's violations. */
  get violations(): string[] {
    return this.#violations.found;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What the folder does not have itself may be a photo or the weights. */
function answerFrom(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = decodeURIComponent(request.url ?? "/").replace(/\?.*$/, "");
  const file = normalize(join(folder, path === "/" ? "index.html" : path));
  const found =
    file.startsWith(folder + sep) &&
    statSync(file, { throwIfNoEntry: false })?.isFile();
  if (found) {
    sendFile(file, response, TYPES[extname(file)]);
    return;
  }
  answerInputs(request, response, () =>
    response.writeHead(404).end("Not found"),
  );
}
